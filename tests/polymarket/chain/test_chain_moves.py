"""Splits, merges, redemptions, conversions and resolutions, and whose they were."""

import pytest
from logs import log

from polybot.core.money import Shares, Usdc
from polybot.polymarket.chain.attribution import settled_moves
from polybot.polymarket.chain.moves import ChainMove, MoveKind, decode_move
from polybot.polymarket.chain.rpc import Log
from polybot.polymarket.contracts import (
    BINARY_MODULE,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_ADAPTER,
    POLYGON,
    POSITION_MANAGER,
    PUSD,
    ROUTER,
    STANDARD,
)

ANN = "0x" + "a" * 40
CONDITION = "0x" + "33" * 32
NOBODY = "0x" + "0" * 40
EXCHANGE = STANDARD[POLYGON].address
PAIR_TYPES = ["address", "uint256[]", "uint256"]
AMOUNT = 25_000_000


def ctf(signature: str, who: str) -> Log:
    return log(
        CONDITIONAL_TOKENS,
        signature,
        indexed=[who, 0, CONDITION],
        types=PAIR_TYPES,
        values=[PUSD, [1, 2], AMOUNT],
    )


CTF_SPLIT = "PositionSplit(address,address,bytes32,bytes32,uint256[],uint256)"
CTF_MERGE = "PositionsMerge(address,address,bytes32,bytes32,uint256[],uint256)"


def moved(sender: str, recipient: str) -> Log:
    return log(
        CONDITIONAL_TOKENS,
        "TransferBatch(address,address,address,uint256[],uint256[])",
        indexed=[COLLATERAL_ADAPTER, sender, recipient],
        types=["uint256[]", "uint256[]"],
        values=[[7, 8], [AMOUNT, AMOUNT]],
    )


def one(entry: Log) -> ChainMove:
    move = decode_move(entry)
    assert move is not None
    return move


@pytest.mark.parametrize(("signature", "kind"), [(CTF_SPLIT, MoveKind.SPLIT), (CTF_MERGE, MoveKind.MERGE)])
def test_pairs_of_conditional_tokens(signature: str, kind: MoveKind) -> None:
    move = one(ctf(signature, ANN))
    assert (move.kind, move.wallet, move.condition, move.shares) == (kind, ANN, CONDITION, Shares(AMOUNT))


def test_redemption_and_resolution_of_conditional_tokens() -> None:
    redemption = log(
        CONDITIONAL_TOKENS,
        "PayoutRedemption(address,address,bytes32,bytes32,uint256[],uint256)",
        indexed=[ANN, PUSD, 0],
        types=["bytes32", "uint256[]", "uint256"],
        values=[bytes.fromhex(CONDITION[2:]), [1, 2], AMOUNT],
    )
    assert (one(redemption).condition, one(redemption).usdc) == (CONDITION, Usdc(AMOUNT))
    resolution = log(
        CONDITIONAL_TOKENS,
        "ConditionResolution(bytes32,address,bytes32,uint256,uint256[])",
        indexed=[CONDITION, ANN, CONDITION],
        types=["uint256", "uint256[]"],
        values=[2, [1, 0]],
    )
    assert (one(resolution).kind, one(resolution).payouts, one(resolution).wallet) == (MoveKind.RESOLVE, (1, 0), "")


def test_the_neg_risk_adapters_own_events() -> None:
    split = log(
        NEG_RISK_ADAPTER,
        "PositionSplit(address,bytes32,uint256)",
        indexed=[ANN, CONDITION],
        types=["uint256"],
        values=[AMOUNT],
    )
    assert (one(split).kind, one(split).wallet, one(split).shares) == (MoveKind.SPLIT, ANN, Shares(AMOUNT))
    conversion = log(
        NEG_RISK_ADAPTER,
        "PositionsConverted(address,bytes32,uint256,uint256)",
        indexed=[ANN, CONDITION, 5],
        types=["uint256"],
        values=[AMOUNT],
    )
    move = one(conversion)
    assert (move.kind, move.group, move.index_set, move.shares) == (MoveKind.CONVERT, CONDITION, 5, Shares(AMOUNT))
    redemption = log(
        NEG_RISK_ADAPTER,
        "PayoutRedemption(address,bytes32,uint256[],uint256)",
        indexed=[ANN, CONDITION],
        types=["uint256[]", "uint256"],
        values=[[AMOUNT, 0], AMOUNT],
    )
    assert one(redemption).usdc == Usdc(AMOUNT)


