"""Whether the simulated world still adds up to the micro-unit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.simulator.engine.accounts import SYSTEM, Accounts
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.trades import reserved_usdc
from polybot.simulator.engine.truth import Truth


def imbalance(accounts: Accounts, listings: Iterable[Listing], truth: Truth) -> str:
    """Empty if all is conserved, else the first thing that is not."""
    known = list(listings)
    found = (*_pools(accounts, known), *_wallets(accounts, truth), *_reserves(accounts, known))
    return found[0] if found else ""


def _pools(accounts: Accounts, listings: list[Listing]) -> Iterator[str]:
    cash = sum(account.cash_micro for account in accounts) + sum(listing.pool_micro for listing in listings)
    if cash:
        yield f"{cash} micro-USDC came from nowhere"
    held: defaultdict[TokenId, int] = defaultdict(int)
    for account in accounts:
        for token, shares in account.held_micro.items():
            held[token] += shares
    for listing in listings:
        for token in (listing.book.first, listing.book.second):
            if held[token] != listing.pool_micro:
                yield f"{held[token]} micro-shares of {token} over a pool of {listing.pool_micro}"


def _wallets(accounts: Accounts, truth: Truth) -> Iterator[str]:
    for account in accounts:
        if account.wallet in SYSTEM:
            continue
        holdings = truth.of(account.wallet)
        told = account.deposited_micro + sum(holding.cash_flow for holding in holdings)
        if account.cash_micro != told or told < 0:
            yield f"{account.wallet} has {account.cash_micro} micro-USDC, its fills say {told}"
        shares = {holding.token: holding.shares for holding in holdings if holding.shares}
        if shares != _nonzero(account.held_micro) or min(shares.values(), default=0) < 0:
            yield f"{account.wallet} does not hold what its fills say: {shares}"


def _reserves(accounts: Accounts, listings: list[Listing]) -> Iterator[str]:
    cash: defaultdict[Wallet, int] = defaultdict(int)
    shares: defaultdict[Wallet, defaultdict[TokenId, int]] = defaultdict(lambda: defaultdict(int))
    for order in (order for listing in listings for order in listing.book.resting()):
        if order.asked.side is Side.BUY:
            cash[order.asked.wallet] += reserved_usdc(order.limit, order.open_micro)
        else:
            shares[order.asked.wallet][order.asked.token] += order.open_micro
    for account in accounts:
        wallet = account.wallet
        if (account.reserved_cash_micro, _nonzero(account.reserved_shares_micro)) != (cash[wallet], shares[wallet]):
            yield f"{wallet} reserves other than what its orders can take"


def _nonzero(amounts: Mapping[TokenId, int]) -> dict[TokenId, int]:
    return {token: amount for token, amount in amounts.items() if amount}
