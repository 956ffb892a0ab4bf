"""What a live bot makes of its wallet's approvals."""

import structlog.testing

from polybot.app.guards import approval_guard
from polybot.core.ids import Wallet
from polybot.core.money import Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.auth import L2Auth
from polybot.polymarket.contracts import NEG_RISK, POLYGON
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.account import ClobAccount
from polybot.polymarket.rest.clob import ClobClient
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.signing import LocalSigner
from polybot.simulator.desk import OpenedAccount
from polybot.utils.clock import SystemClock
from simulated_venue import Running, running_simulator

KIND = SignatureType.POLY_1271


def opened(venue: Running, *, approve: bool) -> OpenedAccount:
    return venue.simulator.desk.open_account(signature_type=KIND, balance=Usdc.parse("100"), approve=approve)


async def verdicts(venue: Running, account: OpenedAccount, *, looks: int) -> tuple[list[str | None], list[list[str]]]:
    """What the guard says at each look, and the spenders it warns of."""
    clock = SystemClock()
    async with HttpClient(venue.urls.clob, gate=polymarket_gate(clock), clock=clock) as http:
        signer = LocalSigner.from_hex(account.private_key)
        credentials = await ClobClient(http, clock=clock).credentials(signer)
        api = ClobAccount(http, auth=L2Auth(signer.address, credentials), clock=clock)
        guard = approval_guard(api, KIND)
        with structlog.testing.capture_logs() as told:
            said = [await guard.probe() for _ in range(looks)]
    return said, [line["spenders"] for line in told if line["event"] == "approvals.missing"]


async def test_without_any_approval_nothing_is_opened_and_setup_is_named() -> None:
    async with running_simulator() as venue:
        (said,), _ = await verdicts(venue, opened(venue, approve=False), looks=1)
    assert said is not None
    assert "`polybot setup`" in said


async def test_a_single_missing_approval_is_told_once_and_locks_nothing() -> None:
    async with running_simulator() as venue:
        account = opened(venue, approve=True)
        venue.simulator.world.exchange.approve(Wallet(account.wallet.lower()), NEG_RISK[POLYGON].address.lower(), 0)
        await venue.advance(10)
        said, warned = await verdicts(venue, account, looks=2)
    assert said == [None, None]
    assert warned == [["NegRiskCtfExchangeV2 (neg-risk markets)"]]
