"""What a forecast sees: the features up to its origin, kept until candles of the series change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from server.features.build import WARM_UP_ROWS, build_features, log_returns, two_speed_volatility
from server.forecasters.serving import HISTORY_ROWS, LONGEST_LOOKBACK
from server.market.candles import Candles, require_interval
from server.market.gaps import Gap, find_gaps
from server.prediction.loaded_once import LoadedOnce

KEPT_WINDOWS = 256
"""Each is about 20 kB."""

ReadCandles = Callable[[str, str, datetime | None, datetime | None, int], Candles]
"""Ticker, interval, start, end, limit: the last ``limit`` candles that opened before ``end``."""


@dataclass(frozen=True, slots=True)
class Window:
    """The newest rows of a series up to an origin, as a model needs them.

    ``features``: unscaled, ``(rows, features)`` float32, the last row is the origin's, none is without
    a warm-up. ``timestamp``: ``(rows,)`` opens in seconds. ``close`` (quote currency) and ``volatility``
    (log return) are the origin's. ``version`` is that of the series.
    """

    interval: str
    version: int
    features: NDArray[np.float32]
    timestamp: NDArray[np.int64]
    close: float
    volatility: float

    @property
    def rows(self) -> int:
        """Rows that a forecast may see; 0 when the warm-up of the features has not ended."""
        return len(self.features)

    @property
    def origin(self) -> int:
        """Open of the last candle, in seconds."""
        return int(self.timestamp[-1])

    def gaps(self, lookback: int) -> tuple[Gap, ...]:
        """Missing candles among the last ``lookback`` rows, oldest first."""
        return find_gaps(self.timestamp[-lookback:], require_interval(self.interval))


def build_window(interval: str, version: int, candles: Candles) -> Window:
    """The window whose origin is the last of ``candles`` (at least one)."""
    frame = build_features(candles)
    kept = slice(max(frame.first_row, len(candles) - LONGEST_LOOKBACK), len(candles))
    return Window(
        interval=interval,
        version=version,
        # A copy: a view would keep the whole frame.
        features=frame.values[kept].copy(),
        timestamp=candles.timestamp[-LONGEST_LOOKBACK:].copy(),
        close=float(candles.close[-1]),
        volatility=float(two_speed_volatility(log_returns(candles.close))[-1]),
    )


def candles_needed(lookback: int) -> int:
    """Candles up to the origin without which there is no window of ``lookback``."""
    return WARM_UP_ROWS + lookback


class Windows:
    """The windows of a process, each read and computed once per version of its series and origin."""

    def __init__(self, read: ReadCandles, capacity: int = KEPT_WINDOWS) -> None:
        self._read = read
        self._kept: LoadedOnce[tuple[str, str, int, int], Window] = LoadedOnce(capacity)

    def holds(self, ticker: str, interval: str, version: int, origin: int) -> bool:
        """Whether the window is ready."""
        return (ticker, interval, version, origin) in self._kept

    def get(self, ticker: str, interval: str, version: int, origin: int) -> Window:
        """The window that ends with the candle ``origin`` (its open in seconds), which must be stored."""

        def load() -> Window:
            end = datetime.fromtimestamp(origin, UTC) + timedelta(seconds=1)
            return build_window(interval, version, self._read(ticker, interval, None, end, HISTORY_ROWS))

        return self._kept.get((ticker, interval, version, origin), load)
