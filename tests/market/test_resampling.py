"""Coarser candles and gaps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.market.candles import Candles
from server.market.gaps import Gap, find_gaps
from server.market.resampling import resample

HOUR = 3600
DAY = 24 * HOUR


def _candles(hours: list[int]) -> Candles:
    number = np.array(hours, dtype=np.float64)
    return Candles(
        np.array(hours) * HOUR, number + 2, number + 5, number + 1, number + 3, np.ones(len(hours))
    )


def test_a_day_opens_with_its_first_and_closes_with_its_last_hour() -> None:
    result = resample(_candles(list(range(24, 48))), "1h", "1d")
    day = result.candles
    assert (day.timestamp[0], day.open[0], day.high[0], day.low[0], day.close[0], day.volume[0]) == (
        DAY,
        26,
        52,
        25,
        50,
        24,
    )
    assert result.incomplete == 0


def test_a_day_with_a_missing_hour_is_left_out_and_counted() -> None:
    hours = [hour for hour in range(24, 96) if hour != 60]
    result = resample(_candles(hours), "1h", "1d")
    assert result.candles.timestamp.tolist() == [DAY, 3 * DAY]
    assert result.incomplete == 1


@given(st.sets(st.integers(0, 200), max_size=150))
@settings(max_examples=60)
def test_resampling_agrees_with_counting_by_hand(hours: set[int]) -> None:
    candles = _candles(sorted(hours))
    result = resample(candles, "1h", "4h")
    whole = [bucket for bucket in range(51) if all(4 * bucket + hour in hours for hour in range(4))]
    assert result.candles.timestamp.tolist() == [bucket * 4 * HOUR for bucket in whole]
    assert result.candles.high.tolist() == [4 * bucket + 3 + 5 for bucket in whole]
    assert result.candles.low.tolist() == [4 * bucket + 1 for bucket in whole]
    assert result.incomplete == len({hour // 4 for hour in hours}) - len(whole)


@pytest.mark.parametrize("coarser", ["1h", "5m", "2h"])
def test_only_a_coarser_interval_is_accepted(coarser: str) -> None:
    with pytest.raises(InvalidInput):
        resample(_candles([1]), "1h", coarser)


@given(st.sets(st.integers(0, 60), min_size=1))
@settings(max_examples=60)
def test_gaps_are_exactly_the_missing_candles(hours: set[int]) -> None:
    gaps = find_gaps(np.array(sorted(hours)) * HOUR, HOUR)
    missing = {time // HOUR for gap in gaps for time in range(gap.first, gap.last + 1, HOUR)}
    assert missing == set(range(min(hours), max(hours))) - hours
    assert sum(gap.candles for gap in gaps) == len(missing)


def test_a_gap_names_its_first_and_last_missing_candle(make_candles: Callable[..., Candles]) -> None:
    assert find_gaps(np.array([0, 3, 4]) * HOUR, HOUR) == (Gap(first=HOUR, last=2 * HOUR, candles=2),)
    assert find_gaps(make_candles().timestamp, HOUR) == ()
