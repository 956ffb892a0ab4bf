"""What a route of the Data API answers with, and how it goes on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from polybot.simulator.rest.cursors import CursorParams, seal, unseal
from polybot.simulator.rest.data_query import InvalidRequest, Params

P = TypeVar("P", bound=CursorParams)


@dataclass(frozen=True, slots=True)
class Page:
    """`limit` 0: not a list, so nothing follows and nothing is said about pages."""

    data: object
    limit: int = 0
    next_cursor: str | None = None

    def body(self) -> dict[str, Any]:
        if not self.limit:
            return {"data": self.data}
        paging = {
            "limit": self.limit,
            "offset": 0,
            "has_more": self.next_cursor is not None,
            "next_cursor": self.next_cursor,
        }
        return {"data": self.data, "pagination": paging}


Route = Callable[[Params], Page]


class Cursors:
    """Signs what it gives out, and takes back nothing else."""

    def __init__(self, *, seed: int) -> None:
        self._secret = f"cursor:{seed}".encode()

    def seal(self, kind: str, params: CursorParams) -> str:
        return seal(kind, params, secret=self._secret)

    def unseal(self, cursor: str, shape: type[P], *, kind: str) -> P:
        """InvalidRequest for what was not given out for this list."""
        try:
            return unseal(cursor, shape, kind=kind, secret=self._secret)
        except ValueError as error:
            raise InvalidRequest("cursor", str(error)) from None
