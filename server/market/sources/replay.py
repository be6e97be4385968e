"""Candles that are at hand, played as if they arrived now: for demonstrations and tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable

import numpy as np

from server.market.candles import Candles, require_interval, require_ticker
from server.market.sources.contract import (
    IntervalNotOffered,
    Listing,
    LiveCandle,
    MarketUnknown,
    Page,
    Price,
    Row,
)

NAME = "replay"
PAGE_ROWS = 1000


class Replay:
    """One series of ``candles``, played ``speed`` times as fast as it happened; a source and a stream.

    It begins, when it is first asked for something, at ``start`` (seconds, UTC; default: the first candle's
    open): what ended before is history. A candle is shown at its open, at its opening price, and at its end,
    whole: what happened between them is not known. ``source`` is what rows are marked with; ``clock`` counts
    real seconds.
    """

    name = NAME

    def __init__(
        self,
        candles: Candles,
        ticker: str,
        interval: str,
        source: str,
        *,
        speed: float = 1.0,
        start: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._candles = candles
        self._step = require_interval(interval)
        self._interval = interval
        self._listing = Listing(require_ticker(ticker), ticker.replace("-", "/"), source)
        self._speed = speed
        self._clock = clock
        self._start = float(candles.timestamp[0]) if start is None else start
        self._began: float | None = None

    def now(self) -> float:
        """The present time of the replay (seconds, UTC)."""
        # Not from its making on: until somebody listens its beginning must not pass.
        if self._began is None:
            self._began = self._clock()
        return self._start + (self._clock() - self._began) * self._speed

    def tickers(self) -> list[str]:
        """The one ticker that is played."""
        return [self._listing.ticker]

    def listing(self, ticker: str) -> Listing:
        """The series' market. Raises :class:`MarketUnknown` for any other ticker."""
        if ticker != self._listing.ticker:
            raise MarketUnknown(
                f"The replay plays {self._listing.ticker}, not {ticker}", source=NAME, ticker=ticker
            )
        return self._listing

    def require(self, ticker: str, interval: str, since: int | None = None) -> Listing:
        """The series' market, whatever ``since`` is: before the first candle there is none."""
        if interval != self._interval:
            raise IntervalNotOffered(
                f"The replay plays {self._interval}, not {interval}",
                field="interval",
                value=interval,
                source=NAME,
                offered=[self._interval],
            )
        return self.listing(ticker)

    def fetch_candles(self, ticker: str, interval: str, since: int, until: int | None = None) -> Page:
        """One page of the candles that have ended by now, with ``since <= open < until`` (seconds, UTC)."""
        listing, now = self.require(ticker, interval), self.now()
        ended = int(np.searchsorted(self._candles.timestamp, now - self._step, side="right"))
        first = int(np.searchsorted(self._candles.timestamp, since))
        last = ended if until is None else min(ended, int(np.searchsorted(self._candles.timestamp, until)))
        end = min(last, first + PAGE_ROWS)
        following = int(self._candles.timestamp[end - 1]) + self._step if first < end < last else None
        return Page(self._candles[first : max(first, end)], listing.source, following, now)

    def fetch_prices(self, tickers: Iterable[str]) -> dict[str, Price]:
        """The last price that was shown, if the series is among ``tickers`` and has begun."""
        now = self.now()
        row = int(np.searchsorted(self._candles.timestamp, now, side="right")) - 1
        if self._listing.ticker not in set(tickers) or row < 0:
            return {}
        ended = float(self._candles.timestamp[row]) + self._step <= now
        price = float((self._candles.close if ended else self._candles.open)[row])
        ticker = self._listing.ticker
        return {ticker: Price(ticker, price, now, self._listing.source)}

    def forget_markets(self) -> None:
        """Nothing: its one market does not change."""

    def close(self) -> None:
        """Nothing: it has no connections."""

    async def __aenter__(self) -> Replay:
        return self

    async def __aexit__(self, *failure: object) -> None:
        return None

    async def follow(self, ticker: str, interval: str) -> Listing:
        """The series' market; it is played anyway."""
        return self.require(ticker, interval)

    async def leave(self, ticker: str, interval: str) -> None:
        """Nothing: who follows nothing stops to listen."""

    async def __aiter__(self) -> AsyncIterator[LiveCandle]:
        """Each candle at its open and at its end, from now to the last."""
        first = int(np.searchsorted(self._candles.timestamp, self.now() - self._step, side="right"))
        for row in range(first, len(self._candles)):
            timestamp = int(self._candles.timestamp[row])
            await self._until(timestamp)
            opened = float(self._candles.open[row])
            yield self._change((timestamp, opened, opened, opened, opened, 0.0), closed=False)
            await self._until(timestamp + self._step)
            numbers = (float(getattr(self._candles, name)[row]) for name in _NUMBERS)
            yield self._change((timestamp, *numbers), closed=True)  # type: ignore[arg-type]

    async def _until(self, moment: float) -> None:
        while (left := moment - self.now()) > 0:
            await asyncio.sleep(left / self._speed)

    def _change(self, row: Row, *, closed: bool) -> LiveCandle:
        listing = self._listing
        return LiveCandle(listing.ticker, self._interval, listing.source, row, closed, sure=closed)


_NUMBERS = ("open", "high", "low", "close", "volume")
