"""A recorded session of August 2026, match for match: the chain shows its rows, the makers' as many as the taker's."""

import json
from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from node_at_work import AtWork

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import MarketVersion, Outcome, Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.fills import settled_fills
from polybot.polymarket.chain.rpc import Log
from polybot.simulator.engine.model import Print
from simulated_venue import make_market


def transactions(shared: Path) -> dict[str, list[dict[str, Any]]]:
    """Rows by transaction, in the order of the recording."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in json.loads((shared / "samples/derived/copy_session_2026-08-19.json").read_text())["events"]:
        found[row["tx_hash"]].append(row)
    return found


def list_markets(work: AtWork, rows: list[dict[str, Any]]) -> None:
    tokens: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        tokens[row["market_id"]][row["token_id"]] = None
    for number, (condition, seen) in enumerate(tokens.items()):
        unseen = TokenId(str((number + 1) << 200 | 1 << 90))
        first, second = (*map(TokenId, seen), unseen)[:2]
        plain = make_market(ConditionId(condition), neg_risk=False, version=MarketVersion.V1)
        work.exchange.list_market(replace(plain, outcomes=(Outcome(first, "Up"), Outcome(second, "Down"))))


def printed(row: dict[str, Any]) -> Print:
    shares = Shares.parse(str(row["size"]))
    usdc = Usdc(round(Decimal(str(row["price"])) * shares.micro))
    return Print(Wallet(row["trader"]), TokenId(row["token_id"]), Side(row["side"]), shares, usdc)


def test_every_recorded_match_is_told_row_for_row(shared: Path) -> None:
    """One of them was recorded without its other side and is left out."""
    recorded = {tx: rows for tx, rows in transactions(shared).items() if len(rows) > 1}
    work = AtWork()
    list_markets(work, [row for rows in recorded.values() for row in rows])
    for tx, rows in recorded.items():
        work.exchange.print_fills([printed(row) for row in rows], tx=tx)
    work.advance(3)
    for tx, rows in recorded.items():
        logs = work.ask("eth_getTransactionReceipt", tx)["logs"]
        fills = settled_fills([msgspec.convert(log, Log) for log in logs])
        assert Counter((fill.wallet, fill.side, fill.token, fill.shares) for fill in fills) == Counter(
            (Wallet(row["trader"]), Side(row["side"]), TokenId(row["token_id"]), Shares.parse(str(row["size"])))
            for row in rows
        )
        assert [fill.wallet for fill in fills if fill.taker] == [rows[0]["trader"]]
    assert len(recorded) == 48
    for taker, *makers in recorded.values():
        assert Decimal(str(taker["size"])) == sum(Decimal(str(row["size"])) for row in makers)
