"""`polybot setup session-key`: lets a second key trade for a deposit wallet, or no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import assert_never

from polybot.accounts.wallet_setup import Patience, SetupStopped, until_final
from polybot.app.accounts import AccountRefused, clob_credentials
from polybot.app.wallets import OpenWallet, open_wallet
from polybot.config.loader import LoadedConfig
from polybot.core.ids import Wallet
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.relayer.desk import RelayerDesk
from polybot.polymarket.relayer.session import SessionKey, SessionKeyChange, SessionKeyDesk, fetch_session_keys
from polybot.polymarket.wallets import checksum
from polybot.ports.wallet import Accepted, Call, Later, Refused, Unknown
from polybot.utils.clock import Clock

_NANO = 1_000_000_000


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
        await self._require_open_region()
        change = desk.revocation(wish.address) if wish.revoke else desk.authorization(wish.address)
        if not wish.agrees(change.call):
            return self._report((), agreed=False, tx=None)
        tx = None
        for look in range(self._patience.looks):
            keys = await self._keys()
            if self._is_done(keys):
                return self._report(keys, agreed=True, tx=tx)
            if tx is None and look == self._patience.tries:
                break
            tx = tx or await self._try(desk, change)
            await self._clock.sleep(self._patience.after(look))
        raise SetupStopped("Polymarket's list of session keys does not show it yet; type the same again later")

    async def _require_open_region(self) -> None:
        if self._wish.revoke:
            return
        geo = await self._wallet.services.geoblock()
        if geo.blocked:
            where = "-".join(part for part in (geo.country, geo.region) if part)
            raise AccountRefused(f"Polymarket restricts trading here ({where}): nothing was signed")

    def _desk(self) -> SessionKeyDesk:
        wallet = self._wallet
        if wallet.account.session_key or wallet.relayer is None or not isinstance(wallet.desk, RelayerDesk):
            raise AccountRefused("session keys are changed by the owner's key of a deposit wallet (signature_type 3)")
        if not (wallet.is_builder or (self._wish.revoke and wallet.can_send)):
            raise AccountRefused(
                "Polymarket's relayer authorises session keys only for a builder key: set its variables"
            )
        return SessionKeyDesk(wallet.relayer, wallet.desk, wallet.signer, wallet.wallet, self._clock)

    async def _try(self, desk: SessionKeyDesk, change: SessionKeyChange) -> str | None:
        """The hash of what did it; None: look again."""
        match await desk.send(change):
            case Accepted(ref):
                tell, patience = self._wish.tell, self._patience
                return await until_final(desk.desk, ref, clock=self._clock, tell=tell, patience=patience)
            case Refused() as refused:
                raise SetupStopped(refused.said)
            case Later(why):
                self._wish.tell(f"waiting: {why}")
            case Unknown(cause):
                self._wish.tell(f"no clear answer ({cause}); looking before trying again")
            case never:
                assert_never(never)
        return None

    async def _keys(self) -> Sequence[SessionKey]:
        wallet = self._wallet
        credentials = await clob_credentials(wallet.services, wallet.signer)
        auth = L2Auth(wallet.signer.address, credentials)
        return await fetch_session_keys(wallet.services.clob_http, auth, self._clock)

    def _is_done(self, keys: Sequence[SessionKey]) -> bool:
        now_s = self._clock.now_ns() // _NANO
        here = [key for key in keys if key.address.lower() == self._wish.address and key.valid_until > now_s]
        return bool(here) is not self._wish.revoke

    def _report(self, keys: Sequence[SessionKey], *, agreed: bool, tx: str | None) -> SessionKeyReport:
        return SessionKeyReport(checksum(self._wallet.wallet), checksum(self._wish.address), agreed, tx, keys)
