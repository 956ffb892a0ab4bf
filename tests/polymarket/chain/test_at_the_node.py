"""Our reader and the simulated node: what a wallet did is read as it happened."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

import pytest

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.core.orders import SignatureType
from polybot.polymarket.chain.fills import ChainFill
from polybot.polymarket.chain.moves import ChainMove, MoveKind
from polybot.polymarket.chain.reader import ChainReader
from polybot.polymarket.chain.rpc import RpcClient, RpcError
from polybot.polymarket.chain.stream import (
    ChainEvent,
    ChainStream,
    FillMined,
    FillPending,
    FillWithdrawn,
    NewHead,
)
from polybot.polymarket.contracts import NEG_RISK as NEG_RISK_EXCHANGE
from polybot.polymarket.contracts import POLYGON, STANDARD, V3, exchange_for
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.http import HttpClient
from polybot.polymarket.streams.user import Reconnected
from polybot.simulator.desk import OpenedAccount
from polybot.utils.clock import SystemClock
from polybot.utils.supervisor import Supervisor, TaskReport
from simulated_venue import NEG_RISK, V1, V2, Running, running_simulator

E = TypeVar("E", bound=ChainEvent)
MARKETS = {V1: STANDARD, NEG_RISK: NEG_RISK_EXCHANGE, V2: V3}


@dataclass
class Scene:
    venue: Running
    rpc: RpcClient
    reader: ChainReader
    ann: OpenedAccount
    first: int

    @property
    def wallet(self) -> Wallet:
        return Wallet(self.ann.wallet.lower())

    def trade(self, condition: ConditionId, *, amount: str = "20", side: Side = Side.BUY) -> None:
        token = TokenId(self.venue.market(condition).outcomes[0].token)
        worth = {"amount": Usdc.parse(amount)} if side is Side.BUY else {"size": Shares.parse(amount)}
        self.venue.simulator.desk.trade(trader=self.ann.wallet, token=token, side=side, **worth)

    async def fills(self) -> list[ChainFill]:
        return await self.reader.fills([self.wallet], first=self.first, last=await self.rpc.block_number())

    async def moves(self) -> list[ChainMove]:
        return await self.reader.moves([self.wallet], first=self.first, last=await self.rpc.block_number())


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with running_simulator() as venue, _client(venue) as rpc:
        desk = venue.simulator.desk
        ann = desk.open_account(signature_type=SignatureType.POLY_1271, balance=Usdc.parse("1000"), name="ann")
        yield Scene(venue, rpc, ChainReader(rpc, span_blocks=7), ann, await rpc.block_number())


@asynccontextmanager
async def _client(venue: Running) -> AsyncIterator[RpcClient]:
    clock = SystemClock()
    async with HttpClient(venue.urls.rpc, gate=polymarket_gate(clock), clock=clock) as http:
        yield RpcClient(http)


@pytest.mark.parametrize("condition", list(MARKETS))
async def test_a_taker_fill_is_read_as_the_exchange_booked_it(scene: Scene, condition: ConditionId) -> None:
    scene.trade(condition)
    await scene.venue.advance(10)
    (fill,) = await scene.fills()
    (true,) = [fill for fill in scene.venue.simulator.world.exchange.ledger().fills if fill.wallet == scene.wallet]
    assert (fill.token, fill.side, fill.shares, fill.usdc, fill.fee) == (
        true.token, true.side, true.shares, true.usdc, true.fee,
    )  # fmt: skip
    assert fill.taker
    assert fill.exchange == exchange_for(fill.token, neg_risk=condition == NEG_RISK).address.lower()
    assert fill.exchange == MARKETS[condition][POLYGON].address.lower()
    everyone = await scene.reader.match(fill.tx)
    assert sum(part.shares.micro for part in everyone if not part.taker) == fill.shares.micro
    assert everyone[-1] == fill


async def test_a_sale_pays_its_fee_out_of_the_proceeds(scene: Scene) -> None:
    scene.trade(V1)
    scene.trade(V1, amount="10", side=Side.SELL)
    await scene.venue.advance(10)
    _, sold = await scene.fills()
    assert (sold.side, sold.shares, bool(sold.fee)) == (Side.SELL, Shares.parse("10"), True)


async def test_splits_merges_and_redemptions_are_the_wallets(scene: Scene) -> None:
    exchange = scene.venue.simulator.world.exchange
    for condition in (V1, NEG_RISK, V2):
        exchange.split(scene.wallet, condition, Shares.parse("30"))
        exchange.merge(scene.wallet, condition, Shares.parse("10"))
        await scene.venue.advance(3)
        exchange.resolve(condition, winner=TokenId(scene.venue.market(condition).outcomes[0].token))
        await scene.venue.advance(60)
        found = [move for move in await scene.moves() if move.condition[:64] == condition[:64]]
        assert [move.kind for move in found][:2] == [MoveKind.SPLIT, MoveKind.MERGE], condition
        assert [move.shares for move in found][:2] == [Shares.parse("30"), Shares.parse("10")]
        redeemed = [move for move in found if move.kind is MoveKind.REDEEM]
        assert sum(Decimal(str(move.usdc)) for move in redeemed) == 20, (condition, redeemed)
        assert {move.wallet for move in found} == {scene.wallet}


async def test_a_range_that_the_node_refuses_is_halved(scene: Scene) -> None:
    scene.trade(V1)
    await scene.venue.advance(60)
    scene.venue.simulator.chain.provider.range_blocks = 2
    assert len(await scene.fills()) == 1


async def test_pruned_history_is_an_error_and_no_empty_answer(scene: Scene) -> None:
    await scene.venue.advance(60)
    scene.venue.simulator.chain.provider.history_blocks = 5
    with pytest.raises(RpcError):
        await scene.fills()


async def test_the_stream_tells_pending_mined_and_withdrawn(scene: Scene) -> None:
    scene.venue.simulator.chain.provider.unseen_ratio = 0.0
    async with _listening(scene) as told:
        assert isinstance(await told.get(), Reconnected)
        await _advance_until(scene, told, NewHead)
        scene.trade(V1)
        pending = await _advance_until(scene, told, FillPending)
        mined = await _advance_until(scene, told, FillMined)
        scene.venue.simulator.chain.reorg(4)
        withdrawn = await _advance_until(scene, told, FillWithdrawn)
        again = await _advance_until(scene, told, FillMined)
    assert pending.fill.shares == mined.fill.shares
    assert pending.fill.tx == mined.fill.tx == withdrawn.fill.tx == again.fill.tx
    assert again.fill.block_hash != mined.fill.block_hash


async def test_what_a_deaf_subscription_missed_is_found_by_asking(scene: Scene) -> None:
    scene.venue.simulator.chain.provider.withheld_ratio = 1.0
    async with _listening(scene) as told:
        scene.trade(V1)
        for _ in range(4):
            await _advance_until(scene, told, NewHead)
        assert len(await scene.fills()) == 1
        assert not any(isinstance(told.get_nowait(), FillMined) for _ in range(told.qsize()))


@asynccontextmanager
async def _listening(scene: Scene) -> AsyncIterator[asyncio.Queue[ChainEvent]]:
    stream = ChainStream(scene.venue.urls.ws_rpc, wallets=[scene.wallet], clock=SystemClock(), pending=True)
    told, failures = asyncio.Queue[ChainEvent](), list[TaskReport]()
    tasks = Supervisor(clock=SystemClock(), report=failures.append)

    async def listen() -> None:
        async for event in stream.events():
            told.put_nowait(event)

    tasks.critical("chain", stream.run)
    tasks.critical("listener", listen)
    try:
        async with asyncio.timeout(20):
            yield told
    finally:
        await tasks.stop()
    assert not failures


async def _advance_until(scene: Scene, told: asyncio.Queue[ChainEvent], wanted: type[E]) -> E:
    """The venue's clock goes on, block by block, until the stream says it."""
    while True:
        try:
            async with asyncio.timeout(0.1):
                event = await told.get()
        except TimeoutError:
            await scene.venue.advance(1.5)
            continue
        if isinstance(event, wanted):
            return event
