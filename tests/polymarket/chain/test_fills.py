"""OrderFilled of recorded transactions and made-up ones, read per wallet."""

from pathlib import Path

import msgspec
import pytest
from logs import filled

from polybot.core.market import Side
from polybot.core.money import Price, Shares, Usdc
from polybot.polymarket.chain.events import EXCHANGES, ORDER_FILLED
from polybot.polymarket.chain.fills import ChainFill, decode_fill, settled_fills
from polybot.polymarket.chain.rpc import Log

ANN, BOB, EVE = (f"0x{digit * 40}" for digit in "abe")
STANDARD = EXCHANGES[0]


class Recorded(msgspec.Struct):
    class Decoded(msgspec.Struct):
        wallet: str
        side: str
        shares: str
        usd: str
        price: str
        fee: str

    class RecordedLog(msgspec.Struct, rename="camel"):
        topics: list[str]
        data: str
        transaction_hash: str
        block_number: str

    logs: list[RecordedLog]
    decoded: list[Decoded]


def one(log: Log) -> ChainFill:
    fill = decode_fill(log)
    assert fill is not None
    return fill


def test_a_recorded_match_reads_as_its_recorder_read_it(shared: Path) -> None:
    recorded = msgspec.json.decode((shared / "samples/polygon/order_filled_v2_rn1.json").read_bytes(), type=Recorded)
    for raw, told in zip(recorded.logs, recorded.decoded, strict=True):
        fill = one(Log(STANDARD, raw.topics, raw.data, raw.block_number, raw.transaction_hash, "0x1"))
        assert (fill.wallet, fill.side, str(fill.shares), str(fill.usdc), str(fill.price), str(fill.fee)) == (
            told.wallet, told.side, told.shares, told.usd, told.price, told.fee,
        )  # fmt: skip


def test_topics_are_those_of_the_recorded_list(shared: Path) -> None:
    topics = msgspec.json.decode((shared / "samples/vectors/topic0.json").read_bytes(), type=dict[str, str])
    assert ORDER_FILLED in topics.values()


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_the_takers_row_names_the_exchange_as_its_counterparty(exchange: str) -> None:
    taker = one(filled(exchange, maker=ANN, taker=exchange, side=0, token=7, gave=620_000, got=1_000_000, fee=14_500))
    maker = one(filled(exchange, maker=BOB, taker=ANN, side=1, token=7, gave=1_000_000, got=620_000))
    assert (taker.taker, taker.wallet, taker.side, taker.usdc, taker.fee) == (
        True, ANN, Side.BUY, Usdc.parse("0.62"), Usdc.parse("0.0145"),
    )  # fmt: skip
    assert (maker.taker, maker.wallet, maker.side, maker.shares, maker.counterparty) == (
        False, BOB, Side.SELL, Shares.parse("1"), ANN,
    )  # fmt: skip


def test_other_events_and_other_contracts_are_no_fills() -> None:
    assert decode_fill(filled(ANN, maker=ANN, taker=BOB, side=0, token=7, gave=1, got=1)) is None
    assert decode_fill(Log(STANDARD, ["0x" + "55" * 32, "0x0"], "0x", "0x1", "0x1", "0x0")) is None
    assert decode_fill(Log(STANDARD, [], "0x", "0x1", "0x1", "0x0")) is None


@pytest.mark.parametrize(
    ("topics", "data", "said"),
    [
        ([ORDER_FILLED], "0x", "1 topics"),
        ([ORDER_FILLED, "0x1", "0x2", "0x3"], "0x" + "00" * 32, "1 words"),
        ([ORDER_FILLED, "0x1", "0x2", "0x3"], "0x" + "00" * 224, "gave 0"),
        ([ORDER_FILLED, "0x1", "0x2", "0x3"], "0x" + f"{1:064x}" * 7, "not 32 bytes"),
    ],
)  # fmt: skip
def test_a_malformed_fill_says_what_is_wrong(topics: list[str], data: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        decode_fill(Log(STANDARD, topics, data, "0x1", "0x1", "0x0"))


def test_a_minting_taker_paid_what_its_makers_left_of_the_pair() -> None:
    """The exchange pulled 0.62 a share and refunded what the maker's 0.40 made superfluous."""
    logs = [
        filled(STANDARD, maker=BOB, taker=ANN, side=0, token=8, gave=4_000_000, got=10_000_000, index=1),
        filled(STANDARD, maker=ANN, taker=STANDARD, side=0, token=7, gave=6_200_000, got=10_000_000, index=2),
    ]
    maker, taker = settled_fills(logs)
    assert (maker.usdc, taker.usdc, taker.price) == (Usdc.parse("4"), Usdc.parse("6"), Price.parse("0.6"))


def test_a_mixed_match_sums_sellers_and_minters() -> None:
    logs = [
        filled(STANDARD, maker=BOB, taker=ANN, side=0, token=8, gave=4_000_000, got=10_000_000),
        filled(STANDARD, maker=EVE, taker=ANN, side=1, token=7, gave=5_000_000, got=3_000_000),
        filled(STANDARD, maker=ANN, taker=STANDARD, side=0, token=7, gave=9_300_000, got=15_000_000),
    ]
    assert settled_fills(logs)[-1].usdc == Usdc.parse("9")


def test_without_all_makers_the_takers_word_stands() -> None:
    logs = [filled(STANDARD, maker=ANN, taker=STANDARD, side=0, token=7, gave=6_200_000, got=10_000_000)]
    assert settled_fills(logs)[0].usdc == Usdc.parse("6.2")