def test_protocol_v2_events() -> None:
    condition = "0x" + "01" + "44" * 30 + "00"
    for initiator, whose in ((ROUTER, ANN), (EXCHANGE, EXCHANGE.lower())):
        split = log(
            BINARY_MODULE,
            "PositionsSplit(address,bytes31,address,address,uint256)",
            indexed=[initiator, condition, ANN],
            types=["address", "uint256"],
            values=[ANN, AMOUNT],
        )
        assert (one(split).wallet, one(split).condition, one(split).shares) == (whose, condition, Shares(AMOUNT))
    token = int(condition, 16) | 1
    redeemed = log(
        BINARY_MODULE,
        "PositionRedeemed(address,uint256,address,uint256,uint256)",
        indexed=[POSITION_MANAGER, token, ANN],
        types=["uint256", "uint256"],
        values=[AMOUNT, AMOUNT // 2],
    )
    move = one(redeemed)
    assert (move.wallet, move.token, move.condition) == (ANN, str(token), condition)
    assert (move.shares, move.usdc) == (Shares(AMOUNT), Usdc(AMOUNT // 2))
    resolved = log(
        BINARY_MODULE, "ConditionResolved(bytes31,uint256[])", indexed=[condition], types=["uint256[]"],
        values=[[500_000, 500_000]],
    )  # fmt: skip
    assert one(resolved).payouts == (500_000, 500_000)


def test_an_adapter_acts_for_the_wallet_it_gives_the_shares_to() -> None:
    moves = settled_moves([ctf(CTF_SPLIT, COLLATERAL_ADAPTER), moved(COLLATERAL_ADAPTER, ANN)])
    assert [(move.kind, move.wallet, move.shares) for move in moves] == [(MoveKind.SPLIT, ANN, Shares(AMOUNT))]


def test_an_adapter_acts_for_the_wallet_whose_shares_it_took() -> None:
    moves = settled_moves([moved(ANN, COLLATERAL_ADAPTER), ctf(CTF_MERGE, COLLATERAL_ADAPTER)])
    assert [(move.kind, move.wallet) for move in moves] == [(MoveKind.MERGE, ANN)]


def test_one_split_told_by_two_contracts_is_one() -> None:
    adapter = log(
        NEG_RISK_ADAPTER, "PositionSplit(address,bytes32,uint256)", indexed=[COLLATERAL_ADAPTER, CONDITION],
        types=["uint256"], values=[AMOUNT],
    )  # fmt: skip
    moves = settled_moves([ctf(CTF_SPLIT, NEG_RISK_ADAPTER), adapter, moved(COLLATERAL_ADAPTER, ANN)])
    assert [(move.kind, move.wallet) for move in moves] == [(MoveKind.SPLIT, ANN)]


def test_what_an_exchange_does_inside_a_match_is_no_move_of_a_wallet() -> None:
    assert settled_moves([ctf(CTF_SPLIT, EXCHANGE), moved(NOBODY, ANN)]) == []


def test_other_events_are_no_moves_and_broken_ones_are_refused() -> None:
    assert decode_move(log(ANN, CTF_SPLIT)) is None
    assert decode_move(moved(ANN, NOBODY)) is None
    with pytest.raises(ValueError, match="1 topics, not 4"):
        decode_move(log(CONDITIONAL_TOKENS, CTF_SPLIT))
    with pytest.raises(ValueError, match="1 words, not 3"):
        decode_move(log(CONDITIONAL_TOKENS, CTF_SPLIT, indexed=[ANN, 0, CONDITION], types=["uint256"], values=[1]))


def test_two_wallets_in_one_transaction_have_a_move_each() -> None:
    """As when one transaction redeems for several, or splits for one and merges for another."""
    bob = "0x" + "b" * 40
    merges = [
        entry for who in (ANN, bob) for entry in (moved(who, COLLATERAL_ADAPTER), ctf(CTF_MERGE, COLLATERAL_ADAPTER))
    ]
    split = [ctf(CTF_SPLIT, COLLATERAL_ADAPTER), moved(COLLATERAL_ADAPTER, ANN)]
    moves = settled_moves([*merges, *split])
    assert [(move.kind, move.wallet) for move in moves] == [
        (MoveKind.MERGE, ANN), (MoveKind.MERGE, bob), (MoveKind.SPLIT, ANN),
    ]  # fmt: skip
