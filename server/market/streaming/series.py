"""One streamed series: what arrives is shown, stored, and compared with what the source says when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Set
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from server.errors import ServerError
from server.market.candles import require_interval
from server.market.follows import Pair
from server.market.sources.contract import (
    NOT_OFFERED,
    HistoryNotOffered,
    LiveCandle,
    RateLimited,
    SourceError,
    SourcePaused,
    SourceRefused,
)
from server.market.streaming.buffer import DATABASE_AWAY, CandleBuffer
from server.market.streaming.checks import Checked
from server.market.streaming.pauses import Pauses
from server.market.streaming.prices import RoomPrices

SHOWN_AFTERWARDS = 100
"""How many candles that were made up for are sent to the room; those before them are in the store."""
PATIENCE = 2
"""How many candles a line may be behind what its source says when asked, before it counts as deaf."""

Check = Callable[[int | None, int | None, Set[int]], Awaitable[Checked]]
"""Checks from an open on, or else from where checking begins while the candle of the second open grows; the
third are opens that were missing in the check before."""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Told of a series' source: it is ``deaf`` on the line, has ``refused`` the series, or is ``away``."""

    deaf: Callable[[], None]
    refused: Callable[[ServerError], None]
    away: Callable[[SourceError], None]


class LiveSeries:
    """A series and the source that it comes from.

    Candles that came whole are stored as they came; whatever leaves a doubt is asked for. All of them are
    asked for once more within ``every`` seconds: a frame that never came leaves no trace.
    """

    def __init__(
        self,
        pair: Pair,
        prices: RoomPrices,
        buffer: CandleBuffer,
        check: Check,
        every: float,
        trouble: Trouble,
    ) -> None:
        self.pair = pair
        self.prices = prices
        self._buffer = buffer
        self._check = check
        self._every = every
        self._trouble = trouble
        self._step = require_interval(pair[1])
        self._present: int | None = None
        self._checked: int | None = None
        self._written: int | None = None
        """The oldest open that the line has written and no check was told of."""
        self._missed: Set[int] = frozenset()
        self._needed = -1
        """The newest open that has to be asked for."""
        self._due = asyncio.Event()
        self._fresh = True

    def opened(self) -> None:
        """Frames begin; what came before them is to be made up for."""
        self._fresh = True

    async def take(self, candle: LiveCandle) -> None:
        """A candle that came over the line."""
        opened = candle.row[0]
        if not candle.closed:
            self._present = max(opened, self._present or opened)
            self.prices.show_growing(candle.row)
            if self._fresh:
                self._fresh = False
                self._ask_for(opened - self._step)
        elif candle.sure:
            await self._buffer.add(self.pair, candle.source, candle.row)
        else:
            self._ask_for(opened)

    def written(self, opened: int) -> None:
        """A candle of the line is stored; it may have waited while others were checked, and is after them."""
        self._written = opened if self._written is None else min(opened, self._written)

    async def run(self) -> None:
        """Check whenever it is due, until cancelled."""
        pauses = Pauses()
        while True:
            try:
                async with asyncio.timeout(self._every):
                    await self._due.wait()
            except TimeoutError:
                pass
            self._due.clear()
            pause = await self._checked_or_pause(pauses)
            if pause:
                self._due.set()
                await asyncio.sleep(pause)

    def _ask_for(self, opened: int) -> None:
        self._needed = max(self._needed, opened)
        self._due.set()

    async def _checked_or_pause(self, pauses: Pauses) -> float:
        """Seconds until the check has to be repeated; 0 when it need not be."""
        # Before the first check nobody knows where that begins: the one after it looks at them.
        if self._checked is not None and self._written is not None:
            self._checked = min(self._checked, self._written)
            self._written = None
        try:
            done = await self._check(self._checked, self._present, self._missed)
        except (SourceError, *NOT_OFFERED, *DATABASE_AWAY, RedisError) as error:
            return self._pause_after(error, pauses)
        if not self._note(done):
            return pauses.next()
        pauses.reset()
        return 0.0

    def _note(self, done: Checked) -> bool:
        """Whether the check found what it had to."""
        self._missed = done.missing
        if done.newest is None:
            return self._needed < 0
        self._checked = done.until
        for opened in sorted(done.written)[-SHOWN_AFTERWARDS:]:
            self.prices.show_ended(done.written[opened])
        if self._present is not None and done.newest > self._present + PATIENCE * self._step:
            self._trouble.deaf()
        return done.newest >= self._needed

    def _pause_after(self, error: Exception, pauses: Pauses) -> float:
        pause = pauses.next()
        if isinstance(error, RateLimited | SourcePaused) and error.retry_after:
            pause += error.retry_after
        if isinstance(error, NOT_OFFERED) and not isinstance(error, HistoryNotOffered):
            self._trouble.refused(error)
        elif isinstance(error, SourcePaused | SourceRefused):
            self._trouble.away(error)
        reason = error.message if isinstance(error, ServerError) else type(error).__name__
        _log.info("check postponed", ticker=self.pair[0], interval=self.pair[1], pause=pause, reason=reason)
        return pause
