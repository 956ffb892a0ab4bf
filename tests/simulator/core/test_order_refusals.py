"""What the venue refuses, and in which words."""

import pytest
from simvenue import Venue, levels, market

from polybot.core.ids import OrderId, TokenId
from polybot.core.market import Side
from polybot.core.orders import SignatureType, TimeInForce
from polybot.polymarket.contracts import CONDITIONAL_TOKENS, NEG_RISK_ADAPTER, POLYGON, STANDARD
from polybot.simulator.engine.accounts import Account
from polybot.simulator.engine.model import OrderRefused, Restriction

BUY, SELL = Side.BUY, Side.SELL
FAK, FOK, GTC, GTD = TimeInForce.FAK, TimeInForce.FOK, TimeInForce.GTC, TimeInForce.GTD

OFF_TICK = "breaks minimum tick size rule: 0.01"
NOT_ENOUGH = "not enough balance / allowance: the balance is not enough"


@pytest.fixture
def venue() -> Venue:
    made = Venue()
    made.quote(bids=levels(("0.39", "100")), asks=levels(("0.41", "100")))
    return made


@pytest.fixture
def ann(venue: Venue) -> Account:
    return venue.wallet("ann", cash="100", yes="50")


def refusal(venue: Venue, who: Account, side: Side, making: int, taking: int, *, tif: TimeInForce = FAK) -> str:
    order = venue.order(who, side, making, taking, tif=tif)
    with pytest.raises(OrderRefused) as refused:
        venue.place(order)
    assert not venue.exchange.orders_of(who.owner, live_only=False)
    return str(refused.value).replace(order.id, "ID")


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ((BUY, 0, 10_000_000, GTC), "Invalid order payload"),
        ((BUY, 2_875_000, 5_000_000, GTC), f"order ID is invalid. Price (0.575) {OFF_TICK}"),
        ((SELL, 5_000_000, 2_875_000, GTC), f"order ID is invalid. Price (0.575) {OFF_TICK}"),
        ((BUY, 20_000_000, 34_782_600, FAK), f"order ID is invalid. Price (0.575) {OFF_TICK}"),
        ((BUY, 5_000_000, 5_000_000, GTC), f"order ID is invalid. Price (1) {OFF_TICK}"),
        ((BUY, 1_600_000, 4_000_000, GTC), "order ID is invalid. Size (4) lower than the minimum: 5"),
        ((BUY, 700_000, 1_700_000, FAK), "invalid amount for a marketable BUY order ($0.7), min size: $1"),
        (
            (SELL, 19_690_000, 4_330_000, GTC),
            (
                "invalid amounts, the taker amount for a $0.22 order of size 19.69 should be '4.3318'"
                " but the value submited is '4.33'"
            ),
        ),
        (
            (BUY, 4_123_456, 10_000_000, FAK),
            (
                "invalid amounts, the market buy orders maker amount supports a max accuracy of 2 decimals,"
                " taker amount a max of 4 decimals"
            ),
        ),
        (
            (BUY, 4_000_000, 10_001_000, GTC),
            (
                "invalid amounts, the buy orders maker amount supports a max accuracy of 4 decimals,"
                " taker amount a max of 2 decimals"
            ),
        ),
        ((BUY, 50_000_000, 100_000_000, FOK), "order couldn't be fully filled. FOK orders are fully filled or killed."),
        (
            (BUY, 3_000_000, 10_000_000, FAK),
            "no orders found to match with FAK order. FAK orders are partially filled or killed if no match is found.",
        ),
        ((SELL, 60_000_000, 24_000_000, GTC), f"{NOT_ENOUGH} -> balance: 50000000, order amount: 60000000"),
        ((BUY, 120_000_000, 400_000_000, GTC), f"{NOT_ENOUGH} -> balance: 100000000, order amount: 120000000"),
    ],
)
def test_terms(venue: Venue, ann: Account, asked: tuple[Side, int, int, TimeInForce], text: str) -> None:
    side, making, taking, tif = asked
    assert refusal(venue, ann, side, making, taking, tif=tif) == text


def test_a_buy_needs_its_fee_on_top(venue: Venue) -> None:
    poor = venue.wallet("poor", cash="4.1")
    text = refusal(venue, poor, BUY, 4_100_000, 10_000_000)
    assert text.endswith("balance: 4100000, sum of matched orders: 0, order amount (inc. fees): 4196760")


def test_open_orders_reserve_cash_and_shares(venue: Venue, ann: Account) -> None:
    venue.place(venue.limit(ann, BUY, "0.3", "300"))
    venue.place(venue.limit(ann, SELL, "0.9", "45"))
    with pytest.raises(OrderRefused, match=r"balance: 100000000, sum of matched orders: 90000000, .* 12000000"):
        venue.place(venue.limit(ann, BUY, "0.3", "40"))
    with pytest.raises(OrderRefused, match="balance: 50000000, sum of matched orders: 45000000"):
        venue.place(venue.limit(ann, SELL, "0.9", "6"))


