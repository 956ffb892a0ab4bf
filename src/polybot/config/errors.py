"""What is wrong with a configuration, in words for the person who wrote it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. `where` is file:line, file or environment; `key` the dotted path, "" for the whole file.

    `value` is what was seen, already safe to show; "" if there is nothing to show.
    """

    where: str
    key: str
    value: str
    what: str
    remedy: str

    def __str__(self) -> str:
        subject = f"{self.where}: {self.key}" if self.key else self.where
        seen = f" (is {self.value})" if self.value else ""
        return f"{subject}{seen}: {self.what}. {self.remedy}"


class ConfigError(Exception):
    """The configuration cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class LiveRefused(Exception):
    """The configuration is sound, but live trading must not start with it; one sentence per reason."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = tuple(reasons)
