"""Sources that refused a series they list: each is passed over for a while, longer every time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from server.errors import ServerError
from server.market.follows import Pair
from server.market.streaming.pauses import Pauses

SHORTEST_SECONDS, LONGEST_SECONDS = 30.0, 1800.0


@dataclass(slots=True)
class Refusal:
    """What a source said of a series, and until when (``clock``) it is not asked again."""

    error: ServerError
    until: float
    pauses: Pauses


class Refusals:
    """What each source refused.

    A series that is refused on the line costs all others of that line their connection: without a memory
    of it, one such series would do so every few seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_pair: dict[Pair, dict[str, Refusal]] = {}

    def note(self, pair: Pair, name: str, error: ServerError) -> None:
        """The source ``name`` refused the series ``pair``."""
        now, before = self._clock(), self._by_pair.setdefault(pair, {}).get(name)
        known = before is not None and now - before.until < LONGEST_SECONDS
        pauses = before.pauses if before and known else Pauses(SHORTEST_SECONDS, LONGEST_SECONDS)
        self._by_pair[pair][name] = Refusal(error, now + pauses.next(), pauses)

    def of(self, pair: Pair) -> dict[str, ServerError]:
        """The sources that are not to be asked for a series now, with what each said."""
        now = self._clock()
        return {
            name: refusal.error
            for name, refusal in self._by_pair.get(pair, {}).items()
            if now < refusal.until
        }

    def keep_only(self, pairs: Iterable[Pair]) -> None:
        """Forget what was said of other series."""
        for pair in self._by_pair.keys() - set(pairs):
            del self._by_pair[pair]
