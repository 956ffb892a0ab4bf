"""`polybot setup`: what the account is, what it lacks to trade, and doing that once a person has agreed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from polybot.accounts.wallet_setup import (
    Deploy,
    Grant,
    Patience,
    Step,
    StepReport,
    WalletSetup,
    Wrap,
    plan,
    transactions,
    words,
)
from polybot.app.accounts import AccountRefused, clob_credentials
from polybot.app.wallets import OpenWallet, open_wallet
from polybot.config.loader import LoadedConfig
from polybot.core.ids import Wallet
from polybot.core.money import ZERO_USDC, Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket import wallet_calls
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.chain.rpc import RpcError
from polybot.polymarket.contracts import PUSD, contract_name
from polybot.polymarket.errors import RequestFailed
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.wallets import checksum
from polybot.ports.wallet import Approval, Call, Standard
from polybot.utils.clock import Clock

Outcome = Literal["ready", "dry_run", "declined", "restricted", "no_credentials", "owner_only"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What can be known without signing. `pol` is the signing address's, as decimal text."""

    signer: str
    signature_type: int
    wallet: str
    wallet_is_configured: bool
    session_key: bool
    deployed: bool
    pusd: Usdc
    usdc_e: Usdc
    pol: str
    missing_to_trade: tuple[str, ...]
    missing_to_close: tuple[str, ...]
    region: str
    restricted: bool


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """`payloads`: exactly what would be signed, if it was asked for; the nonce counts up with every transaction."""

    words: str
    calls: tuple[Mapping[str, str], ...]
    payloads: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class VenueView:
    """What Polymarket says after it has looked at the chain again. `lacking`: spenders it finds no allowance of."""

    cash: Usdc
    lacking: tuple[str, ...]
    closed_only: bool


@dataclass(frozen=True, slots=True)
class SetupReport:
    outcome: Outcome
    standing: Standing
    plan: tuple[PlannedStep, ...]
    done: tuple[StepReport, ...] = ()
    venue: VenueView | None = None


@dataclass(frozen=True, slots=True)
class SetupOptions:
    """`approve`: further spenders of pUSD. `wrap`: turn all USDC.e into pUSD."""

    wrap: bool = False
    approve: tuple[Wallet, ...] = ()
    dry_run: bool = False
    show_payload: bool = False
    patience: Patience = Patience()


@dataclass(frozen=True, slots=True)
class Person:
    """`agrees` is asked once, after a plan was shown and before any of it is signed; never for a sign-in alone."""

    show: Callable[[SetupReport], None]
    agrees: Callable[[], bool]
    tell: Callable[[str], None]


async def set_up(config: LoadedConfig, options: SetupOptions, person: Person, *, clock: Clock) -> SetupReport:
    """ConfigError, AccountRefused and CannotStart come before anything is signed, SetupStopped after; RequestFailed and
    RpcError where a service does not answer, at any time."""
    async with open_wallet(config, clock) as wallet:
        return await _Setup(wallet, options, clock).run(person)


