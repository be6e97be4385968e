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
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ParamSpec, TypeVar

import structlog
from flask import Flask
from redis.exceptions import RedisError

from server.config import Settings
from server.market import bursts, follows
from server.market.arrivals import candles_stored
from server.market.candles import require_interval
from server.market.follows import Pair
from server.market.sources.contract import Source
from server.market.sources.order import Sources
from server.market.streaming.aftermath import Aftermath
from server.market.streaming.agreement import Rows, candles_of
from server.market.streaming.buffer import DATABASE_AWAY, CandleBuffer, Waiting
from server.market.streaming.checks import Checked, check, first_to_check, is_quiet
from server.market.streaming.leases import StreamLeases
from server.market.streaming.placement import Placement
from server.market.streaming.prices import RoomPrices
from server.market.streaming.series import LiveSeries, Trouble
from server.observability.metrics import CANDLES_STREAMED, STREAM_LAG
from server.realtime.publisher import BackgroundPublisher, Publisher

ROUND_SECONDS = 2.0
"""How soon a series that is followed from now on is streamed."""
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
        self._settings = settings
        self._sources = Sources(settings)
        self._publisher = BackgroundPublisher(publisher, _start_thread, WAITING_EVENTS)
        self._leases = StreamLeases(settings.redis_database(1), settings.stream_lease_seconds)
        self._round_seconds = min(ROUND_SECONDS, settings.stream_lease_seconds / 4)
        self._buffer = CandleBuffer(self._write)
        self._aftermath = Aftermath(
            self._publisher.wait_until_sent, self._in_app(_tell), self._in_app(bursts.flag_arrival)
        )
        self._writer = ThreadPoolExecutor(1, "writer")
        self._callers: dict[str, ThreadPoolExecutor] = {}
        self._followed: list[Pair] = []
        self._held: set[str] = set()
        self._now = 0
        self._prices: dict[Pair, RoomPrices] = {}
        self._placement: Placement | None = None
        self._looked_at: dict[str, float] = {}

    async def run(self, stopping: asyncio.Event) -> None:
        """Stream until ``stopping`` is set; then store what has come and let others go on."""
        writing = asyncio.create_task(self._buffer.run())
        following_up = asyncio.create_task(self._aftermath.run())
        streaming = asyncio.create_task(self._stream())
        asked = asyncio.create_task(stopping.wait())
        working = {writing, following_up, streaming, asked}
        try:
            done, _ = await asyncio.wait(working, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancelled(streaming, asked)
            await self._end()
            await _cancelled(writing, following_up)

    async def _end(self) -> None:
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await self._buffer.drained()
                await self._aftermath.told()
            await asyncio.to_thread(self._leases.release, self._held)
        except TimeoutError:
            _log.warning("candles are left to the next stream process", candles=len(self._buffer))
        except RedisError as error:
            _log.warning("leases run out by themselves", error=type(error).__name__)
        self._leases.close()
        self._sources.close()
        for pool in (self._writer, *self._callers.values()):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _stream(self) -> None:
        async with asyncio.TaskGroup() as group:
            steady = self._settings.stream_return_seconds
            self._placement = placement = Placement(self._sources, self._make_series, group, steady)
            placing: asyncio.Task[None] | None = None
            group.create_task(self._keep_reading_followed())
            while True:
                await self._renew()
                mine = self._mine()
                placement.keep_only(mine)
                self._prices = {pair: each for pair, each in self._prices.items() if pair in mine}
                if placing is None or placing.done():
                    placing = group.create_task(placement.place(mine, lambda pair: pair in self._mine()))
                await self._tell_states(placement, mine)
                await asyncio.sleep(self._round_seconds)

    def _mine(self) -> list[Pair]:
        return [pair for pair in self._followed if pair[0] in self._held]

    async def _tell_states(self, placement: Placement, mine: Sequence[Pair]) -> None:
        try:
            await asyncio.to_thread(self._leases.tell, placement.states(mine))
        except RedisError as error:
            _log.debug("states are not told", error=type(error).__name__)

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

    def _make_series(self, pair: Pair, source: Source, trouble: Trouble) -> LiveSeries:
        async def ask(since: int | None, present: int | None, missed: Set[int]) -> Checked:
            return await self._ask(source, pair, since, present, missed)

        if pair not in self._prices:
            later = asyncio.get_running_loop().call_later
            self._prices[pair] = RoomPrices(self._publisher, *pair, self._now, later)
        return LiveSeries(
            pair, self._prices[pair], self._buffer, ask, self._settings.stream_check_seconds, trouble
        )

    async def _write(self, lot: Sequence[Waiting]) -> Collection[Pair]:
        parts = [bursts.Part(each.pair, each.source, candles_of(each.rows)) for each in lot]
        store = self._in_app(bursts.store_burst)
        burst = await asyncio.get_running_loop().run_in_executor(self._writer, store, parts)
        stored = [each for each in lot if each.pair not in burst.busy]
        for each in stored:
            self._show(each.pair, each.rows)
        # Whoever looks at a room is told first: counting, and word of all of them, take longer.
        for each in stored:
            self._count(each.pair, each.rows, "line")
        self._aftermath.add(burst.arrivals)
        return burst.busy

    def _show(self, pair: Pair, rows: Rows) -> None:
        series = self._placement.series(pair) if self._placement else None
        if series is not None:
            series.written(min(rows))
        if pair in self._prices:
            for opened in sorted(rows):
                self._prices[pair].show_ended(rows[opened])

    async def _ask(
        self, source: Source, pair: Pair, since: int | None, present: int | None, missed: Set[int]
    ) -> Checked:
        def ask() -> Checked:
            known = self._leases.checked_until(pair) if since is None else since
            first = first_to_check(pair, present, known) if since is None else since
            done = check(source, pair, first, missed, self._settings.market_flat_candles)
            if done.newest is not None:
                self._leases.note_checked(pair, done.until)
            if is_quiet(pair, done):
                self._look_again(source, pair)
            return done

        pool = self._callers.setdefault(source.name, ThreadPoolExecutor(1, source.name))
        done = await asyncio.get_running_loop().run_in_executor(pool, self._in_app(ask))
        self._count(pair, done.written, "fetched")
        return done

    def _look_again(self, source: Source, pair: Pair) -> None:
        """Raises one of ``NOT_OFFERED`` when a series is quiet because its market is gone.

        The list of markets is asked for anew as often as one series is checked, however many are quiet.
        """
        now, every = time.monotonic(), self._settings.stream_check_seconds
        if now - self._looked_at.get(source.name, -every) >= every:
            self._looked_at[source.name] = now
            source.forget_markets()
        source.require(*pair)

    def _count(self, pair: Pair, rows: Rows, origin: str) -> None:
        step, now = require_interval(pair[1]), time.time()
        CANDLES_STREAMED.labels(origin).inc(len(rows))
        for opened in rows:
            STREAM_LAG.observe(max(0.0, now - opened - step))

    def _in_app(self, work: Callable[_Arguments, _Answer]) -> Callable[_Arguments, _Answer]:
        def within(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> _Answer:
            with self._app.app_context():
                return work(*arguments, **named)

        return within


def _tell(arrival: bursts.Arrival) -> None:
    ticker, interval = arrival.pair
    candles_stored.send(None, ticker=ticker, interval=interval, first=arrival.first, last=arrival.last)


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
