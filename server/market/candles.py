"""Candles as columns: the pure heart of market data, free of databases and frameworks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput

INTERVAL_SECONDS: dict[str, int] = {
    "1m": 60,
    "5m": 300,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "4h": 14400,
    "1d": 86400,
}
"""Supported intervals and their length in seconds, finest first."""


@dataclass(frozen=True, slots=True)
class Candles:
    """A series of closed candles of one ticker and interval, oldest first.

    Each column has shape ``(rows,)``. ``timestamp`` is the candle's open in whole seconds since
    the Unix epoch (UTC), strictly increasing; prices are in the quote currency, ``volume`` in the
    unit of the source (base coin unless the source says otherwise).
    """

    timestamp: NDArray[np.int64]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.timestamp)

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> Candles:
        """The candles of a range of rows, as views on the same memory; of a mask ``(rows,)``, as copies."""
        return Candles(*(getattr(self, name)[rows] for name in COLUMNS))


COLUMNS = ("timestamp", "open", "high", "low", "close", "volume")

TICKER_PATTERN = r"^[A-Z0-9]{1,15}-[A-Z0-9]{1,15}$"
"""``BASE-QUOTE`` in upper case, such as ``BTC-USD``."""


def joined(parts: Sequence[Candles]) -> Candles:
    """One series of several, at least one, each of which begins after the one before it ends."""
    return Candles(*(np.concatenate([getattr(part, name) for part in parts]) for name in COLUMNS))


def require_ticker(ticker: str) -> str:
    """The ticker itself; raises :class:`InvalidInput` unless it is ``BASE-QUOTE`` in upper case."""
    if not re.fullmatch(TICKER_PATTERN, ticker):
        raise InvalidInput(
            f"ticker {ticker!r} is not BASE-QUOTE in upper case; write it like BTC-USD",
            field="ticker",
            value=ticker,
        )
    return ticker


def require_interval(interval: str) -> int:
    """Length of an interval in seconds; raises :class:`InvalidInput` for one that is not supported."""
    if interval not in INTERVAL_SECONDS:
        known = ", ".join(INTERVAL_SECONDS)
        raise InvalidInput(
            f"interval {interval!r} is not supported; choose one of {known}", field="interval", value=interval
        )
    return INTERVAL_SECONDS[interval]


def iso_time(seconds: int) -> str:
    """Seconds since the Unix epoch as ISO 8601 UTC with ``Z``."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
