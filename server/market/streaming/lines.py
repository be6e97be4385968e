"""The line to one source: opened, opened again when it fails, following what is wanted of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from server.errors import ServerError
from server.market.follows import Pair
from server.market.sources.contract import (
    NOT_OFFERED,
    LiveCandle,
    SeriesRefused,
    SourceError,
    SourceUnreachable,
    Stream,
)
from server.market.streaming.pauses import Pauses
from server.observability.metrics import STREAM_RECONNECTS

_Error = TypeVar("_Error", bound=BaseException)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LineEvents:
    """What is told of a line.

    ``take`` gets every candle; ``opened`` a series whose frames begin, also after an interruption;
    ``refused`` one that the source does not offer after all; ``failed`` why the line has to be opened anew.
    """

    take: Callable[[LiveCandle], Awaitable[None]]
    opened: Callable[[Pair], None]
    refused: Callable[[Pair, ServerError], None]
    failed: Callable[[SourceError], None]


class SourceLine:
    """All series that are streamed from the source ``name``."""

    def __init__(
        self,
        name: str,
        open_stream: Callable[[], Stream],
        events: LineEvents,
        pauses: Pauses | None = None,
    ) -> None:
        self.name = name
        self._open_stream = open_stream
        self._events = events
        self._pauses = pauses or Pauses()
        self._wanted: set[Pair] = set()
        self._changed = asyncio.Event()
        self._deaf = asyncio.Event()
        self.failures = 0
        """Attempts in a row that brought no candle."""

    def want(self, pair: Pair) -> None:
        """Stream a series too."""
        self._wanted.add(pair)
        self._changed.set()

    def drop(self, pair: Pair) -> None:
        """Stream a series no longer."""
        self._wanted.discard(pair)
        self._changed.set()

    def distrust(self) -> None:
        """Open the line anew: the source has candles that did not come over it."""
        self._deaf.set()

    async def run(self) -> None:
        """Keep the line open while something is wanted of it, until cancelled."""
        while True:
            await self._until_wanted()
            try:
                await self._stream()
            except* SeriesRefused as group:
                self._drop_refused(group)
            except* SourceError as group:
                await self._pause_after(_first_of(group))

    def _drop_refused(self, group: BaseExceptionGroup[SeriesRefused]) -> None:
        error = _first_of(group)
        self._wanted.discard(error.pair)
        self._events.refused(error.pair, error)

    async def _pause_after(self, error: SourceError) -> None:
        self.failures += 1
        STREAM_RECONNECTS.labels(self.name).inc()
        pause = self._pauses.next()
        _log.warning("stream failed", source=self.name, pause=round(pause, 2), reason=error.message)
        self._events.failed(error)
        await asyncio.sleep(pause)

    async def _until_wanted(self) -> None:
        while not self._wanted:
            self._changed.clear()
            await self._changed.wait()

    async def _stream(self) -> None:
        """One connection's life. Raises a group of :class:`SourceError`; returns when nothing is wanted."""
        self._deaf.clear()
        # Leaving closes every connection; whatever failed, the tasks are gone by then.
        async with self._open_stream() as stream, asyncio.TaskGroup() as group:
            tasks = [group.create_task(work) for work in (self._listen(stream), self._watch_deafness())]
            await self._follow(stream)
            for task in tasks:
                task.cancel()

    async def _follow(self, stream: Stream) -> None:
        """Follow what is wanted and leave what is not, until nothing is."""
        followed: set[Pair] = set()
        while self._wanted:
            self._changed.clear()
            for pair in followed - self._wanted:
                await stream.leave(*pair)
                followed.discard(pair)
            for pair in sorted(self._wanted - followed):
                if await self._begin(stream, pair):
                    followed.add(pair)
            await self._changed.wait()

    async def _begin(self, stream: Stream, pair: Pair) -> bool:
        try:
            await stream.follow(*pair)
        except NOT_OFFERED as error:
            self._wanted.discard(pair)
            self._events.refused(pair, error)
            return False
        self._events.opened(pair)
        return True

    async def _listen(self, stream: Stream) -> None:
        async for candle in stream:
            if self.failures:
                self.failures = 0
                self._pauses.reset()
            await self._events.take(candle)

    async def _watch_deafness(self) -> None:
        await self._deaf.wait()
        raise SourceUnreachable(f"{self.name} has candles that it did not send", source=self.name)


def _first_of(group: BaseExceptionGroup[_Error]) -> _Error:
    """The first error in a group, however deep it lies."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error  # type: ignore[return-value]
