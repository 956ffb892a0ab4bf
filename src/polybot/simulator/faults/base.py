"""What all faults share: where they may strike, how often and when."""

from fnmatch import fnmatchcase
from typing import Annotated, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from polybot.simulator.faults.subject import SERVICES, Subject

Positive: TypeAlias = Annotated[float, Field(gt=0)]
Chance: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Scope(_Strict):
    """Where a fault may strike; what is left out is not looked at.

    `path` and `event` are globs. `wallet`, `token` and `condition` must be mentioned by the request (path, query,
    body, POLY_ADDRESS), the frame or the trade.
    """

    service: tuple[str, ...] = ()
    method: str = ""
    path: str = ""
    event: str = ""
    wallet: str = ""
    token: str = ""
    condition: str = ""

    @field_validator("service", mode="before")
    @classmethod
    def _known(cls, value: object) -> object:
        names = (value,) if isinstance(value, str) else value
        for name in names if isinstance(names, list | tuple) else ():
            if name not in SERVICES:
                raise ValueError(f"{name!r} is not one of {', '.join(SERVICES)}")
        return names

    def covers(self, subject: Subject) -> bool:
        return (
            (not self.service or subject.service in self.service)
            and (not self.method or subject.method == self.method.upper())
            and (not self.path or fnmatchcase(subject.path, self.path))
            and (not self.event or fnmatchcase(subject.event, self.event))
            and all(name.lower() in subject.text for name in (self.wallet, self.token, self.condition) if name)
        )


class Fault(_Strict):
    """What all faults share.

    An opportunity is whatever lies in the scope and the time window (`after_s` the start of the simulation, or the
    moment the fault was posted, and `for_s` from then on). The first `skip` pass unharmed; of the others each is
    struck with `probability`, at most `count` in all. `hits` names the opportunities that are struck, from 1.
    """

    scope: Scope = Scope()
    probability: Chance = 1.0
    after_s: Annotated[float, Field(ge=0)] = 0.0
    for_s: Positive | None = None
    skip: Annotated[int, Field(ge=0)] = 0
    count: Annotated[int, Field(gt=0)] | None = None
    hits: tuple[int, ...] | None = None

    def covers(self, subject: Subject) -> bool:
        """Whether it may befall this, apart from time and chance."""
        return self.scope.covers(subject)

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Self:
        if self.hits is not None and self.model_fields_set & {"probability", "skip", "count"}:
            raise ValueError("hits says exactly what is struck: leave out probability, skip and count")
        return self
