"""What a source of market data answers, and what it raises when it cannot.

The errors say what the caller can do: wait (:class:`RateLimited`, :class:`SourcePaused`), try again
(:class:`SourceUnreachable`, :class:`SourceAnswerUnusable`), or ask another source (the rest).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from server.errors import InvalidInput, NotFound, Unavailable
from server.market.candles import Candles

Row = tuple[int, float, float, float, float, float]
"""One candle: open time in seconds (UTC), open, high, low, close, volume."""


class SourceError(Unavailable):
    """A source of market data could not answer; ``source`` is in the details."""

    error_code = "source_unavailable"

    def __init__(self, message: str, *, source: str, **details: Any) -> None:
        super().__init__(message, source=source, **details)
        self.source = source


class RateLimited(SourceError):
    """The source asks for patience; ``retry_after`` in seconds, None when it does not say how much."""

    error_code = "source_rate_limited"

    def __init__(self, message: str, *, source: str, retry_after: float | None, **details: Any) -> None:
        super().__init__(message, source=source, retry_after=retry_after, **details)
        self.retry_after = retry_after


class SourcePaused(SourceError):
    """The source failed too often and is left alone; ``retry_after`` says for how many seconds."""

    error_code = "source_paused"

    def __init__(self, message: str, *, source: str, retry_after: float) -> None:
        super().__init__(message, source=source, retry_after=retry_after)
        self.retry_after = retry_after


class SourceUnreachable(SourceError):
    """No answer: the network, a time limit, a cut connection, or the source's own failure (5xx)."""

    error_code = "source_unreachable"


class SourceAnswerUnusable(SourceError):
    """An answer that is not what it should be; nothing of it may be used."""

    error_code = "source_answer_unusable"


class SourceRefused(SourceError):
    """The source refuses the call (401, 403, 404 ...): asking again would change nothing."""

    error_code = "source_refused"


class SeriesRefused(SourceError):
    """A stream does not send the series ``pair`` (ticker, interval), or no longer; its others it does."""

    error_code = "series_refused"

    def __init__(self, message: str, *, source: str, pair: tuple[str, str]) -> None:
        super().__init__(message, source=source, ticker=pair[0], interval=pair[1])
        self.pair = pair


class MarketUnknown(NotFound):
    """The source lists no market for the ticker."""

    error_code = "market_unknown"


class MarketInactive(NotFound):
    """The source lists the market but does not trade it: halted or delisted."""

    error_code = "market_inactive"


class IntervalNotOffered(InvalidInput):
    """The source has no candles of the interval."""

    error_code = "interval_not_offered"


class HistoryNotOffered(NotFound):
    """The source has no candles of that age; ``oldest`` (seconds, UTC) is the first open it has."""

    error_code = "history_not_offered"

    def __init__(self, message: str, *, oldest: int, **details: Any) -> None:
        super().__init__(message, oldest=oldest, **details)
        self.oldest = oldest


NOT_OFFERED = (MarketUnknown, MarketInactive, IntervalNotOffered, HistoryNotOffered)
"""Errors after which another source may still have what was asked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A market of a source: ``symbol`` is the source's name of it, ``source`` what rows are marked with."""

    ticker: str
    symbol: str
    source: str


@dataclass(frozen=True, slots=True)
class Page:
    """Closed candles of one answer, oldest first, checked.

    ``next_since`` is where the next page begins; None when there is nothing more. ``exchange_time`` is
    the source's own time (seconds, UTC) when it answered. A candle that is missing was not in the
    answer: whether the market was empty or the source had an outage, the answer does not say.
    """

    candles: Candles
    source: str
    next_since: int | None
    exchange_time: float


@dataclass(frozen=True, slots=True)
class Price:
    """The last price of a ticker; ``timestamp`` is the source's own time (seconds, UTC)."""

    ticker: str
    price: float
    timestamp: float
    source: str


@dataclass(frozen=True, slots=True)
class LiveCandle:
    """A candle as it grows, or as it ended.

    ``sure`` False: what came over the wire leaves a doubt about the ended candle (it was put together
    from trades, a frame was unusable, or the line was silent); fetch it before storing it.
    """

    ticker: str
    interval: str
    source: str
    row: Row
    closed: bool
    sure: bool


class Source(Protocol):
    """A place that candles and prices come from. Thread safe; calls wait their turn and may take seconds."""

    name: str

    def listing(self, ticker: str) -> Listing:
        """The market of a ticker. Raises :class:`MarketUnknown` or :class:`MarketInactive`."""
        ...

    def require(self, ticker: str, interval: str, since: int | None = None) -> Listing:
        """The market of a ticker, if it has ``interval`` as far back as ``since`` (an open, seconds, UTC).

        Raises one of ``NOT_OFFERED`` otherwise.
        """
        ...

    def fetch_candles(self, ticker: str, interval: str, since: int, until: int | None = None) -> Page:
        """One page of closed candles with ``since <= open < until`` (seconds, UTC; None: no bound)."""
        ...

    def fetch_prices(self, tickers: Iterable[str]) -> dict[str, Price]:
        """The last prices of those tickers that the source trades."""
        ...

    def tickers(self) -> list[str]:
        """Every ticker that the source trades now, in order."""
        ...

    def forget_markets(self) -> None:
        """Ask for the list of markets anew when it is needed next."""
        ...

    def close(self) -> None:
        """Close its connections."""
        ...


class Stream(Protocol):
    """Live candles of one source. An asynchronous context: leaving it closes every connection."""

    name: str

    async def __aenter__(self) -> Stream: ...

    async def __aexit__(self, *failure: object) -> None: ...

    async def follow(self, ticker: str, interval: str) -> Listing:
        """Send candles of the series too. Raises one of ``NOT_OFFERED``, or :class:`SourceError`."""
        ...

    async def leave(self, ticker: str, interval: str) -> None:
        """Send candles of the series no longer."""
        ...

    def __aiter__(self) -> AsyncIterator[LiveCandle]:
        """Candles as they come, until the line fails: then it raises a :class:`SourceError`.

        That is a :class:`SeriesRefused` when it failed for one series alone.
        """
        ...


@dataclass(frozen=True, slots=True)
class CoinListing:
    """One coin of the market list; amounts in USD, None where nobody knows."""

    coin_id: str
    symbol: str
    name: str
    price: float | None
    market_cap: float | None
    market_cap_rank: int | None
    volume_24h: float | None
    circulating_supply: float | None


@dataclass(frozen=True, slots=True)
class CoinMetadata:
    """What is known of a coin besides its price."""

    coin_id: str
    symbol: str
    name: str
    categories: Sequence[str]
    description: str
    homepage: str | None
    genesis_date: str | None
