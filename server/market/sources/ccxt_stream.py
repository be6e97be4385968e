"""Live candles of any exchange that ccxt knows, by WebSocket: their candle channel, or else their trades."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog

from server.market.candles import require_interval
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.contract import (
    Listing,
    LiveCandle,
    SeriesRefused,
    SourceAnswerUnusable,
    SourceError,
    SourceUnreachable,
)
from server.market.sources.exchanges import MISREADINGS, error_of, errors, new_streaming_exchange
from server.market.sources.growing import GrowingCandles, TradedCandles

WATCH_SECONDS = 0.1
Pair = tuple[str, str]
Series = GrowingCandles | TradedCandles
_log = structlog.get_logger(__name__)


class CcxtStream:
    """The live candles of ``source``'s exchange, until the line fails; a new one begins anew.

    A line that brings nothing at all, not even an answer to a ping, is doubted after ``doubt`` seconds
    and given up after ``stale`` seconds. One connection serves all series of an interval.
    """

    def __init__(self, source: CcxtSource, *, stale: float = 30.0, doubt: float = 5.0) -> None:
        self.name = source.name
        self._source = source
        self._stale = stale
        self._doubt = doubt
        # An exchange of its own for each interval: ccxt tells Kraken's candles apart by symbol alone.
        self._exchanges: dict[str, Any] = {}
        self._lines: dict[int, dict[str, Any]] = {}
        self._series: dict[Pair, Series] = {}
        self._tasks: dict[Pair | None, asyncio.Task[None]] = {}
        self._arrived: asyncio.Queue[LiveCandle | BaseException] = asyncio.Queue()

    async def __aenter__(self) -> CcxtStream:
        self._tasks[None] = asyncio.create_task(self._guarded(self._watch_lines()))
        return self

    async def __aexit__(self, *failure: object) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for exchange in self._exchanges.values():
            await exchange.close()

    async def follow(self, ticker: str, interval: str) -> Listing:
        """Send candles of the series too. Raises one of ``NOT_OFFERED``, or :class:`SourceError`."""
        listing = await asyncio.to_thread(self._source.require, ticker, interval)
        pair = (ticker, interval)
        if pair not in self._series:
            exchange = self._exchange(interval)
            candles = bool(exchange.has.get("watchOHLCV"))
            series = (GrowingCandles if candles else TradedCandles)(listing, interval)
            question = _candles_of(exchange, listing, interval) if candles else _trades_of(exchange, listing)
            self._series[pair] = series
            self._tasks[pair] = asyncio.create_task(
                self._guarded(self._receive(exchange, series, question), pair)
            )
        return listing

    async def leave(self, ticker: str, interval: str) -> None:
        """Send candles of the series no longer."""
        pair = (ticker, interval)
        self._series.pop(pair, None)
        task = self._tasks.pop(pair, None)
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def __aiter__(self) -> AsyncIterator[LiveCandle]:
        """Candles as they come, until the line fails: then it raises a :class:`SourceError`."""
        while True:
            arrived = await self._arrived.get()
            if isinstance(arrived, BaseException):
                raise arrived
            yield arrived

    def _exchange(self, interval: str) -> Any:
        require_interval(interval)
        if interval not in self._exchanges:
            source = self._source
            exchange = new_streaming_exchange(self.name, source.base_url, source.timeout)
            # Asked for once, politely; ccxt would ask again for every connection.
            exchange.set_markets(list(source.markets().values()))
            self._exchanges[interval] = exchange
        return self._exchanges[interval]

    async def _receive(self, exchange: Any, series: Series, question: Callable[[], Awaitable[Any]]) -> None:
        while True:
            rows = await question()
            self._require_lines(exchange)
            for change in series.take(rows):
                self._arrived.put_nowait(change)

    def _require_lines(self, exchange: Any) -> None:
        """Raises when ccxt has opened a line anew, which it does not tell: frames between them are lost."""
        lines, present = self._lines.setdefault(id(exchange), {}), exchange.clients or {}
        if any(present.get(url) is not client for url, client in lines.items()):
            raise self._closed()
        lines.update(present)

    def _closed(self) -> SourceUnreachable:
        return SourceUnreachable(f"{self.name} closed the connection", source=self.name)

    async def _watch_lines(self) -> None:
        while True:
            await asyncio.sleep(min(WATCH_SECONDS, self._doubt / 2))
            for interval, exchange in self._exchanges.items():
                self._require_lines(exchange)
                for client in (exchange.clients or {}).values():
                    silence = _silence(client, exchange.milliseconds())
                    if silence > self._doubt:
                        self._doubt_candles(interval)
                        self._require_life(client, silence)

    def _require_life(self, client: Any, silence: float) -> None:
        if silence > self._stale:
            raise SourceUnreachable(
                f"{self.name} has been silent for {silence:.1f} s", source=self.name, silence=silence
            )
        if client.buffer:
            # ccxt stops to read a connection at the first frame that it cannot take.
            raise SourceAnswerUnusable(f"{self.name} sent a frame that cannot be read", source=self.name)

    def _doubt_candles(self, interval: str) -> None:
        for (_, each), series in self._series.items():
            if each == interval:
                series.doubt()

    async def _guarded(self, work: Awaitable[None], pair: Pair | None = None) -> None:
        """Do ``work``, of one series or of all; what it fails with ends the stream, as the contract says."""
        try:
            await work
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not this task: ccxt cancelled what it waited for, as it does with a line that it gives up.
            self._arrived.put_nowait(self._closed())
        except errors.BaseError as error:
            self._arrived.put_nowait(self._failure(error, pair))
        except SourceError as error:
            self._arrived.put_nowait(error)
        except MISREADINGS as error:
            fault = f"{type(error).__name__}: {error}"
            self._arrived.put_nowait(
                SourceAnswerUnusable(f"{self.name} sent what cannot be used: {fault}", source=self.name)
            )

    def _failure(self, error: Exception, pair: Pair | None) -> SourceError:
        found = error_of(error, self.name, None)
        if isinstance(found, SourceError):
            return found
        if pair is None:
            return SourceAnswerUnusable(found.message, source=self.name)
        return SeriesRefused(found.message, source=self.name, pair=pair)


def _candles_of(exchange: Any, listing: Listing, interval: str) -> Callable[[], Awaitable[Any]]:
    return lambda: exchange.watch_ohlcv(listing.symbol, interval)


def _trades_of(exchange: Any, listing: Listing) -> Callable[[], Awaitable[Any]]:
    return lambda: exchange.watch_trades(listing.symbol)


def _silence(client: Any, now: int) -> float:
    """Seconds since the last frame on a connection, of whatever kind, or since it began to open."""
    heard = client.last_message_at or client.connectionEstablished or client.connectionStarted or now
    return float(now - heard) / 1000
