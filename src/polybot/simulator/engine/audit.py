"""Whether the simulated world still adds up to the micro-unit."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from polybot.core.ids import TokenId, Wallet
from polybot.core.market import Side
from polybot.core.money import MICRO
from polybot.simulator.engine.accounts import SYSTEM, Account, Accounts
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
    if usdc_e := sum(account.usdc_e_micro for account in accounts):
        yield f"{usdc_e} micro-USDC.e came from nowhere"
    for listing in listings:
        pool, tokens = listing.pool_micro, listing.tokens
        if listing.market.closed:
            owed = sum(held[token] * listing.worth_micro(token) for token in tokens) + listing.dust
            if owed != pool * MICRO:
                yield f"{owed} millionths of a micro-USDC are owed in {listing.market.condition} by a pool of {pool}"
        elif {held[token] for token in tokens} != {pool}:
            yield f"{[held[token] for token in tokens]} micro-shares of {tokens} over a pool of {pool}"


def _wallets(accounts: Accounts, truth: Truth) -> Iterator[str]:
    """A wallet whose trade failed may owe what it spent meanwhile; one that moved what a match had taken, or what a
    reorganisation took back, owes it until the trade is mined or fails."""
    debtors = {fill.wallet for fill in truth.failed}
    for account in accounts:
        if account.wallet in SYSTEM:
            continue
        holdings = truth.of(account.wallet)
        told = account.deposited_micro + truth.cash_flow(account.wallet)
        owes = account.wallet in debtors or _waits(account)
        if account.cash_micro != told or (told < 0 and not owes):
            yield f"{account.wallet} has {account.cash_micro} micro-USDC, its fills say {told}"
        shares = {holding.token: holding.shares for holding in holdings if holding.shares}
        short = any(micro < 0 for micro in shares.values())
        if shares != _nonzero(account.held_micro) or (short and not owes):
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


def _waits(account: Account) -> bool:
    """For a block that has its trades."""
    return bool(account.unmined_cash_micro or _nonzero(account.unmined_micro))


def _nonzero(amounts: Mapping[TokenId, int]) -> dict[TokenId, int]:
    return {token: amount for token, amount in amounts.items() if amount}