def test_allowances_are_per_spender_and_the_retired_adapter_still_counts() -> None:
    venue = Venue(market(neg_risk=True))
    ann = venue.wallet("ann")
    ann.allowances[NEG_RISK_ADAPTER.lower()] = 0
    with pytest.raises(OrderRefused, match=f"the allowance is not enough -> spender: {NEG_RISK_ADAPTER}"):
        venue.place(venue.limit(ann, BUY, "0.3", "10"))
    ann.allowances[NEG_RISK_ADAPTER.lower()] = 3_000_000
    venue.place(venue.limit(ann, BUY, "0.3", "10"))


def test_shares_move_only_through_an_approved_exchange(venue: Venue, ann: Account) -> None:
    ann.operators.discard((CONDITIONAL_TOKENS.lower(), STANDARD[POLYGON].address.lower()))
    with pytest.raises(OrderRefused, match="allowance: 0, order amount: 10000000"):
        venue.place(venue.limit(ann, SELL, "0.9", "10"))


def test_gtd_must_last_three_minutes_and_others_must_not_expire(venue: Venue, ann: Account) -> None:
    now_s = venue.exchange.now_ns // 10**9
    for tif, expiration_s in ((GTD, now_s + 179), (GTC, now_s + 600)):
        with pytest.raises(OrderRefused, match="invalid expiration"):
            venue.place(venue.limit(ann, BUY, "0.3", "10", tif=tif, expiration_s=expiration_s))
    venue.place(venue.limit(ann, BUY, "0.3", "10", tif=GTD, expiration_s=now_s + 180))


def test_post_only_never_takes(venue: Venue, ann: Account) -> None:
    with pytest.raises(OrderRefused, match="invalid post-only order: order crosses book"):
        venue.place(venue.limit(ann, BUY, "0.41", "10", post_only=True))
    venue.place(venue.limit(ann, BUY, "0.4", "10", post_only=True))


def test_the_same_order_twice_is_one_order(venue: Venue, ann: Account) -> None:
    order = venue.limit(ann, BUY, "0.3", "10")
    venue.place(order)
    with pytest.raises(OrderRefused, match="Duplicated"):
        venue.place(order)


@pytest.mark.parametrize(
    ("restriction", "side", "text"),
    [
        (Restriction.BANNED, SELL, "address banned"),
        (Restriction.CLOSED_ONLY, BUY, "address in closed only mode"),
    ],
)
def test_restricted_accounts(venue: Venue, ann: Account, restriction: Restriction, side: Side, text: str) -> None:
    ann.restriction = restriction
    with pytest.raises(OrderRefused, match=f"'{ann.wallet}' {text}"):
        venue.place(venue.limit(ann, side, "0.5", "10"))


def test_closed_only_accounts_may_still_sell(venue: Venue, ann: Account) -> None:
    ann.restriction = Restriction.CLOSED_ONLY
    assert venue.place(venue.limit(ann, SELL, "0.5", "10")).order.id


def test_unknown_tokens_have_no_book(venue: Venue, ann: Account) -> None:
    with pytest.raises(OrderRefused, match="No orderbook exists") as refused:
        venue.place(venue.limit(ann, BUY, "0.3", "10", token=TokenId("7")))
    assert refused.value.http_status == 404


def test_a_taker_sized_in_four_decimals_reaches_an_ask_exactly_at_its_limit(venue: Venue, ann: Account) -> None:
    """4.00 / 0.41 is rounded down to 9.7560: the implied price is a hair above the tick."""
    placed = venue.place(venue.order(ann, BUY, 4_000_000, 9_756_000))
    assert placed.got == 9_750_000


@pytest.mark.parametrize("kind", list(SignatureType))
def test_every_kind_of_wallet_trades_for_its_signer(venue: Venue, kind: SignatureType) -> None:
    account = venue.wallet("signer", kind=kind)
    venue.place(venue.order(account, BUY, 4_100_000, 10_000_000))
    assert account.held(venue.yes)
    assert (account.wallet == account.owner) is (kind is SignatureType.EOA)


def test_orders_are_seen_by_their_signer_only(venue: Venue, ann: Account) -> None:
    order = venue.place(venue.limit(ann, BUY, "0.3", "10")).order
    bob = venue.wallet("bob")
    assert [found.id for found in venue.exchange.orders_of(ann.owner)] == [order.id]
    assert not venue.exchange.orders_of(bob.owner)
    assert venue.exchange.order(OrderId("0x0")) is None
