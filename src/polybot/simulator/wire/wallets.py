"""A wallet's results as the Data API writes them. Pure."""

from polybot.core.money import Usdc
from polybot.simulator.indexing.folds import WalletBook
from polybot.simulator.wire.markets import number
from polybot.simulator.wire.rows import Wire


def pnl_point(book: WalletBook, *, unrealized: int, at_ns: int, block: int) -> Wire:
    """Cumulative. Realised and unrealised results are net of fees, which are negative; `trade_pnl` is without them."""
    income = {
        "fees_refunded": 0,
        "maker_rebate": book.income.get("MAKER_REBATE", 0),
        "taker_rebate": book.income.get("TAKER_REBATE", 0),
        "reward_income": book.income.get("REWARD", 0),
        "yield_income": book.income.get("YIELD", 0),
        "referral_income": book.income.get("REFERRAL_REWARD", 0),
    }
    earned, position = sum(income.values()), book.realized + unrealized
    amounts = {
        "realized_market_pnl": book.realized,
        "realized_lp_pnl": 0,
        "realized_combo_pnl": 0,
        "unrealized_pnl": unrealized,
        **income,
        "deposits": None,
        "withdrawals": None,
        "realized_pnl": book.realized,
        "wallet_income": earned,
        "position_pnl": position,
        "settled_pnl": book.realized + earned,
        "economic_pnl": position + earned,
        "trade_pnl": position + book.fees,
        "sponsored_income": income["reward_income"],
        "fees": -book.fees,
        "fees_paid": -book.fees,
        "cashflow_net": None,
        "volume": book.volume,
        "volume_usdc": book.volume_usdc,
    }
    shown = {name: None if micro is None else number(Usdc(micro)) for name, micro in amounts.items()}
    return {"timestamp": at_ns // 1_000_000_000, "source_block": block, **shown, "trade_count": book.trades}
