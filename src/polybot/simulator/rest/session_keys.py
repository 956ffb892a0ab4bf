"""Session keys of deposit wallets: other EOAs that may trade for a wallet, for a while and in some venues."""

from collections.abc import Callable
from dataclasses import dataclass

from polybot.core.ids import Wallet

CLOB, COMBOS, ALL = "CLOB", "COMBOSRFQ", "ALL"


@dataclass(frozen=True, slots=True)
class SessionKey:
    """`address` may sign for `wallet` until `valid_until_s` (Unix seconds)."""

    address: Wallet
    wallet: Wallet
    scopes: tuple[str, ...]
    valid_until_s: int


class SessionKeys:
    """The venue's registry; what has expired is gone. `now_ns` is the simulated time."""

    def __init__(self, now_ns: Callable[[], int]) -> None:
        self._now_ns = now_ns
        self._keys: dict[tuple[Wallet, Wallet], SessionKey] = {}

    def authorize(self, key: SessionKey) -> None:
        """Instead of an earlier authorization of the same key for the same wallet."""
        self._keys[key.wallet, key.address] = key

    def revoke(self, wallet: Wallet, address: Wallet) -> None:
        self._keys.pop((wallet, address), None)

    def of(self, wallet: Wallet) -> list[SessionKey]:
        return [key for key in self._keys.values() if key.wallet == wallet and self._lives(key)]

    def wallets(self, address: Wallet) -> list[Wallet]:
        """For which this EOA may sign."""
        return [key.wallet for key in self._keys.values() if key.address == address and self._lives(key)]

    def signs_for(self, address: Wallet, wallet: Wallet) -> bool:
        """On chain, where scopes do not count."""
        key = self._keys.get((wallet, address))
        return key is not None and self._lives(key)

    def may_trade(self, address: Wallet, wallet: Wallet) -> bool:
        """In the CLOB."""
        key = self._keys.get((wallet, address))
        return key is not None and self._lives(key) and not {CLOB, ALL}.isdisjoint(key.scopes)

    def _lives(self, key: SessionKey) -> bool:
        return self._now_ns() < key.valid_until_s * 1_000_000_000
