"""The content delivery network in front of the Data API: repeats an answer for a while, whatever has changed."""

from dataclasses import dataclass

from polybot.utils.clock import Clock


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    status: int
    body: bytes
    trace_id: str
    stored_s: float


MAX_ANSWERS = 1000


class Cdn:
    """Keyed by the whole URL, whatever the request's headers ask for: a caller who adds an unused parameter gets a
    fresh answer. Only 200s are kept, and of them the newest `MAX_ANSWERS`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answers: dict[str, CachedAnswer] = {}

    def find(self, url: str, *, max_age_s: float) -> CachedAnswer | None:
        answer = self._answers.get(url)
        return answer if answer is not None and self.age_s(answer) < max_age_s else None

    def store(self, url: str, *, status: int, body: bytes, trace_id: str) -> CachedAnswer:
        answer = CachedAnswer(status, body, trace_id, self._clock.monotonic())
        if status == 200:
            self._answers.pop(url, None)
            self._answers[url] = answer
        if len(self._answers) > MAX_ANSWERS:
            del self._answers[next(iter(self._answers))]
        return answer

    def age_s(self, answer: CachedAnswer) -> float:
        return self._clock.monotonic() - answer.stored_s
