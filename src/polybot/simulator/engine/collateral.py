"""What wallets do with collateral and shares outside the book, with the contracts' rules: each is a transaction."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from polybot.core.ids import ConditionId, TokenId, Wallet
from polybot.core.market import Market, MarketVersion, Side
from polybot.core.money import Shares, Usdc
from polybot.core.orders import TradeStatus
from polybot.polymarket.contracts import (
    AUTO_REDEEMER,
    COLLATERAL_ADAPTER,
    CONDITIONAL_TOKENS,
    NEG_RISK_COLLATERAL_ADAPTER,
    OFFRAMP,
    ONRAMP,
    PUSD,
    ROUTER,
    USDC_E,
)
from polybot.simulator.engine.accounts import SYSTEM, UNLIMITED, Account, buy_spenders
from polybot.simulator.engine.floor import Floor
from polybot.simulator.engine.listings import Listing
from polybot.simulator.engine.model import OUTSIDE, Event, TradeChanged
from polybot.simulator.engine.moves import (
    GIFTS,
    NO_GROUP,
    Approval,
    GroupId,
    Move,
    MoveLeg,
    MoveRefused,
    MoveRow,
    PositionsMoved,
)
from polybot.simulator.engine.orders import OrderDesk

NO_CONDITION = ConditionId("")
Q = TypeVar("Q", Usdc, Shares)


class _Moves:
    """The chain knows what is mined: what a match brings can be moved once it is mined, and what a match takes until
    then, which makes the match fail."""

    _floor: Floor
    _orders: OrderDesk

    def _account(self, wallet: Wallet) -> Account:
        """LookupError if nobody has it."""
        account = self._floor.accounts.find(wallet)
        if account is None or wallet in SYSTEM:
            raise LookupError(f"wallet {wallet} has no account: POST /accounts first")
        return account

    def _acting(self, wallet: Wallet) -> Account:
        account = self._account(wallet)
        if not account.deployed:
            raise MoveRefused(f"wallet {wallet} is not deployed")
        return account

    def _listing_of(self, condition: ConditionId) -> Listing:
        """LookupError if it is not listed."""
        listing = self._floor.listings.by_condition.get(condition)
        if listing is None:
            raise LookupError(f"market {condition} is not listed")
        return listing

    def _tell(
        self,
        kind: Move,
        account: Account,
        *,
        usdc: int = 0,
        legs: Sequence[MoveLeg] = (),
        condition: ConditionId = NO_CONDITION,
        group: GroupId = NO_GROUP,
        index_set: int = 0,
        approval: Approval | None = None,
        counterparty: Wallet = OUTSIDE,
        auto: bool = False,
        tx: str,
    ) -> str:
        """The hash of the transaction, a new one unless given. Orders that are no longer covered are taken down."""
        sequence = self._floor.numbers.next_sequence()
        row = MoveRow(
            sequence=sequence,
            kind=kind,
            wallet=account.wallet,
            condition=condition,
            group=group,
            legs=tuple(legs),
            usdc=Usdc(usdc),
            tx=tx or self._floor.numbers.payout_tx(sequence),
            at_ns=self._floor.agenda.now_ns,
            index_set=index_set,
            approval=approval,
            counterparty=counterparty,
            auto=auto,
        )
        self._floor.truth.move(row)
        self._floor.emit(PositionsMoved(row.at_ns, row.tx, row))
        self._orders.recheck(account)
        return row.tx


class CashMoves(_Moves):
    """pUSD and USDC.e of wallets, and who may spend them. Each call returns the transaction's hash; MoveRefused is a
    revert, LookupError an unknown wallet."""

    def deposit(self, wallet: Wallet, usdc: Usdc, *, tx: str = "") -> str:
        """pUSD arrives from outside."""
        account = self._account(wallet)
        self._floor.accounts.deposit(account, _positive(usdc))
        return self._tell(Move.DEPOSIT, account, usdc=usdc.micro, tx=tx)

    def withdraw(self, wallet: Wallet, usdc: Usdc, *, to: Wallet = OUTSIDE, tx: str = "") -> str:
        """A transfer of pUSD, to the outside or to another wallet of the venue, which then has a DEPOSIT row."""
        account = self._acting(wallet)
        _need_cash(account, _positive(usdc))
        self._floor.accounts.deposit(account, -usdc)
        hashed = self._tell(Move.WITHDRAWAL, account, usdc=-usdc.micro, counterparty=to, tx=tx)
        receiver = self._floor.accounts.find(to)
        if receiver and to not in SYSTEM:
            self._floor.accounts.deposit(receiver, usdc)
            self._tell(Move.DEPOSIT, receiver, usdc=usdc.micro, counterparty=wallet, tx=hashed)
        return hashed

    def grant_usdc_e(self, wallet: Wallet, usdc: Usdc) -> None:
        """USDC.e arrives from outside; the venue does not look at it before it is wrapped."""
        self._floor.accounts.deposit_usdc_e(self._account(wallet), usdc.micro)

    def wrap(self, wallet: Wallet, usdc: Usdc, *, tx: str = "") -> str:
        """USDC.e into pUSD through the onramp, which needs an allowance of USDC.e."""
        account = self._acting(wallet)
        if account.usdc_e_micro < _positive(usdc).micro:
            raise MoveRefused("ERC20: transfer amount exceeds balance")
        _spend(account.usdc_e_allowances, ONRAMP.lower(), usdc.micro)
        self._floor.accounts.deposit_usdc_e(account, -usdc.micro)
        self._floor.accounts.deposit(account, usdc)
        return self._tell(Move.WRAP, account, usdc=usdc.micro, tx=tx)

    def unwrap(self, wallet: Wallet, usdc: Usdc, *, tx: str = "") -> str:
        """pUSD into USDC.e through the offramp, which needs an allowance of pUSD."""
        account = self._acting(wallet)
        _need_cash(account, _positive(usdc))
        _spend(account.allowances, OFFRAMP.lower(), usdc.micro)
        self._floor.accounts.deposit(account, -usdc)
        self._floor.accounts.deposit_usdc_e(account, usdc.micro)
        return self._tell(Move.UNWRAP, account, usdc=-usdc.micro, tx=tx)

    def approve(self, wallet: Wallet, spender: str, micro: int, *, contract: str = PUSD, tx: str = "") -> str:
        """ERC-20 `approve` of pUSD or USDC.e; UNLIMITED is never used up. ValueError for another contract."""
        account = self._acting(wallet)
        if contract.lower() not in {PUSD.lower(), USDC_E.lower()}:
            raise ValueError(f"contract {contract} is neither pUSD ({PUSD}) nor USDC.e ({USDC_E})")
        allowances = account.allowances if contract.lower() == PUSD.lower() else account.usdc_e_allowances
        allowances[spender.lower()] = micro
        return self._tell(Move.APPROVAL, account, approval=Approval(contract.lower(), spender.lower(), micro), tx=tx)

    def approve_operator(
        self, wallet: Wallet, operator: str, allowed: bool, *, contract: str = CONDITIONAL_TOKENS, tx: str = ""
    ) -> str:
        """ERC-1155 `setApprovalForAll` on ConditionalTokens or the PositionManager."""
        account = self._acting(wallet)
        pair = (contract.lower(), operator.lower())
        (account.operators.add if allowed else account.operators.discard)(pair)
        return self._tell(Move.APPROVAL, account, approval=Approval(*pair, UNLIMITED if allowed else 0), tx=tx)

    def reward(self, wallet: Wallet, kind: Move, usdc: Usdc, *, tx: str = "") -> str:
        """Cash from outside that has a name. ValueError if `kind` is none of GIFTS."""
        if kind not in GIFTS:
            raise ValueError(f"kind {kind} is no gift: {', '.join(sorted(GIFTS))}")
        account = self._account(wallet)
        self._floor.accounts.deposit(account, _positive(usdc))
        return self._tell(kind, account, usdc=usdc.micro, tx=tx)


class ShareMoves(_Moves):
    """Shares made from collateral and turned back into it. Each call returns the transaction's hash; MoveRefused is a
    revert, LookupError an unknown wallet or market."""

    def split(self, wallet: Wallet, condition: ConditionId, shares: Shares, *, tx: str = "") -> str:
        """pUSD into as many shares of both outcomes."""
        account, listing = self._acting(wallet), self._listing_of(condition)
        micro = _positive(shares).micro
        _need_cash(account, Usdc(micro))
        _spend(account.allowances, collateral_spender(listing.market), micro)
        account.cash_micro -= micro
        listing.pool_micro += micro
        legs = [_move(account, listing, token, micro) for token in listing.tokens]
        return self._tell(Move.SPLIT, account, usdc=-micro, legs=legs, condition=condition, tx=tx)

    def merge(self, wallet: Wallet, condition: ConditionId, shares: Shares, *, tx: str = "") -> str:
        """As many shares of both outcomes into pUSD."""
        account, listing = self._acting(wallet), self._listing_of(condition)
        micro = _positive(shares).micro
        for token in listing.tokens:
            _need_shares(account, token, micro, operator=collateral_spender(listing.market))
        account.cash_micro += micro
        listing.pool_micro -= micro
        legs = [_move(account, listing, token, -micro) for token in listing.tokens]
        return self._tell(Move.MERGE, account, usdc=micro, legs=legs, condition=condition, tx=tx)

    def redeem(
        self,
        wallet: Wallet,
        condition: ConditionId,
        *,
        token: TokenId | None = None,
        shares: Shares | None = None,
        tx: str = "",
    ) -> str:
        """Shares of a resolved market into what they are worth, losing ones into nothing.

        Without `token` and `shares`: all of both outcomes. A v1 market knows nothing else; ValueError if asked.
        """
        account, listing = self._acting(wallet), self._listing_of(condition)
        if listing.market.version is MarketVersion.V1 and (token or shares):
            raise ValueError(f"market {condition} is v1: redeem takes both outcomes whole, not token or shares")
        if shares is not None and token is None:
            raise ValueError("shares without token: say which outcome is to be redeemed")
        wanted = listing.tokens if token is None else (token,)
        amounts = {each: max(0, account.chain_held_micro(each)) if shares is None else shares.micro for each in wanted}
        if not listing.market.closed:
            raise MoveRefused("result for condition not received yet")
        for each, micro in amounts.items():
            _need_shares(account, each, micro, operator=collateral_spender(listing.market))
        return self._redeem(account, listing, amounts, auto=False, tx=tx)

    def convert(self, wallet: Wallet, group: GroupId, *, index_set: int, shares: Shares, tx: str = "") -> str:
        """NO of the questions in `index_set` (bit n: question n) into YES of all others of the neg-risk event and,
        for every NO but one, pUSD."""
        account, markets = self._acting(wallet), self._floor.listings.of_group(group)
        if not markets:
            raise LookupError(f"neg-risk market {group!r} is not listed")
        micro = _positive(shares).micro
        if not 0 < index_set < 1 << len(markets):
            raise MoveRefused("InvalidIndexSet()")
        if len(markets) < 2:
            raise MoveRefused("NoConvertiblePositions()")
        given = [listing for n, listing in enumerate(markets) if index_set >> n & 1]
        others = [listing for n, listing in enumerate(markets) if not index_set >> n & 1]
        for listing in given:
            _need_shares(account, listing.book.second, micro, operator=collateral_spender(listing.market))
        usdc = micro * (len(given) - 1)
        legs = self._convert(account, given, others, micro=micro, usdc=usdc)
        return self._tell(Move.CONVERSION, account, usdc=usdc, legs=legs, group=group, index_set=index_set, tx=tx)

    def _convert(
        self, account: Account, given: list[Listing], others: list[Listing], *, micro: int, usdc: int
    ) -> list[MoveLeg]:
        """The NO of all questions ends with nobody: as one question at most comes true, it is worth what is paid
        out here and what lies under the new YES."""
        nobody = self._floor.accounts.nobody
        account.cash_micro += usdc
        nobody.cash_micro -= usdc + micro * len(others)
        for listing in others:
            listing.pool_micro += micro
        for listing in (*given, *others):
            nobody.held_micro[listing.book.second] += micro
        return [
            *(_move(account, listing, listing.book.second, -micro) for listing in given),
            *(_move(account, listing, listing.book.first, micro) for listing in others),
        ]

    def _redeem(self, account: Account, listing: Listing, amounts: dict[TokenId, int], *, auto: bool, tx: str) -> str:
        """One row for a v1 market, one for each outcome of a v2 market."""
        legs = [self._pay(account, listing, token, micro) for token, micro in amounts.items() if micro]
        whole = listing.market.version is MarketVersion.V1 or not legs
        for part in [legs] if whole else [[leg] for leg in legs]:
            usdc = sum(leg.usdc.micro for leg in part)
            condition = listing.market.condition
            tx = self._tell(Move.REDEEM, account, usdc=usdc, legs=part, condition=condition, auto=auto, tx=tx)
        return tx

    def _pay(self, account: Account, listing: Listing, token: TokenId, micro: int) -> MoveLeg:
        usdc = listing.pay_out(account, self._floor.accounts.house, token, micro)
        return MoveLeg(token, -micro, listing.market.condition, Usdc(usdc))

    # what follows by itself

    def _redeem_later(self, listing: Listing, wallets: Iterable[Wallet]) -> None:
        """The AutoRedeemer's round: winning shares of those who let it."""
        due = list(wallets)
        self._floor.agenda.after(self._floor.rules.auto_redeem_after_s, lambda: self._redeem_for(listing, due))

    def _redeem_for(self, listing: Listing, wallets: Iterable[Wallet]) -> None:
        for wallet in wallets:
            account = self._floor.accounts.find(wallet)
            if account is None or wallet in SYSTEM:
                continue
            amounts = {token: _unsold(account, token) for token in listing.tokens}
            if listing.market.version is MarketVersion.V2:
                amounts = {token: micro for token, micro in amounts.items() if listing.payout(token, micro)}
            paid = any(listing.payout(token, micro) for token, micro in amounts.items())
            if paid and all(account.may_move(token, AUTO_REDEEMER.lower()) for token in amounts):
                self._redeem(account, listing, amounts, auto=True, tx="")

    def _after_trade(self, event: Event) -> None:
        """A mined BUY uses up a limited allowance; shares that are mined after the resolution are redeemed too."""
        if not isinstance(event, TradeChanged) or event.trade.status is TradeStatus.MATCHED:
            return
        trade = event.trade
        listing = self._floor.listings.by_condition[trade.condition]
        if trade.status is TradeStatus.MINED:
            if trade.side is Side.BUY:
                self._use_allowance(listing, trade.wallet, trade.token, trade.usdc.micro + trade.fee.micro)
            for leg in trade.legs:
                if leg.side is Side.BUY:
                    self._use_allowance(listing, leg.wallet, leg.token, leg.usdc.micro)
        if listing.market.closed:
            self._floor.settle_system(listing)
            self._redeem_later(listing, dict.fromkeys([trade.wallet, *(leg.wallet for leg in trade.legs)]))

    def _use_allowance(self, listing: Listing, wallet: Wallet, token: TokenId, micro: int) -> None:
        account = self._floor.accounts.find(wallet)
        if account is None or wallet in SYSTEM:
            return
        spender = buy_spenders(listing.market, token)[0]
        allowance = account.allowances.get(spender, 0)
        if allowance != UNLIMITED:
            account.allowances[spender] = max(0, allowance - micro)


