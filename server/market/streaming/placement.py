"""Which source each series is streamed from: the first that has it, the next one while that fails.

A source that is not relied on keeps its line as far as it has one: when candles have come over it
steadily, the series go back to it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from server.errors import ServerError
from server.market.courtesy.breaker import OPEN
from server.market.follows import Pair
from server.market.sources.contract import NOT_OFFERED, LiveCandle, SeriesRefused, Source, SourceError
from server.market.sources.order import NoSource, Sources
from server.market.streaming.lines import LineEvents, SourceLine
from server.market.streaming.lineup import Lineup
from server.market.streaming.pauses import Pauses
from server.market.streaming.refusals import Refusals
from server.market.streaming.series import LiveSeries, Trouble
from server.market.streaming.states import FAILING, FALLBACK, LIVE, WAITING, SeriesState
from server.observability.metrics import STREAM_SOURCE_CHANGES

LONGEST_CHOICE_PAUSE = 60.0
"""How long a series waits at most that no source has, or of which none answers."""
NOT_OFFERED_CODES = {each.error_code for each in (*NOT_OFFERED, SeriesRefused)}

MakeSeries = Callable[[Pair, Source, Trouble], LiveSeries]
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Streamed:
    """A series, the source that it comes from, and the task that checks it."""

    series: LiveSeries
    source: Source
    checking: asyncio.Task[None]


class Placement:
    """The series that this process streams. ``steady``: see :class:`Standing`."""

    def __init__(
        self, sources: Sources, make_series: MakeSeries, group: asyncio.TaskGroup, steady: float
    ) -> None:
        self._sources = sources
        self._make_series = make_series
        self._group = group
        self._lineup = Lineup(self._open_line, steady)
        self._streamed: dict[Pair, Streamed] = {}
        self._due: dict[Pair, float] = {}
        self._pauses: dict[Pair, Pauses] = {}
        self._reasons: dict[Pair, str] = {}
        self._refusals = Refusals()
        self._named: set[Pair] = set()
        self._loaded: set[str] = set()
        self._nothing_answers = False

    def series(self, pair: Pair) -> LiveSeries | None:
        """A series that is streamed."""
        found = self._streamed.get(pair)
        return None if found is None else found.series

    def keep_only(self, mine: Sequence[Pair]) -> None:
        """Stream nothing but ``mine``."""
        for pair in self._streamed.keys() - set(mine):
            self._end(pair).series.prices.close()
            self._lineup.keep(pair, ())
            _log.info("no longer streaming", ticker=pair[0], interval=pair[1])
        for pair in (self._reasons.keys() | self._due.keys()) - set(mine):
            self._forget(pair)
        self._refusals.keep_only(mine)

    async def place(self, mine: Sequence[Pair], still_mine: Callable[[Pair], bool]) -> None:
        """Choose the source of every series anew that has none, or not the one it should have."""
        for pair in mine:
            if time.monotonic() < self._due.get(pair, 0.0):
                continue
            names, streamed = self._sources.names(pair[0]), self._streamed.get(pair)
            if streamed is None:
                source = await self._first_with(pair, names)
                if source is not None and still_mine(pair):
                    self._begin(pair, source, self._reasons.get(pair))
            elif self._is_misplaced(streamed, names):
                await self._look_around(pair, streamed, names)

    def states(self, mine: Sequence[Pair]) -> list[SeriesState]:
        """How each of the series is streamed now."""
        return [self._state(pair) for pair in mine]

    def _is_misplaced(self, streamed: Streamed, names: Sequence[str]) -> bool:
        return streamed.source.name != names[0] or self._lineup.standing(streamed.source.name).away

    async def _look_around(self, pair: Pair, streamed: Streamed, names: Sequence[str]) -> None:
        """Move a series to a source that is relied on, or that comes before its own and is steady."""
        present = streamed.source.name
        failing = self._lineup.standing(present).away
        left_alone = await asyncio.to_thread(self._left_alone)
        refused = self._refusals.of(pair)
        for name in names:
            if name in refused:
                continue
            standing = self._lineup.standing(name)
            steady = standing.steady and name not in left_alone
            if name == present:
                if steady:
                    standing.rely()
                if not standing.away:
                    return
                continue
            source = await self._if_offered(pair, name)
            if source is None or self._streamed.get(pair) is not streamed:
                continue
            if steady or (failing and not standing.away):
                standing.rely()
                self._move(pair, streamed, source, names)
                return
            self._lineup.want(name, pair)

    async def _first_with(self, pair: Pair, names: Sequence[str]) -> Source | None:
        """The first source that has a series and is relied on; None: it is looked for again later.

        One that fails is better than none, but not one that lists a series and has just refused it.
        """
        troubles = {name: self._lineup.standing(name).trouble for name in names}
        failed = {name: trouble for name, trouble in troubles.items() if trouble is not None}
        refused = self._refusals.of(pair)
        if len(failed | refused) == len(names):
            failed = {}
        failed |= refused
        try:
            return await asyncio.to_thread(self._sources.choose, *pair, None, failed)
        except (SourceError, RedisError) as error:
            self._postpone(pair, error)
            self._say_why_not(pair, error)
            return None

    async def _if_offered(self, pair: Pair, name: str) -> Source | None:
        """The source ``name`` if it has a series; None: it is asked again later, and why is known."""

        def ask() -> Source:
            source = self._sources.of(name)
            source.require(*pair)
            return source

        try:
            return await asyncio.to_thread(ask)
        except (SourceError, *NOT_OFFERED, RedisError) as error:
            self._postpone(pair, error)
            return None

    def _left_alone(self) -> set[str]:
        try:
            return {each.source for each in self._sources.states() if each.state == OPEN}
        except RedisError:
            return set(self._sources.exchanges())

    def _begin(self, pair: Pair, source: Source, reason: str | None) -> None:
        """Stream a series; ``reason`` says why from this source, if it is not the first."""

        def away(error: SourceError) -> None:
            self._leave(source.name, error)

        trouble = Trouble(
            deaf=lambda: self._lineup.distrust(source.name),
            refused=lambda error: self._refuse(source.name, pair, error),
            away=away,
        )
        series = self._make_series(pair, source, trouble)
        self._streamed[pair] = Streamed(series, source, self._group.create_task(series.run()))
        self._forget(pair)
        if reason is not None:
            self._reasons[pair] = reason
        self._nothing_answers = False
        self._lineup.want(source.name, pair)
        _log.info("streaming", ticker=pair[0], interval=pair[1], source=source.name)

    def _move(self, pair: Pair, streamed: Streamed, source: Source, names: Sequence[str]) -> None:
        """Stream a series from another source; those before it stay on the line to be gone back to."""
        trouble = self._lineup.standing(streamed.source.name).trouble
        reason = trouble.message if trouble else f"{source.name} is steady again"
        self._end(pair)
        self._begin(pair, source, reason)
        self._lineup.keep(pair, names[: names.index(source.name) + 1])
        STREAM_SOURCE_CHANGES.labels(streamed.source.name, source.name).inc()
        _log.warning(
            "another source is streamed from",
            ticker=pair[0], interval=pair[1], before=streamed.source.name, source=source.name, reason=reason,
        )  # fmt: skip

    def _end(self, pair: Pair) -> Streamed:
        streamed = self._streamed.pop(pair)
        streamed.checking.cancel()
        return streamed

    def _forget(self, pair: Pair) -> None:
        for known in (self._due, self._pauses, self._reasons):
            known.pop(pair, None)
        self._named.discard(pair)

    def _open_line(self, name: str) -> SourceLine:
        events = LineEvents(
            take=lambda candle: self._take(name, candle),
            opened=lambda pair: self._opened(name, pair),
            refused=lambda pair, error: self._refuse(name, pair, error),
            failed=lambda error: self._failed(name, error),
        )
        line = SourceLine(name, lambda: self._sources.stream(name), events)
        self._group.create_task(line.run())
        return line

    async def _take(self, name: str, candle: LiveCandle) -> None:
        self._lineup.standing(name).brought()
        self._keep_loaded(name)
        found = self._streamed.get((candle.ticker, candle.interval))
        if found is not None and found.source.name == name:
            await found.series.take(candle)

    def _keep_loaded(self, name: str) -> None:
        """At a source's first candle: exempt all that is loaded from the search for garbage, for good.

        It stays as long as the process. To look through ccxt and the lists of markets takes 0.1 s and more,
        in which no candle of any series moves.
        """
        if name not in self._loaded:
            self._loaded.add(name)
            gc.freeze()

    def _opened(self, name: str, pair: Pair) -> None:
        found = self._streamed.get(pair)
        if found is not None and found.source.name == name:
            found.series.opened()

    def _failed(self, name: str, error: ServerError) -> None:
        if self._lineup.failed(name, error):
            self._look_elsewhere(name, error)

    def _leave(self, name: str, error: SourceError) -> None:
        if self._lineup.standing(name).leave(error):
            self._look_elsewhere(name, error)

    def _look_elsewhere(self, name: str, error: ServerError) -> None:
        _log.warning("source is not relied on for now", source=name, reason=error.message)
        for pair, streamed in self._streamed.items():
            if streamed.source.name == name:
                self._due.pop(pair, None)

    def _refuse(self, name: str, pair: Pair, error: ServerError) -> None:
        """A source has no such series after all, or no longer."""
        _log.warning("series refused", ticker=pair[0], interval=pair[1], source=name, reason=error.message)
        found = self._streamed.get(pair)
        if found is None:
            return
        self._refusals.note(pair, name, error)
        if found.source.name == name:
            self._end(pair)
            self._lineup.keep(pair, ())
        self._postpone(pair, error)

    def _postpone(self, pair: Pair, error: Exception) -> None:
        pauses = self._pauses.setdefault(pair, Pauses(longest=LONGEST_CHOICE_PAUSE))
        self._due[pair] = time.monotonic() + pauses.next()
        self._reasons[pair] = error.message if isinstance(error, ServerError) else type(error).__name__

    def _say_why_not(self, pair: Pair, error: Exception) -> None:
        named = {"ticker": pair[0], "interval": pair[1], "reason": self._reasons[pair]}
        if _is_lasting(error):
            if pair not in self._named:
                self._named.add(pair)
                _log.warning("series cannot be streamed", **named)
        elif not self._nothing_answers:
            # Said once: without the internet this goes on for as long as the stack runs.
            self._nothing_answers = True
            _log.warning("no live candles for now; tried again quietly", **named)

    def _state(self, pair: Pair) -> SeriesState:
        preferred, found = self._sources.names(pair[0])[0], self._streamed.get(pair)
        reason = self._reasons.get(pair)
        if found is None:
            return SeriesState(*pair, WAITING, None, preferred, reason)
        trouble = self._lineup.standing(found.source.name).trouble
        if trouble is not None:
            return SeriesState(*pair, FAILING, found.source.name, preferred, trouble.message)
        if found.source.name == preferred:
            return SeriesState(*pair, LIVE, found.source.name, preferred, None)
        return SeriesState(*pair, FALLBACK, found.source.name, preferred, reason)


def _is_lasting(error: Exception) -> bool:
    """Whether every source has answered that it does not offer the series."""
    return isinstance(error, NoSource) and NOT_OFFERED_CODES.issuperset(error.details["reasons"].values())
