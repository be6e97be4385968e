"""Closed candles on their way into the store; none is dropped while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from server.market.follows import Pair
from server.market.sources.contract import Row
from server.market.streaming.pauses import Pauses

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, NoFreeConnection)
"""What a database that is down, starting, or a standby raises: the same statement may succeed later."""
WRITERS = 8
"""Candles of all series end in the same instant: the database commits those of several together."""

Key = tuple[Pair, str]
"""A series, and the source that its rows are marked with."""
Write = Callable[[Pair, str, Mapping[int, Row]], Awaitable[None]]
_log = structlog.get_logger(__name__)


class CandleBuffer:
    """Hands candles to ``write``, series by series, until it has taken them.

    ``write`` stores rows and raises one of ``DATABASE_AWAY`` when it cannot; then they are kept and
    offered again after a pause. A row that came later replaces one of the same open.
    """

    def __init__(self, write: Write, pauses: Callable[[], Pauses] = Pauses) -> None:
        self._write = write
        self._pauses = pauses
        self._waiting: dict[Key, dict[int, Row]] = {}
        self._taken: set[Key] = set()
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        """How many candles wait."""
        return sum(map(len, self._waiting.values()))

    async def add(self, pair: Pair, source: str, row: Row) -> None:
        """Store a candle as soon as it can be."""
        async with self._changed:
            self._waiting.setdefault((pair, source), {})[row[0]] = row
            self._changed.notify()

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(WRITERS):
                group.create_task(self._run_writer())

    async def drained(self) -> None:
        """Wait until every candle is stored."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._waiting and not self._taken)

    async def _run_writer(self) -> None:
        pauses = self._pauses()
        while True:
            key, rows = await self._take()
            try:
                await self._write(*key, rows)
            except DATABASE_AWAY as error:
                await self._finish(key, rows)
                pause = pauses.next()
                _log.warning(
                    "candles wait for the database",
                    waiting=len(self),
                    pause=pause,
                    error=type(error).__name__,
                )
                await asyncio.sleep(pause)
            else:
                pauses.reset()
                await self._finish(key, {})

    async def _take(self) -> tuple[Key, dict[int, Row]]:
        """The candles of a series that no other writer is busy with."""
        async with self._changed:
            while (key := self._free()) is None:
                await self._changed.wait()
            self._taken.add(key)
            return key, self._waiting.pop(key)

    async def _finish(self, key: Key, unwritten: Mapping[int, Row]) -> None:
        async with self._changed:
            self._taken.discard(key)
            if unwritten:
                self._waiting[key] = {**unwritten, **self._waiting.get(key, {})}
            self._changed.notify_all()

    def _free(self) -> Key | None:
        return next((key for key in self._waiting if key not in self._taken), None)