def collateral_spender(market: Market) -> str:
    """Who splits, merges and redeems for a wallet: it needs an allowance of pUSD and must be operator of the shares."""
    if market.version is MarketVersion.V2:
        return ROUTER.lower()
    return (NEG_RISK_COLLATERAL_ADAPTER if market.neg_risk else COLLATERAL_ADAPTER).lower()


def _positive(amount: Q) -> Q:
    if amount.micro <= 0:
        raise ValueError(f"amount {amount} must be positive")
    return amount


def _unsold(account: Account, token: TokenId) -> int:
    """What is mined and was not sold since."""
    return max(0, min(account.held_micro.get(token, 0), account.chain_held_micro(token)))


def _need_cash(account: Account, usdc: Usdc) -> None:
    if account.chain_cash_micro < usdc.micro:
        raise MoveRefused(f"InsufficientBalance(): {usdc} pUSD wanted, {Usdc(account.chain_cash_micro)} there")


def _need_shares(account: Account, token: TokenId, micro: int, *, operator: str) -> None:
    if not account.may_move(token, operator):
        raise MoveRefused(f"ERC1155: need operator approval for 3rd party transfers: {operator}")
    if micro > max(0, account.chain_held_micro(token)):
        raise MoveRefused(f"SafeMath: subtraction overflow: {Shares(micro)} shares of {token} wanted")


def _spend(allowances: dict[str, int], spender: str, micro: int) -> None:
    allowance = allowances.get(spender, 0)
    if allowance < micro:
        raise MoveRefused(f"InsufficientAllowance(): {spender} may spend {Usdc(allowance)}, not {Usdc(micro)}")
    if allowance != UNLIMITED:
        allowances[spender] = allowance - micro


def _move(account: Account, listing: Listing, token: TokenId, micro: int) -> MoveLeg:
    account.held_micro[token] += micro
    return MoveLeg(token, micro, listing.market.condition)
