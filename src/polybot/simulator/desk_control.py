"""The control service's call for what wallets do outside the book."""

from decimal import Decimal
from typing import Literal

import msgspec
from aiohttp import web

from polybot.core.ids import ConditionId, TokenId, parse_wallet
from polybot.core.money import Shares, Usdc
from polybot.polymarket.contracts import CONDITIONAL_TOKENS, POSITION_MANAGER, PUSD, USDC_E
from polybot.simulator.control import exact
from polybot.simulator.desk import Desk
from polybot.simulator.engine.accounts import UNLIMITED, Account
from polybot.simulator.engine.exchange import Exchange
from polybot.simulator.engine.model import OUTSIDE
from polybot.simulator.engine.moves import GroupId, Move, MoveRefused
from polybot.simulator.rest.replies import Answer, Refusal, reply

_WEI = 10**18
_SHARE_CONTRACTS = {"ctf": CONDITIONAL_TOKENS, "positions": POSITION_MANAGER}
_CASH_CONTRACTS = {"pusd": PUSD, "usdc_e": USDC_E}


class _Call(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind"):
    """`trader` is a wallet or a name. Each kind's `apply` returns the hash of its transaction, "" if the wallet
    made none."""

    trader: str


class _CashCall(_Call):
    usdc: Decimal

    @property
    def amount(self) -> Usdc:
        return exact(Usdc, self.usdc)


class _PairCall(_Call):
    condition: str
    shares: Decimal

    @property
    def market(self) -> ConditionId:
        return ConditionId(self.condition.lower())

    @property
    def amount(self) -> Shares:
        return exact(Shares, self.shares)


class Grant(_Call, tag="grant"):
    usdc_e: Decimal = Decimal(0)
    pol: Decimal = Decimal(0)

    def apply(self, exchange: Exchange, account: Account) -> str:
        if self.usdc_e < 0 or self.pol < 0:
            raise ValueError(f"usdc_e {self.usdc_e} and pol {self.pol} must not be negative")
        exchange.grant_usdc_e(account.wallet, exact(Usdc, self.usdc_e))
        account.pol_wei += int(self.pol * _WEI)
        return ""


class Deposit(_CashCall, tag="deposit"):
    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.deposit(account.wallet, self.amount)


class Withdraw(_CashCall, tag="withdraw"):
    to: str = OUTSIDE

    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.withdraw(account.wallet, self.amount, to=parse_wallet(self.to))


class Wrap(_CashCall, tag="wrap"):
    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.wrap(account.wallet, self.amount)


class Unwrap(_CashCall, tag="unwrap"):
    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.unwrap(account.wallet, self.amount)


class Reward(_CashCall, tag="reward"):
    type: Literal["REWARD", "MAKER_REBATE", "TAKER_REBATE", "REFERRAL_REWARD", "YIELD", "MIGRATION", "TIP"] = "REWARD"

    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.reward(account.wallet, Move(self.type), self.amount)


class Approve(_Call, tag="approve"):
    """Without `allowance`: any amount."""

    spender: str
    allowance: Decimal | None = None
    contract: Literal["pusd", "usdc_e"] = "pusd"

    def apply(self, exchange: Exchange, account: Account) -> str:
        micro = UNLIMITED if self.allowance is None else exact(Usdc, self.allowance).micro
        contract = _CASH_CONTRACTS[self.contract]
        return exchange.approve(account.wallet, parse_wallet(self.spender), micro, contract=contract)


class ApproveOperator(_Call, tag="approve_operator"):
    operator: str
    allowed: bool = True
    contract: Literal["ctf", "positions"] = "ctf"

    def apply(self, exchange: Exchange, account: Account) -> str:
        contract, operator = _SHARE_CONTRACTS[self.contract], parse_wallet(self.operator)
        return exchange.approve_operator(account.wallet, operator, self.allowed, contract=contract)


class Split(_PairCall, tag="split"):
    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.split(account.wallet, self.market, self.amount)


class Merge(_PairCall, tag="merge"):
    def apply(self, exchange: Exchange, account: Account) -> str:
        return exchange.merge(account.wallet, self.market, self.amount)


class Redeem(_Call, tag="redeem"):
    condition: str
    token: str | None = None
    shares: Decimal | None = None

    def apply(self, exchange: Exchange, account: Account) -> str:
        token = TokenId(self.token) if self.token else None
        shares = exact(Shares, self.shares) if self.shares is not None else None
        condition = ConditionId(self.condition.lower())
        return exchange.redeem(account.wallet, condition, token=token, shares=shares)


class Convert(_Call, tag="convert"):
    group: str
    index_set: int
    shares: Decimal

    def apply(self, exchange: Exchange, account: Account) -> str:
        group, shares = GroupId(self.group.lower()), exact(Shares, self.shares)
        return exchange.convert(account.wallet, group, index_set=self.index_set, shares=shares)


AnyMove = (
    Grant | Deposit | Withdraw | Wrap | Unwrap | Reward | Approve | ApproveOperator | Split | Merge | Redeem | Convert
)


class MoveControl:
    def __init__(self, exchange: Exchange, desk: Desk) -> None:
        self._exchange = exchange
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/moves", self._move)]

    async def _move(self, request: web.Request) -> Answer:
        """What the chain would revert is refused with 400 and the reason."""
        try:
            wanted = msgspec.json.decode(await request.read(), type=AnyMove)
            return reply({"tx": wanted.apply(self._exchange, self._desk.account(wanted.trader))})
        except MoveRefused as refused:
            raise Refusal(400, {"error": f"execution reverted: {refused}"}) from None
        except LookupError as missing:
            raise Refusal(404, {"error": str(missing.args[0])}) from None
        except ValueError as wrong:
            raise Refusal(400, {"error": str(wrong)}) from None
