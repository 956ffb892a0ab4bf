"""Money and quantities as integer micro-units (10^-6), one type per dimension.

Mixing dimensions is a type error (mypy) and a TypeError (run time). Decimal appears only
in `parse`, `nearest` and `__str__`; every rounding function names its direction.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Self, TypeVar, final

MICRO = 1_000_000


@dataclass(frozen=True, slots=True, order=True)
class _Micro:
    micro: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Exact decimal text; ValueError if it is not a number or finer than one micro-unit."""
        scaled = _decimal(text).scaleb(6)
        whole = int(scaled)
        if whole != scaled:
            raise ValueError(f"{text!r} is finer than one micro-unit (6 decimals)")
        return cls(whole)

    @classmethod
    def nearest(cls, value: Decimal) -> Self:
        """A reported average: rounded half up to the micro-unit."""
        return cls(int(value.scaleb(6).to_integral_value(ROUND_HALF_UP)))

    def __add__(self, other: Self) -> Self:
        _same(self, other)
        return type(self)(self.micro + other.micro)

    def __sub__(self, other: Self) -> Self:
        _same(self, other)
        return type(self)(self.micro - other.micro)

    def __neg__(self) -> Self:
        return type(self)(-self.micro)

    def __bool__(self) -> bool:
        return self.micro != 0

    def __str__(self) -> str:
        sign, n = ("-", -self.micro) if self.micro < 0 else ("", self.micro)
        whole, rest = divmod(n, MICRO)
        return f"{sign}{whole}.{rest:06d}".rstrip("0").rstrip(".")


def _same(a: _Micro, b: _Micro) -> None:
    if type(a) is not type(b):
        raise TypeError(f"{type(a).__name__} and {type(b).__name__} do not mix")


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not value.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return value


@final
class Usdc(_Micro):
    """Collateral (pUSD)."""

    __slots__ = ()


@final
class Shares(_Micro):
    """Outcome shares."""

    __slots__ = ()


@final
class Price(_Micro):
    """USDC per share, 0 to 1."""

    __slots__ = ()

    def complement(self) -> "Price":
        """The same liquidity seen from the other outcome: 1 - p."""
        return Price(MICRO - self.micro)


@final
class Ratio(_Micro):
    """A dimensionless factor in millionths: copy ratio, tolerance, fee rate."""

    __slots__ = ()


_Q = TypeVar("_Q", Usdc, Shares)

ZERO_USDC = Usdc(0)
ZERO_SHARES = Shares(0)


def cost_ceil(shares: Shares, price: Price) -> Usdc:
    """USDC needed to buy; rounded up, against us."""
    return Usdc(-(-shares.micro * price.micro // MICRO))


def proceeds_floor(shares: Shares, price: Price) -> Usdc:
    """USDC received by selling; rounded down, against us."""
    return Usdc(shares.micro * price.micro // MICRO)


def shares_floor(usdc: Usdc, price: Price) -> Shares:
    """Shares that `usdc` buys at `price`; rounded down."""
    return Shares(usdc.micro * MICRO // price.micro)


def scale_floor(quantity: _Q, ratio: Ratio) -> _Q:
    """quantity x ratio, rounded down."""
    return type(quantity)(quantity.micro * ratio.micro // MICRO)


def price_ceil(usdc: Usdc, shares: Shares) -> Price:
    """Average price paid; rounded up."""
    return Price(-(-usdc.micro * MICRO // shares.micro))
