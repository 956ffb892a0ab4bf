"""matchOrders calldata, encoded by eth_abi, read back by hand."""

from collections.abc import Sequence

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from polybot.core.market import Side
from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.events import EXCHANGES
from polybot.polymarket.chain.pending import PendingTransaction, decode_match

ORDER = "(uint256,address,address,uint256,uint256,uint256,uint8,uint8,uint256,bytes32,bytes32,bytes)"
V2 = ["bytes32", ORDER, f"{ORDER}[]", "uint256", "uint256[]", "uint256", "uint256[]"]
V3 = [ORDER, f"{ORDER}[]", "uint256[]", "uint256[]", "(uint256,uint256,uint256)"]
TX = "0x" + "ab" * 32
Order = tuple[object, ...]


def order(wallet: int, *, token: int, making: int, taking: int, side: int, signature: bytes = b"\x01" * 65) -> Order:
    address = f"0x{wallet:040x}"
    return (1, address, address, token, making, taking, side, 3, 1_795_000_000_000, bytes(32), bytes(32), signature)


def v2(
    taker: Order, makers: Sequence[Order], fills: Sequence[int], *, exchange: str = EXCHANGES[0]
) -> PendingTransaction:
    values = [b"\x22" * 32, taker, list(makers), sum(fills), list(fills), 7, [0] * len(fills)]
    return PendingTransaction(TX, "0x3c2b4399" + encode(V2, values).hex(), EXCHANGES[0])


def v3(taker: Order, makers: Sequence[Order], fills: Sequence[int]) -> PendingTransaction:
    values = [taker, list(makers), list(fills), [0] * len(fills), (5, 6, 7)]
    return PendingTransaction(TX, "0x0fb25ba4" + encode(V3, values).hex(), EXCHANGES[2])


BUYER = order(0xA, token=7, making=9_300_000, taking=15_000_000, side=0)
MINTER = order(0xB, token=8, making=4_000_000, taking=10_000_000, side=0)
SELLER = order(0xC, token=7, making=5_000_000, taking=3_000_000, side=1, signature=b"\x01" * 317)


@pytest.mark.parametrize("match", [v2, v3])
def test_a_mixed_match_is_read_for_everyone(match: object) -> None:
    assert callable(match)
    fills = decode_match(match(BUYER, [MINTER, SELLER], [4_000_000, 5_000_000]))
    assert [(fill.wallet[-1], fill.taker, fill.side, str(fill.shares), str(fill.usdc)) for fill in fills] == [
        ("b", False, Side.BUY, "10", "4"),
        ("c", False, Side.SELL, "5", "3"),
        ("a", True, Side.BUY, "15", "9"),
    ]
    assert {fill.tx for fill in fills} == {TX}


@given(st.lists(st.tuples(st.integers(1, 10**12), st.integers(1, 10**12), st.integers(0, 1)), min_size=1, max_size=6))
def test_the_takers_shares_are_the_sum_of_its_makers(amounts: list[tuple[int, int, int]]) -> None:
    makers = [
        order(i, token=7, making=making, taking=taking, side=side)
        for i, (making, taking, side) in enumerate(amounts, 1)
    ]
    *parts, taker = decode_match(v2(BUYER, makers, [making for making, _, _ in amounts]))
    assert taker.shares == Shares(sum(part.shares.micro for part in parts))
    assert [part.usdc for part in parts] == [Usdc(taking if side else making) for making, taking, side in amounts]


def test_other_transactions_are_no_matches() -> None:
    sent = v2(BUYER, [SELLER], [5_000_000])
    assert decode_match(PendingTransaction(TX, sent.input, "0x" + "12" * 20)) == []
    assert decode_match(PendingTransaction(TX, "0xa9059cbb", EXCHANGES[0])) == []
    assert decode_match(PendingTransaction(TX, "0x60", None)) == []


@given(st.integers(0, 2000))
def test_cut_calldata_is_refused_and_never_misread(length: int) -> None:
    whole = v2(BUYER, [MINTER, SELLER], [4_000_000, 5_000_000])
    cut = PendingTransaction(TX, whole.input[: 10 + length], whole.to)
    try:
        read = decode_match(cut)
    except ValueError:
        return
    assert read == decode_match(whole)
