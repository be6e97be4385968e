"""The stream process: live candles of the followed series, stored as they close and shown as they grow.

Several may run, on any number of machines: each ticker is streamed by the one that has its lease.
What a process had not stored when it died is fetched by the next one, which begins at the last
candle that is stored.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import structlog
from flask import Flask
from redis.exceptions import RedisError

from server.config import Settings
from server.errors import ServerError
from server.market import follows, store
from server.market.candles import require_interval
from server.market.follows import Pair
from server.market.sources.contract import LiveCandle, Row, Source, SourceError
from server.market.sources.order import Sources
from server.market.streaming.agreement import candles_of
from server.market.streaming.buffer import DATABASE_AWAY, WRITERS, CandleBuffer
from server.market.streaming.checks import Checked, check, first_to_check
from server.market.streaming.leases import StreamLeases
from server.market.streaming.lines import SourceLine
from server.market.streaming.pauses import Pauses
from server.market.streaming.prices import RoomPrices
from server.market.streaming.series import LiveSeries
from server.observability.metrics import CANDLES_STREAMED, STREAM_LAG
from server.realtime.publisher import BackgroundPublisher, Publisher

ROUND_SECONDS = 2.0
"""How soon a series that is followed from now on is streamed."""
LONGEST_CHOICE_PAUSE = 60.0
"""How long a series waits at most that no source has, or of which none answers."""
DRAIN_SECONDS = 10.0
"""How long the last candles may take to be stored when the process is asked to end."""
WAITING_EVENTS = 10_000

_log = structlog.get_logger(__name__)
_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")


class StreamProcess:
    """Streams what is followed until it is asked to stop."""

    def __init__(self, app: Flask, publisher: Publisher) -> None:
        settings: Settings = app.config["SETTINGS"]
        self._app = app
        self._every = settings.stream_check_seconds
        self._sources = Sources(settings)
        self._publisher = BackgroundPublisher(publisher, _start_thread, WAITING_EVENTS)
        self._leases = StreamLeases(settings.redis_database(1), settings.stream_lease_seconds)
        self._round_seconds = min(ROUND_SECONDS, settings.stream_lease_seconds / 4)
        self._buffer = CandleBuffer(self._write)
        self._writers = ThreadPoolExecutor(WRITERS, "writer")
        self._callers: dict[str, ThreadPoolExecutor] = {}
        self._followed: list[Pair] = []
        self._held: set[str] = set()
        self._now = 0
        self._lines: dict[str, SourceLine] = {}
        self._series: dict[Pair, tuple[LiveSeries, SourceLine, asyncio.Task[None]]] = {}
        self._due: dict[Pair, float] = {}
        self._pauses: dict[Pair, Pauses] = {}
        self._nothing_answers = False

    async def run(self, stopping: asyncio.Event) -> None:
        """Stream until ``stopping`` is set; then store what has come and let others go on."""
        writing = asyncio.create_task(self._buffer.run())
        streaming = asyncio.create_task(self._stream())
        asked = asyncio.create_task(stopping.wait())
        try:
            done, _ = await asyncio.wait({writing, streaming, asked}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancelled(streaming, asked)
            await self._end()
            await _cancelled(writing)

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._buffer.drained()
            await asyncio.to_thread(self._leases.release, self._held)
        except TimeoutError:
            _log.warning("candles are left to the next stream process", candles=len(self._buffer))
        except RedisError as error:
            _log.warning("leases run out by themselves", error=type(error).__name__)
        self._leases.close()
        self._sources.close()
        for pool in (self._writers, *self._callers.values()):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _stream(self) -> None:
        async with asyncio.TaskGroup() as group:
            choosing: asyncio.Task[None] | None = None
            group.create_task(self._keep_reading_followed())
            while True:
                await self._renew()
                mine = [pair for pair in self._followed if pair[0] in self._held]
                for pair in self._series.keys() - set(mine):
                    self._drop(pair)
                if choosing is None or choosing.done():
                    choosing = group.create_task(self._take_up(group, mine))
                await asyncio.sleep(self._round_seconds)

    async def _keep_reading_followed(self) -> None:
        # Apart from the leases, which must be renewed also while the database does not answer.
        while True:
            try:
                self._followed = await asyncio.to_thread(self._in_app(follows.followed))
            except DATABASE_AWAY as error:
                _log.debug("followed series are those of before", error=type(error).__name__)
            await asyncio.sleep(self._round_seconds)

    async def _renew(self) -> None:
        """Which of the followed series this process may stream."""
        tickers = {ticker for ticker, _ in self._followed}
        try:
            if dropped := self._held - tickers:
                await asyncio.to_thread(self._leases.release, dropped)
            self._now, held = await asyncio.to_thread(self._leases.hold, tickers)
        except RedisError as error:
            # Nobody can take a lease meanwhile.
            _log.debug("leases are not renewed", error=type(error).__name__)
            return
        if lost := (self._held & tickers) - held:
            _log.warning("another process streams now", tickers=sorted(lost))
        self._held = held

    async def _take_up(self, group: asyncio.TaskGroup, mine: list[Pair]) -> None:
        """Choose the source of every series that has none yet."""
        for pair in mine:
            if pair in self._series or time.monotonic() < self._due.get(pair, 0.0):
                continue
            try:
                source = await asyncio.to_thread(self._sources.choose, *pair)
            except (SourceError, RedisError) as error:
                self._postpone(pair, error)
            else:
                if pair[0] in self._held:
                    self._begin(group, pair, source)

    def _begin(self, group: asyncio.TaskGroup, pair: Pair, source: Source) -> None:
        line = self._lines.get(source.name)
        if line is None:
            line = self._lines[source.name] = SourceLine(
                source.name, lambda: self._sources.stream(source.name), self._take, self._opened, self._refuse
            )
            self._callers[source.name] = ThreadPoolExecutor(1, source.name)
            group.create_task(line.run())
        later = asyncio.get_running_loop().call_later
        prices = RoomPrices(self._publisher, *pair, self._now, later)

        async def ask(since: int | None, present: int | None) -> Checked:
            return await self._ask(source, pair, since, present)

        series = LiveSeries(pair, prices, self._buffer, ask, self._every, line.distrust)
        self._series[pair] = (series, line, group.create_task(series.run()))
        self._nothing_answers = False
        self._pauses.pop(pair, None)
        line.want(pair)
        _log.info("streaming", ticker=pair[0], interval=pair[1], source=source.name)

    def _drop(self, pair: Pair) -> None:
        series, line, checking = self._series.pop(pair)
        line.drop(pair)
        checking.cancel()
        series.prices.close()
        _log.info("no longer streaming", ticker=pair[0], interval=pair[1])

    async def _take(self, candle: LiveCandle) -> None:
        if found := self._series.get((candle.ticker, candle.interval)):
            await found[0].take(candle)

    def _opened(self, pair: Pair) -> None:
        if found := self._series.get(pair):
            found[0].opened()

    def _refuse(self, pair: Pair, error: ServerError) -> None:
        if pair in self._series:
            self._drop(pair)
        self._postpone(pair, error)

    def _postpone(self, pair: Pair, error: Exception) -> None:
        pauses = self._pauses.setdefault(pair, Pauses(longest=LONGEST_CHOICE_PAUSE))
        self._due[pair] = time.monotonic() + pauses.next()
        if not self._nothing_answers:
            # Said once: without the internet this goes on for as long as the stack runs.
            self._nothing_answers = True
            reason = error.message if isinstance(error, ServerError) else type(error).__name__
            _log.warning(
                "no live candles for now; tried again quietly",
                ticker=pair[0], interval=pair[1], reason=reason,
            )  # fmt: skip

    async def _write(self, pair: Pair, source: str, rows: Mapping[int, Row]) -> None:
        upsert = self._in_app(store.upsert)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writers, upsert, *pair, source, candles_of(rows))
        self._stored(pair, rows, "line")
        if found := self._series.get(pair):
            for opened in sorted(rows):
                found[0].prices.show_ended(rows[opened])

    async def _ask(self, source: Source, pair: Pair, since: int | None, present: int | None) -> Checked:
        def ask() -> Checked:
            known = self._leases.checked_until(pair) if since is None else since
            done = check(source, pair, first_to_check(pair, present, known) if since is None else since)
            if done.newest is not None:
                self._leases.note_checked(pair, done.until)
            return done

        pool = self._callers[source.name]
        done = await asyncio.get_running_loop().run_in_executor(pool, self._in_app(ask))
        self._stored(pair, done.written, "fetched")
        return done

    def _stored(self, pair: Pair, rows: Mapping[int, Row], origin: str) -> None:
        step, now = require_interval(pair[1]), time.time()
        CANDLES_STREAMED.labels(origin).inc(len(rows))
        for opened in rows:
            STREAM_LAG.observe(max(0.0, now - opened - step))

    def _in_app(self, work: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
        def within(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Answer:
            with self._app.app_context():
                return work(*arguments, **named)

        return within


def stream_until_stopped(app: Flask, publisher: Publisher) -> None:
    """Run a stream process until SIGINT or SIGTERM."""

    async def run() -> None:
        stopping, loop = asyncio.Event(), asyncio.get_running_loop()
        loop.set_exception_handler(_note_stray_failure)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopping.set)
        await StreamProcess(app, publisher).run(stopping)

    asyncio.run(run())


def _note_stray_failure(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """What fails in a callback of ccxt also ends the line, which says so and is opened again."""
    _log.debug("callback failed", what=context.get("message"), error=repr(context.get("exception")))


async def _cancelled(*tasks: asyncio.Task[object] | asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _start_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="publisher", daemon=True).start()
