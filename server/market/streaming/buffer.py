"""Closed candles on their way into the store; none is dropped while the database is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from server.market.follows import Pair
from server.market.sources.contract import Row
from server.market.streaming.pauses import Pauses

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, NoFreeConnection)
"""What a database that is down, starting, or a standby raises: the same statement may succeed later."""
MOST_CANDLES = 2000
"""Candles that are written together, rounded up to whole series."""
BUSY_SECONDS = 0.1
"""How long to wait where every series that candles wait of is written by somebody else."""
GATHER_SECONDS = 0.005
"""How long candles wait for others that end in the same instant, and again while more of them come."""
MOST_GATHERINGS = 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """Candles of one series and one mark, by their opens."""

    pair: Pair
    source: str
    rows: Mapping[int, Row]


Write = Callable[[Sequence[Waiting]], Awaitable[Collection[Pair]]]
"""Stores candles, and answers of which series it did not: somebody else writes them now."""
_log = structlog.get_logger(__name__)


class CandleBuffer:
    """Hands what waits to ``write``, all series at once, until it has taken it.

    Candles of all series end in the same instant, and one statement for all of them takes hardly longer than
    one for the first: so the first waits a moment. What comes while one lot is written is the next lot.
    ``write`` raises one of ``DATABASE_AWAY`` when it can store nothing; then all is kept and offered again
    after a pause. A row that came later replaces one of the same open.
    """

    def __init__(self, write: Write, pauses: Callable[[], Pauses] = Pauses) -> None:
        self._write = write
        self._pauses = pauses
        self._waiting: dict[Pair, dict[int, tuple[str, Row]]] = {}
        self._writing = False
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        """How many candles wait."""
        return sum(map(len, self._waiting.values()))

    async def add(self, pair: Pair, source: str, row: Row) -> None:
        """Store a candle as soon as it can be."""
        async with self._changed:
            self._waiting.setdefault(pair, {})[row[0]] = (source, row)
            self._changed.notify_all()

    async def drained(self) -> None:
        """Wait until every candle is stored."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._waiting and not self._writing)

    async def run(self) -> None:
        """Store what comes, until cancelled."""
        pauses = self._pauses()
        while True:
            lot = await self._take()
            try:
                busy = await self._write(lot)
            except DATABASE_AWAY as error:
                await self._finish(lot)
                pause = pauses.next()
                reason = type(error).__name__
                _log.warning("candles wait for the database", waiting=len(self), pause=pause, error=reason)
                await asyncio.sleep(pause)
            else:
                pauses.reset()
                left = [each for each in lot if each.pair in busy]
                await self._finish(left)
                if len(left) == len(lot):
                    await asyncio.sleep(BUSY_SECONDS)

    async def _take(self) -> list[Waiting]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._waiting)
        await self._gather()
        async with self._changed:
            self._writing = True
            lot: list[Waiting] = []
            for pair in list(self._waiting):
                lot.append(self._take_series(pair))
                if sum(len(each.rows) for each in lot) >= MOST_CANDLES:
                    break
            return lot

    async def _gather(self) -> None:
        """Let those come that end together with what waits."""
        for _ in range(MOST_GATHERINGS):
            before = len(self)
            await asyncio.sleep(GATHER_SECONDS)
            if len(self) == before:
                return

    def _take_series(self, pair: Pair) -> Waiting:
        """What waits of a series with the mark of its first candle; another mark's candles wait on."""
        marked = self._waiting.pop(pair)
        source = next(iter(marked.values()))[0]
        rows = {opened: row for opened, (mark, row) in marked.items() if mark == source}
        if others := {opened: each for opened, each in marked.items() if each[0] != source}:
            self._waiting[pair] = others
        return Waiting(pair, source, rows)

    async def _finish(self, unwritten: Sequence[Waiting]) -> None:
        async with self._changed:
            self._writing = False
            for each in unwritten:
                before = {opened: (each.source, row) for opened, row in each.rows.items()}
                self._waiting[each.pair] = before | self._waiting.get(each.pair, {})
            self._changed.notify_all()
