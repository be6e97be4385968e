from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.features.build import WARM_UP_ROWS
from server.features.windows import FEWEST_ORIGINS, Split, rows_needed, split_by_time

PARTS = ("train", "validation", "calibration", "test")
HOUR = 3600


def hours(rows: int) -> np.ndarray:
    return np.arange(rows, dtype=np.int64) * HOUR


def split(timestamp: np.ndarray, lookback: int, horizon: int) -> Split:
    return split_by_time(timestamp, HOUR, lookback, horizon, first_row=WARM_UP_ROWS)


sizes = {"lookback": st.sampled_from([10, 30, 48, 365]), "horizon": st.integers(1, 30)}


@settings(max_examples=40, deadline=None)
@given(**sizes, extra=st.integers(0, 3000))
def test_no_part_sees_a_row_of_another(lookback: int, horizon: int, extra: int) -> None:
    parts = split(hours(rows_needed(lookback, horizon) + extra), lookback, horizon)
    for earlier, later in pairwise(getattr(parts, name) for name in PARTS):
        last_row_of_earlier = earlier[-1] + horizon
        first_row_of_later = later[0] - lookback + 1
        assert first_row_of_later > last_row_of_earlier
        assert later[0] - earlier[-1] > lookback + horizon


@settings(max_examples=40, deadline=None)
@given(**sizes, extra=st.integers(0, 3000))
def test_every_window_and_target_lies_within_the_warm_rows(lookback: int, horizon: int, extra: int) -> None:
    rows = rows_needed(lookback, horizon) + extra
    parts = split(hours(rows), lookback, horizon)
    assert parts.train[0] - lookback + 1 == WARM_UP_ROWS
    assert parts.test[-1] + horizon == rows - 1
    assert sum(len(getattr(parts, name)) for name in PARTS) == FEWEST_ORIGINS + extra
    assert parts.excluded == 0


def test_parts_have_the_declared_shares() -> None:
    parts = split(hours(100_000), 30, 1)
    lengths = np.array([len(getattr(parts, name)) for name in PARTS])
    np.testing.assert_allclose(lengths / lengths.sum(), [0.65, 0.10, 0.10, 0.15], atol=0.001)


@settings(max_examples=30, deadline=None)
@given(lookback=st.sampled_from([10, 30]), horizon=st.integers(1, 30), at=st.integers(300, 1900))
def test_no_window_or_target_spans_a_gap(lookback: int, horizon: int, at: int) -> None:
    timestamp = hours(2000)
    timestamp[at:] += 7 * HOUR
    parts = split(timestamp, lookback, horizon)
    whole = split(hours(2000), lookback, horizon)
    lost = 0
    for name in PARTS:
        origins = getattr(parts, name)
        spans = timestamp[origins + horizon] - timestamp[origins - lookback + 1]
        assert (spans == (lookback + horizon - 1) * HOUR).all()
        lost += len(getattr(whole, name)) - len(origins)
    assert parts.excluded == lost <= lookback + horizon - 1


@settings(max_examples=20, deadline=None)
@given(**sizes)
def test_too_few_candles_are_refused_with_both_counts(lookback: int, horizon: int) -> None:
    needed = rows_needed(lookback, horizon)
    assert len(split(hours(needed), lookback, horizon).calibration) == 20
    with pytest.raises(InvalidInput, match=f"{needed - 1} candles .* at least {needed} ") as refusal:
        split(hours(needed - 1), lookback, horizon)
    assert refusal.value.code == "too_few_candles"
    assert refusal.value.details == {
        "candles": needed - 1,
        "needed": needed,
        "lookback": lookback,
        "horizon": horizon,
    }


def test_a_series_full_of_gaps_is_refused_and_says_so() -> None:
    timestamp = hours(3000) + np.arange(3000) // 20 * HOUR
    with pytest.raises(InvalidInput, match="windows span missing candles"):
        split(timestamp, 30, 1)
