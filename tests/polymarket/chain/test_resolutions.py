"""How markets ended, read at the simulated node."""

import pytest

from polybot.core.ids import ConditionId, TokenId
from polybot.polymarket.chain.moves import MoveKind
from polybot.polymarket.chain.reader import ChainReader
from polybot.polymarket.chain.rpc import RpcClient
from polybot.polymarket.limits import polymarket_gate
from polybot.polymarket.rest.http import HttpClient
from polybot.utils.clock import SystemClock
from simulated_venue import NEG_RISK, V1, V2, running_simulator


@pytest.mark.parametrize(("winner", "shares_of_payout"), [(0, [1, 0]), (1, [0, 1]), (None, [1, 1])])
async def test_each_market_ends_once_with_its_payouts(winner: int | None, shares_of_payout: list[int]) -> None:
    clock = SystemClock()
    async with (
        running_simulator() as venue,
        HttpClient(venue.urls.rpc, gate=polymarket_gate(clock), clock=clock) as http,
    ):
        rpc = RpcClient(http)
        reader, first = ChainReader(rpc, span_blocks=7), await rpc.block_number()
        exchange = venue.simulator.world.exchange
        ended: list[ConditionId] = [V1, NEG_RISK, V2]
        assert await reader.resolutions(ended, first=first, last=first) == []
        for condition in ended:
            token = None if winner is None else TokenId(venue.market(condition).outcomes[winner].token)
            exchange.resolve(condition, winner=token)
        await venue.advance(10)
        last = await rpc.block_number()
        found = await reader.resolutions(ended, first=first, last=last)
        assert sorted((move.kind, move.condition) for move in found) == [
            (MoveKind.RESOLVE, one) for one in sorted(ended)
        ]
        for move in found:
            unit = max(move.payouts)
            assert [payout // unit for payout in move.payouts] == shares_of_payout
        [only] = await reader.resolutions([V2], first=first, last=last)
        assert only.condition == V2
