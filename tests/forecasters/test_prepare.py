from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.features.windows import rows_needed
from server.forecasters.contract import Parts
from server.forecasters.prepare import prepare
from tests.features.series import walk, with_other_rows

LOOKBACK, HORIZON, ROWS = 10, 3, 700


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(0, ROWS - 1), factor=st.floats(0.1, 10))
def test_a_later_row_changes_nothing_earlier(cut: int, factor: float) -> None:
    candles = walk(ROWS)
    before = prepare(candles, "1h", LOOKBACK, HORIZON)
    trained_up_to = int(before.dataset.parts.train[-1])
    cut = max(cut, trained_up_to + 1)
    after = prepare(with_other_rows(candles, cut, factor), "1h", LOOKBACK, HORIZON)
    assert after.scaler == before.scaler
    for name in Parts.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(after.dataset.parts, name), getattr(before.dataset.parts, name))
    for name in ("features", "volatility", "close"):
        np.testing.assert_array_equal(getattr(after.dataset, name)[:cut], getattr(before.dataset, name)[:cut])
    known = max(cut - HORIZON, 0)
    np.testing.assert_array_equal(after.dataset.targets[:known], before.dataset.targets[:known])


def test_the_scaler_depends_on_training_rows_and_on_all_of_them() -> None:
    candles = walk(ROWS)
    before = prepare(candles, "1h", LOOKBACK, HORIZON)
    last = int(before.dataset.parts.train[-1])
    assert prepare(with_other_rows(candles, last + 1, 3.0), "1h", LOOKBACK, HORIZON).scaler == before.scaler
    assert prepare(with_other_rows(candles, last, 3.0), "1h", LOOKBACK, HORIZON).scaler != before.scaler


def test_the_target_is_the_close() -> None:
    candles = walk(ROWS)
    data = prepare(candles, "1h", LOOKBACK, HORIZON).dataset
    for origins in (data.parts.train, data.parts.test):
        for step in (1, HORIZON):
            expected = np.log(candles.close[origins + step] / candles.close[origins])
            np.testing.assert_allclose(data.targets[origins, step - 1], expected, atol=1e-6)
    other_volume = prepare(replace(candles, volume=candles.volume[::-1]), "1h", LOOKBACK, HORIZON)
    np.testing.assert_array_equal(other_volume.dataset.targets, data.targets)


@pytest.mark.parametrize("lookback", [10, 30, 365])
@pytest.mark.parametrize("horizon", [1, 30])
def test_every_window_is_finite_at_the_smallest_size(lookback: int, horizon: int) -> None:
    data = prepare(walk(rows_needed(lookback, horizon)), "1h", lookback, horizon).dataset
    for name in Parts.__dataclass_fields__:
        origins = getattr(data.parts, name)
        assert np.isfinite(data.features[origins[0] - lookback + 1 : origins[-1] + 1]).all()
        assert np.isfinite(data.targets[origins]).all()


def test_windows_across_missing_candles_are_counted() -> None:
    candles = walk(ROWS)
    late = candles.timestamp.copy()
    late[300:] += 3600
    prepared = prepare(replace(candles, timestamp=late), "1h", LOOKBACK, HORIZON)
    assert prepared.excluded_origins == LOOKBACK + HORIZON - 1
