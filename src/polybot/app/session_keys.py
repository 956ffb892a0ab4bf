"""`polybot setup session-key`: lets a second key trade for a deposit wallet, or no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from polybot.accounts.wallet_setup import Patience, SetupStopped, until_final
from polybot.app.accounts import AccountRefused, clob_credentials
from polybot.app.wallets import OpenWallet, open_wallet
from polybot.config.loader import LoadedConfig
from polybot.core.ids import Wallet
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.relayer.desk import RelayerDesk
from polybot.polymarket.relayer.session import SessionKey, SessionKeyDesk, fetch_session_keys
from polybot.polymarket.wallet_calls import revoke_session_key
from polybot.polymarket.wallets import checksum
from polybot.ports.wallet import Accepted, Call, Later, Refused, Submission
from polybot.utils.clock import Clock


@dataclass(frozen=True, slots=True)
class SessionKeyWish:
    """`agrees` is asked once with the call that would be signed."""

    address: Wallet
    revoke: bool
    agrees: Callable[[Call], bool]
    tell: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class SessionKeyReport:
    """`keys`: all that Polymarket knows of the wallet afterwards. `tx` None: not agreed, or it was so already."""

    wallet: str
    address: str
    agreed: bool
    tx: str | None
    keys: Sequence[SessionKey]


async def change_session_key(config: LoadedConfig, wish: SessionKeyWish, *, clock: Clock) -> SessionKeyReport:
    """AccountRefused if this account cannot; SetupStopped, RequestFailed."""
    async with open_wallet(config, clock) as wallet:
        return await _Change(wallet, wish, clock).run()


class _Change:
    def __init__(self, wallet: OpenWallet, wish: SessionKeyWish, clock: Clock) -> None:
        self._wallet = wallet
        self._wish = wish
        self._clock = clock
        self._patience = Patience()

    async def run(self) -> SessionKeyReport:
        desk, wish = self._desk(), self._wish
        call = revoke_session_key(desk.wallet, wish.address) if wish.revoke else desk.authorization(wish.address)[0]
        if not wish.agrees(call):
            return self._report((), agreed=False, tx=None)
        keys = await self._keys()
        if self._is_done(keys):
            return self._report(keys, agreed=True, tx=None)
        tx = await self._send(desk)
        for look in range(self._patience.looks):
            keys = await self._keys()
            if self._is_done(keys):
                return self._report(keys, agreed=True, tx=tx)
            await self._clock.sleep(self._patience.after(look))
        raise SetupStopped("the transaction is done, but Polymarket's list of session keys does not show it yet")

    def _desk(self) -> SessionKeyDesk:
        wallet = self._wallet
        if wallet.account.session_key or wallet.relayer is None or not isinstance(wallet.desk, RelayerDesk):
            raise AccountRefused("session keys are changed by the owner's key of a deposit wallet (signature_type 3)")
        if not (wallet.is_builder or (self._wish.revoke and wallet.can_send)):
            raise AccountRefused(
                "Polymarket's relayer authorises session keys only for a builder key: set its variables"
            )
        return SessionKeyDesk(wallet.relayer, wallet.desk, wallet.signer, wallet.wallet, self._clock)

    async def _send(self, desk: SessionKeyDesk) -> str:
        for look in range(self._patience.tries):
            answer: Submission = await (
                desk.revoke(self._wish.address) if self._wish.revoke else desk.authorize(self._wish.address)
            )
            if isinstance(answer, Accepted):
                return await until_final(
                    desk.desk, answer.ref, clock=self._clock, tell=self._wish.tell, patience=self._patience
                )
            if isinstance(answer, Refused):
                raise SetupStopped(f"{answer.detail}; {answer.remedy}")
            self._wish.tell(f"waiting: {answer.why if isinstance(answer, Later) else answer.cause}")
            await self._clock.sleep(self._patience.after(look))
        raise SetupStopped("no answer settled it; look at `polybot setup session-key` again later")

    async def _keys(self) -> Sequence[SessionKey]:
        wallet = self._wallet
        credentials = await clob_credentials(wallet.services, wallet.signer)
        auth = L2Auth(wallet.signer.address, credentials)
        return await fetch_session_keys(wallet.services.clob_http, auth, self._clock)

    def _is_done(self, keys: Sequence[SessionKey]) -> bool:
        return any(key.address.lower() == self._wish.address for key in keys) is not self._wish.revoke

    def _report(self, keys: Sequence[SessionKey], *, agreed: bool, tx: str | None) -> SessionKeyReport:
        return SessionKeyReport(checksum(self._wallet.wallet), checksum(self._wish.address), agreed, tx, keys)
