"""Recorded transactions of August 2026, printed as fills: the chain shows the rows they were."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from node_at_work import AtWork

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import MarketVersion, Outcome, Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.fills import settled_fills
from polybot.polymarket.chain.rpc import Log
from polybot.simulator.engine.model import Print
from simulated_venue import make_market

VECTORS = ("identical_fills", "mint_match", "mixed_mint_and_complementary", "same_wallet_two_fills")
OTHER = TokenId(str(7 << 200 | 1 << 90))


@pytest.mark.parametrize("vector", VECTORS)
def test_every_recorded_row_is_one_order_filled(vector: str, shared: Path) -> None:
    rows = json.loads((shared / f"samples/vectors/{vector}_one_tx.json").read_text())["rows"]
    work = AtWork()
    tx = rows[0]["tx_hash"]
    _list_market(work, rows)
    work.exchange.print_fills([_print(row) for row in rows], tx=tx)
    work.advance(1.5)
    receipt = work.ask("eth_getTransactionReceipt", tx)
    fills = settled_fills([msgspec.convert(log, Log) for log in receipt["logs"]])
    assert Counter((fill.wallet, fill.side, fill.token, fill.shares) for fill in fills) == Counter(
        (Wallet(row["trader"]), Side(row["side"]), TokenId(row["token_id"]), Shares.parse(str(row["size"])))
        for row in rows
    )
    assert [fill.wallet for fill in fills if fill.taker] == [rows[0]["trader"]]
    assert len({fill.order for fill in fills}) == len({fill.log_index for fill in fills}) == len(rows)
    assert all(later.log_index > earlier.log_index for earlier, later in pairwise(fills))


def _list_market(work: AtWork, rows: list[dict[str, Any]]) -> None:
    condition = ConditionId(rows[0]["market_id"])
    tokens = [TokenId(token) for token in dict.fromkeys(row["token_id"] for row in rows)]
    first, second = (*tokens, OTHER)[:2]
    plain = make_market(condition, neg_risk=False, version=MarketVersion.V1)
    work.exchange.list_market(replace(plain, outcomes=(Outcome(first, "Yes"), Outcome(second, "No"))))


def _print(row: dict[str, Any]) -> Print:
    shares = Shares.parse(str(row["size"]))
    usdc = Usdc(round(Decimal(str(row["price"])) * shares.micro))
    return Print(Wallet(row["trader"]), TokenId(row["token_id"]), Side(row["side"]), shares, usdc)
