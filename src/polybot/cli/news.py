"""What a person should know of a run besides its numbers: what went wrong in it, worst first, each once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from polybot.core.ids import Wallet
from polybot.ports.queries import Queries, StatusView
from polybot.ports.store import Event

POLL = "feed.activity_poll:"
"""The running bot's state tells the health of each trader's feed under this and the wallet."""

_LOOK_BACK = 500
_WORTH_TELLING = ("error", "warning")


@dataclass(frozen=True, slots=True)
class News:
    """An event and when it was last seen."""

    happened_ns: int
    event: Event


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest run, the traders' names by wallet, and the run's warnings and errors."""

    view: StatusView
    names: Mapping[Wallet, str]
    news: Sequence[News]


async def standing(queries: Queries) -> Standing | None:
    """None if no bot ever ran."""
    view = await queries.status()
    if view is None:
        return None
    names = {target.wallet: target.name for target in await queries.targets()}
    return Standing(view, names, _worst_first(await queries.events(limit=_LOOK_BACK), since_ns=view.run.started_ns))


def _worst_first(events: Iterable[tuple[int, Event]], *, since_ns: int) -> list[News]:
    """`events` newest first; of one wording only the newest."""
    newest: dict[tuple[str, str], News] = {}
    for happened_ns, event in events:
        if happened_ns >= since_ns and event.severity in _WORTH_TELLING:
            newest.setdefault((event.kind, event.message), News(happened_ns, event))
    return sorted(newest.values(), key=lambda one: _WORTH_TELLING.index(one.event.severity))
