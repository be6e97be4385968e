"""A window is the tail of what a training would see, and is made anew when its series changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from server.errors import InvalidInput
from server.features.build import WARM_UP_ROWS, build_features, log_returns, two_speed_volatility
from server.forecasters.serving import HISTORY_ROWS, LONGEST_LOOKBACK
from server.market.candles import Candles
from server.prediction.window import Windows, build_window, candles_needed
from tests.prediction.conftest import INTERVAL, STORED, TICKER

ORIGIN = int(STORED.timestamp[-1])


class ReadRecorder:
    """Stored candles that note how often they are read."""

    def __init__(self, candles: Candles) -> None:
        self.candles = candles
        self.reads: list[tuple[datetime | None, int]] = []

    def __call__(
        self, ticker: str, interval: str, start: datetime | None, end: datetime | None, limit: int
    ) -> Candles:
        assert end is not None
        self.reads.append((end, limit))
        rows = int(np.searchsorted(self.candles.timestamp, end.timestamp()))
        return self.candles[max(0, rows - limit) : rows]


def without(candles: Candles, *rows: int) -> Candles:
    kept = np.delete(np.arange(len(candles)), rows)
    return Candles(*(getattr(candles, name)[kept] for name in Candles.__slots__))


def test_a_window_holds_the_features_and_the_volatility_of_the_whole_series() -> None:
    window = build_window(INTERVAL, 1, STORED[-HISTORY_ROWS:])
    whole = build_features(STORED).values[-LONGEST_LOOKBACK:]
    assert window.rows == LONGEST_LOOKBACK
    assert window.features == pytest.approx(whole, abs=1e-5)
    assert window.volatility == pytest.approx(two_speed_volatility(log_returns(STORED.close))[-1], rel=1e-3)
    assert (window.origin, window.close) == (ORIGIN, STORED.close[-1])


def test_rows_without_a_warm_up_are_no_part_of_a_window() -> None:
    assert build_window(INTERVAL, 1, STORED[: candles_needed(30)]).rows == 30
    short = build_window(INTERVAL, 1, STORED[: WARM_UP_ROWS - 1])
    assert short.rows == 0
    assert short.origin == STORED.timestamp[WARM_UP_ROWS - 2]


def test_a_window_keeps_no_memory_but_its_own() -> None:
    window = build_window(INTERVAL, 1, STORED)
    assert window.features.base is None
    assert window.timestamp.base is None


def test_gaps_are_those_of_the_rows_that_a_model_looks_at() -> None:
    holed = without(STORED, len(STORED) - 11, len(STORED) - 10)
    window = build_window(INTERVAL, 1, holed)
    (gap,) = window.gaps(30)
    assert (gap.candles, gap.first) == (2, STORED.timestamp[-11])
    assert window.gaps(8) == ()


def test_a_price_that_is_not_a_number_is_refused() -> None:
    close = STORED.close.copy()
    close[-5] = np.nan
    with pytest.raises(InvalidInput) as refused:
        build_window(INTERVAL, 1, replace(STORED, close=close))
    assert refused.value.details["field"] == "close"


def test_a_window_is_read_once_per_version_and_origin() -> None:
    read = ReadRecorder(STORED)
    windows = Windows(read)
    first = windows.get(TICKER, INTERVAL, 1, ORIGIN)
    assert windows.holds(TICKER, INTERVAL, 1, ORIGIN)
    assert windows.get(TICKER, INTERVAL, 1, ORIGIN) is first
    assert not windows.holds(TICKER, INTERVAL, 2, ORIGIN)
    windows.get(TICKER, INTERVAL, 2, ORIGIN)
    earlier = windows.get(TICKER, INTERVAL, 2, ORIGIN - 3600)
    assert earlier.origin == ORIGIN - 3600
    assert len(read.reads) == 3
    assert {limit for _, limit in read.reads} == {HISTORY_ROWS}


def test_windows_of_old_versions_make_room() -> None:
    windows = Windows(ReadRecorder(STORED), capacity=2)
    for version in (1, 2, 3):
        windows.get(TICKER, INTERVAL, version, ORIGIN)
    assert not windows.holds(TICKER, INTERVAL, 1, ORIGIN)
    assert windows.holds(TICKER, INTERVAL, 3, ORIGIN)