class _Setup:
    def __init__(self, wallet: OpenWallet, options: SetupOptions, clock: Clock) -> None:
        self._wallet = wallet
        self._options = options
        self._clock = clock

    async def run(self, person: Person) -> SetupReport:
        standing, steps = await self._look()
        planned = tuple([await self._planned(step) for step in steps])
        report = SetupReport("ready", standing, planned)
        person.show(report)
        if outcome := self._hindrance(standing, steps):
            return replace(report, outcome=outcome)
        if steps and not person.agrees():
            return replace(report, outcome="declined")
        setup = WalletSetup(
            self._wallet.desk,
            self._wallet.facts,
            calls_of=self._calls,
            clock=self._clock,
            tell=person.tell,
            patience=self._options.patience,
        )
        done = await setup.carry_out(steps)
        person.tell("asking Polymarket to look at the wallet again")
        return replace(report, done=tuple(done), venue=await self._venue())

    async def _look(self) -> tuple[Standing, list[Step]]:
        wallet, facts = self._wallet, self._wallet.facts
        deployed, balances = await wallet.desk.deployed(), await facts.balances()
        to_trade = await facts.missing(wallet_calls.TRADING)
        to_close = await facts.missing(wallet_calls.CLOSING)
        further = await self._further()
        geo = await wallet.services.geoblock()
        standing = Standing(
            signer=wallet.signer.address,
            signature_type=wallet.account.signature_type.value,
            wallet=checksum(wallet.wallet),
            wallet_is_configured=wallet.is_configured,
            session_key=wallet.account.session_key,
            deployed=deployed,
            pusd=balances.pusd,
            usdc_e=balances.usdc_e,
            pol=str(Usdc(balances.pol_micro)),
            missing_to_trade=tuple(wallet_calls.approve(approval).words for approval in to_trade),
            missing_to_close=tuple(wallet_calls.approve(approval).words for approval in to_close),
            region="-".join(part for part in (geo.country, geo.region) if part) or "unknown",
            restricted=geo.blocked,
        )
        if not deployed:
            self._require_deployable(standing.wallet)
        wrap = balances.usdc_e if self._options.wrap else ZERO_USDC
        at_once = wallet.desk.calls_at_once
        return standing, plan(
            deployed=deployed, needed=to_trade, useful=to_close, further=further, wrap=wrap, at_once=at_once
        )

    async def _further(self) -> Sequence[Approval]:
        """What a person named, if it is missing. A key could take everything at once; a contract can be read."""
        for spender in self._options.approve:
            if not await self._wallet.facts.is_contract(spender):
                raise AccountRefused(f"--approve {checksum(spender)}: there is no contract at this address on Polygon")
        known = {approval.spender.lower() for approval in wallet_calls.TRADING if approval.token == PUSD}
        spenders = sorted({spender.lower() for spender in self._options.approve} - known)
        return await self._wallet.facts.missing(Approval(Standard.ERC20, PUSD, spender) for spender in spenders)

    def _require_deployable(self, wallet: str) -> None:
        if self._wallet.account.signature_type is not SignatureType.POLY_1271:
            raise AccountRefused(
                f"the wallet {wallet} does not exist on chain yet, and only polymarket.com makes wallets of its kind; "
                "log in there once with this account, or set signature_type 3 for a deposit wallet"
            )
        if not self._wallet.can_deploy:
            raise AccountRefused(
                f"your_account.proxy_wallet {wallet} does not exist on chain, and Polymarket makes no more wallets of "
                "that form; remove it from accounts.yaml to get one of today's"
            )

    def _hindrance(self, standing: Standing, steps: Sequence[Step]) -> Outcome | None:
        """Why nothing is signed now."""
        if standing.restricted:
            return "restricted"
        if self._options.dry_run:
            return "dry_run"
        if steps and standing.session_key:
            return "owner_only"
        if steps and not self._wallet.can_send:
            return "no_credentials"
        return None

    async def _planned(self, step: Step) -> PlannedStep:
        calls = self._calls(step)
        payloads: list[Mapping[str, object]] = []
        if self._options.show_payload:
            payloads = [await self._payload(part) for part in transactions(calls, self._wallet.desk.calls_at_once)]
        return PlannedStep(words(step), tuple(map(_shown, calls)), tuple(payloads))

    async def _payload(self, calls: Sequence[Call]) -> Mapping[str, object]:
        if not calls:
            return {"note": "a request to the relayer; nothing is signed with your key"}
        try:
            return await self._wallet.desk.preview(calls)
        except (RequestFailed, RpcError) as failed:
            return {"note": f"cannot be shown before it is due ({failed})"}

    def _calls(self, step: Step) -> Sequence[Call]:
        match step:
            case Deploy():
                return ()
            case Grant(approvals):
                return tuple(map(wallet_calls.approve, approvals))
            case Wrap(amount):
                return wallet_calls.wrap(self._wallet.wallet, amount)

    async def _venue(self) -> VenueView:
        """Signs in (which moves nothing) and has the venue read the chain again: it answers from a cache."""
        wallet, kind = self._wallet, self._wallet.account.signature_type
        credentials = await clob_credentials(wallet.services, wallet.signer)
        api = ClobAccount(wallet.services.clob_http, auth=L2Auth(wallet.signer.address, credentials), clock=self._clock)
        await api.refresh_collateral(kind)
        seen = await api.collateral(kind)
        lacking = tuple(checksum(spender) for spender, amount in seen.allowances.items() if not amount.strip("0"))
        return VenueView(Usdc(int(seen.balance)), lacking, await api.closed_only())


def _shown(call: Call) -> Mapping[str, str]:
    return {
        "words": call.words,
        "target": call.target,
        "contract": contract_name(call.target) or "unknown",
        "value": str(call.value),
        "data": "0x" + call.data.hex(),
    }
