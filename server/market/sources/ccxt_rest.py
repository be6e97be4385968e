"""Candles and prices of any exchange that ccxt knows, by REST."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from server.market.candles import INTERVAL_SECONDS, Candles, iso_time, require_interval
from server.market.courtesy.calling import Courtesy
from server.market.courtesy.skew import ClockSkew
from server.market.sources.answers import MILLISECONDS, read_candles, read_price
from server.market.sources.contract import (
    HistoryNotOffered,
    IntervalNotOffered,
    Listing,
    MarketInactive,
    MarketUnknown,
    Page,
    Price,
    SourceAnswerUnusable,
    SourceRefused,
)
from server.market.sources.exchanges import (
    DEFAULT_PAGE_ROWS,
    ask,
    habits_of,
    new_exchange,
    require_candles,
)
from server.market.sources.symbols import find_listing, ticker_of
from server.market.sources.transport import Transport

MARKETS_SECONDS = 3600.0
"""How long a list of markets is taken for the present one."""
DAY = INTERVAL_SECONDS["1d"]
NOT_FOUND = 404

_Answer = TypeVar("_Answer")
Answered = tuple[Candles, float]
"""Closed candles, and the exchange's own time when it answered."""


class CcxtSource:
    """One exchange. Threads take turns: a process asks an exchange one thing at a time."""

    def __init__(self, name: str, courtesy: Courtesy, *, base_url: str = "", timeout: float = 10.0) -> None:
        self.name = name
        self.base_url = base_url
        self.timeout = timeout
        self._courtesy = courtesy
        self._habits = habits_of(name)
        self._transport = Transport(timeout)
        self._exchange = new_exchange(name, base_url, timeout, session=self._transport)
        self._lock = threading.RLock()
        self._markets_until = 0.0
        self._ahead = 0.0
        self._skew = ClockSkew(name, courtesy.breaker.note_clock)

    def markets(self) -> Mapping[str, Mapping[str, Any]]:
        """Every market by its symbol, as ccxt describes them; asked for anew once an hour."""
        with self._lock:
            if time.monotonic() >= self._markets_until:
                self._ask(self._load_markets, self._habits.market_calls)
                self._markets_until = time.monotonic() + MARKETS_SECONDS
            markets: Mapping[str, Mapping[str, Any]] = self._exchange.markets
            return markets

    def listing(self, ticker: str) -> Listing:
        """The market of a ticker. Raises :class:`MarketUnknown` or :class:`MarketInactive`."""
        return find_listing(ticker, self.markets(), self.name)

    def tickers(self) -> list[str]:
        """Every ticker that the exchange trades now, in order, each with the quote that it is traded in."""
        traded = [
            ticker_of(symbol)
            for symbol, market in self.markets().items()
            if market.get("spot") and market.get("active") is not False
        ]
        return sorted(ticker for ticker in traded if ticker)

    def require(self, ticker: str, interval: str, since: int | None = None) -> Listing:
        """The market of a ticker, if it has ``interval`` as far back as ``since`` (an open, seconds, UTC)."""
        self._require_offered(interval)
        listing = self.listing(ticker)
        if since is not None:
            self._require_kept(listing, interval, since, time.time() + self._ahead)
        return listing

    def fetch_candles(self, ticker: str, interval: str, since: int, until: int | None = None) -> Page:
        """One page of closed candles with ``since <= open < until`` (seconds, UTC; None: no bound).

        The exchange's own clock says which are closed. Where pages overlap, what is before ``since`` is
        left out. Raises one of ``NOT_OFFERED``, or a :class:`SourceError`.
        """
        step = self._require_offered(interval)
        since = -(-since // step) * step
        with self._lock:
            listing = self.listing(ticker)
            limit = self._page_rows(since, until, step)
            answered, now = self._fetch(listing.symbol, interval, since, limit)
            self._require_kept(listing, interval, since, now)
            candles = _between(answered, since, until)
            following = self._following(candles, listing.symbol, interval, since, limit, now)
        if following is not None and (following + step > now or (until is not None and following >= until)):
            following = None
        return Page(candles, listing.source, following, now)

    def fetch_prices(self, tickers: Iterable[str]) -> dict[str, Price]:
        """The last prices of those tickers that the exchange trades and that were traded there already."""
        with self._lock:
            by_symbol = self._listings(tickers)
            if not by_symbol:
                return {}
            try:
                return self._ask(lambda: self._read_prices(by_symbol))
            except MarketUnknown:
                # One of them is gone since the markets were listed; which one, a new list says.
                self.forget_markets()
                raise

    def forget_markets(self) -> None:
        """Ask for the list of markets anew when it is needed next."""
        with self._lock:
            self._markets_until = 0.0

    def close(self) -> None:
        """Close its connections."""
        self._transport.close()
        self._courtesy.close()

    def _load_markets(self) -> None:
        if not self._exchange.load_markets(True):
            raise SourceAnswerUnusable(f"{self.name} sent an empty list of markets", source=self.name)
        self._exchange_time()

    def _fetch(self, symbol: str, interval: str, since: int, limit: int) -> Answered:
        def question() -> Answered:
            try:
                return self._answer(lambda: self._read_candles(symbol, interval, since, limit))
            except SourceRefused as refusal:
                if refusal.details.get("status") != NOT_FOUND:
                    raise
                # Here, not after the call: an answer all the same, which speaks against this market alone.
                raise MarketUnknown(
                    f"{self.name} has no candles of {symbol}: {refusal.message}", source=self.name
                ) from refusal

        return self._courtesy.call(question)

    def _read_candles(self, symbol: str, interval: str, since: int, limit: int) -> Answered:
        rows = self._exchange.fetch_ohlcv(symbol, interval, since * MILLISECONDS, limit)
        require_candles(self._exchange, self.name)
        now = self._exchange_time()
        return read_candles(rows, require_interval(interval), now, self.name), now

    def _read_prices(self, by_symbol: Mapping[str, Listing]) -> dict[str, Price]:
        found = self._exchange.fetch_tickers(list(by_symbol))
        now = self._exchange_time()
        return {
            each.ticker: Price(each.ticker, read_price(found[symbol]["last"], self.name), now, each.source)
            for symbol, each in by_symbol.items()
            # A market in which nothing was ever traded has no last price, or one of nought.
            if found.get(symbol, {}).get("last")
        }

    def _ask(self, question: Callable[[], _Answer], calls: int = 1) -> _Answer:
        return self._courtesy.call(lambda: self._answer(question), calls)

    def _answer(self, question: Callable[[], _Answer]) -> _Answer:
        return ask(self._exchange, self.name, question, lambda: self._transport.last)

    def _exchange_time(self) -> float:
        """The exchange's own time: every answer carries it, to the second before."""
        now = self._transport.last.date if self._transport.last else None
        if now is None:
            now = self._exchange.fetch_time() / MILLISECONDS
        self._ahead = now - time.time()
        self._skew.note(self._ahead)
        return now

    def _listings(self, tickers: Iterable[str]) -> dict[str, Listing]:
        found: dict[str, Listing] = {}
        for ticker in tickers:
            try:
                listing = self.listing(ticker)
            except (MarketUnknown, MarketInactive):
                continue
            found[listing.symbol] = listing
        return found

    def _page_rows(self, since: int, until: int | None, step: int) -> int:
        described = (self._exchange.features or {}).get("spot") or {}
        most = int((described.get("fetchOHLCV") or {}).get("limit") or DEFAULT_PAGE_ROWS)
        return most if until is None else max(1, min(most, -(-(until - since) // step)))

    def _following(
        self, candles: Candles, symbol: str, interval: str, since: int, limit: int, now: float
    ) -> int | None:
        """Where the next page begins; None when an answer without candles means that there are no more."""
        step = require_interval(interval)
        if len(candles):
            return int(candles.timestamp[-1]) + step
        if not self._habits.windowed:
            return None
        window_end = since + limit * step
        if step >= DAY or window_end + step > now:
            return window_end
        # Years before a coin was listed are not to be searched hour by hour.
        day = since // DAY * DAY
        rows = self._page_rows(day, None, DAY)
        days, _ = self._fetch(symbol, "1d", day, rows)
        first = int(days.timestamp[0]) if len(days) else day + rows * DAY
        return max(window_end, first)

    def _require_offered(self, interval: str) -> int:
        step = require_interval(interval)
        if interval not in self._exchange.timeframes:
            offered = [each for each in INTERVAL_SECONDS if each in self._exchange.timeframes]
            finer = [
                each
                for each in offered
                if step > INTERVAL_SECONDS[each] and not step % INTERVAL_SECONDS[each]
            ]
            remedy = f"; take {finer[-1]} and read it with resample={interval}" if finer else ""
            raise IntervalNotOffered(
                f"{self.name} has no candles of {interval}; it has {', '.join(offered)}{remedy}",
                field="interval",
                value=interval,
                source=self.name,
                offered=offered,
            )
        return step

    def _require_kept(self, listing: Listing, interval: str, since: int, now: float) -> None:
        if self._habits.history_rows is None:
            return
        step = require_interval(interval)
        oldest = (int(now) // step - self._habits.history_rows + 1) * step
        if since < oldest:
            raise HistoryNotOffered(
                f"{self.name} keeps {self._habits.history_rows} candles of {interval}: {listing.ticker} from "
                f"{iso_time(oldest)} on, not from {iso_time(since)}; choose another source",
                oldest=oldest,
                source=self.name,
                ticker=listing.ticker,
                interval=interval,
            )


def _between(candles: Candles, since: int, until: int | None) -> Candles:
    first = int(candles.timestamp.searchsorted(since))
    end = len(candles) if until is None else int(candles.timestamp.searchsorted(until))
    return candles[first:end]
