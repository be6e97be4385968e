"""Two models are compared on rows that neither has seen, and on the same ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from server.features.build import WARM_UP_ROWS
from server.forecasters.comparison import FEWEST_COMMON_ROWS, Comparison, TooFewCommonRows, compare
from server.forecasters.contract import Returns, Rows
from server.market.candles import COLUMNS, Candles, iso_time
from tests.features.series import HOUR, walk

ROWS = 600
CANDLES = walk(ROWS)


@dataclass
class Oracle:
    """Knows the future and misses it by ``error`` (log return); remembers what it was asked."""

    model_id: str
    error: float
    unseen_row: int = 400
    lookback: int = 10
    horizon: int = 3
    candles: Candles = field(default_factory=lambda: CANDLES)
    asked: list[Rows] = field(default_factory=list)

    @property
    def unseen_from(self) -> int:
        return int(CANDLES.timestamp[self.unseen_row])

    def predict(self, features: NDArray[np.float32], origins: Rows) -> Returns:
        assert np.all(np.isfinite(features[int(origins.min()) - self.lookback + 1 : int(origins.max()) + 1]))
        self.asked.append(origins)
        close = self.candles.close
        # Beyond the candles it knows nothing, like a model whose horizon reaches further than the other's.
        targets = np.minimum(origins[:, None] + np.arange(1, self.horizon + 1), len(close) - 1)
        noise = self.error * np.where(origins % 2, 1.0, 0.5)
        truth: Returns = np.log(close[targets] / close[origins][:, None]) + noise[:, None]
        return truth


def without(candles: Candles, row: int) -> Candles:
    return Candles(*(np.delete(getattr(candles, name), row) for name in COLUMNS))


def test_the_smaller_price_error_wins_and_naive_stands_beside_both() -> None:
    better, worse = Oracle("new", 0.001), Oracle("old", 0.1)
    found = compare(CANDLES, "1h", better, worse)
    assert found.candidate_wins
    assert found.rmse < found.naive_rmse < found.active_rmse
    assert found.p_value is not None
    assert found.p_value < 0.001
    assert not compare(CANDLES, "1h", worse, better).candidate_wins


def test_a_model_does_not_win_against_its_equal() -> None:
    found = compare(CANDLES, "1h", Oracle("new", 0.01), Oracle("old", 0.01))
    assert not found.candidate_wins
    assert found.rmse == found.active_rmse
    assert found.p_value is None


def test_the_errors_are_those_of_the_price() -> None:
    found = compare(CANDLES, "1h", Oracle("new", 0.0), Oracle("old", 0.02))
    origins = np.arange(400, ROWS - 3)
    targets = origins[:, None] + np.arange(1, 4)
    noise = np.where(origins % 2, 0.02, 0.01)[:, None]
    error = CANDLES.close[targets] * np.expm1(noise)
    assert found.rmse == pytest.approx(0.0, abs=1e-9)
    assert found.active_rmse == pytest.approx(np.sqrt(np.mean(error**2)))
    naive = CANDLES.close[targets] - CANDLES.close[origins][:, None]
    assert found.naive_rmse == pytest.approx(np.sqrt(np.mean(naive**2)))


@pytest.mark.parametrize(("new_from", "old_from"), [(450, 400), (400, 450), (450, 450)])
def test_only_rows_count_that_neither_has_seen(new_from: int, old_from: int) -> None:
    new, old = Oracle("new", 0.0, unseen_row=new_from), Oracle("old", 0.1, unseen_row=old_from)
    found = compare(CANDLES, "1h", new, old)
    (asked,) = new.asked
    np.testing.assert_array_equal(asked, old.asked[0])
    assert (asked[0], asked[-1]) == (450, ROWS - 1 - new.horizon)
    assert found.rows == len(asked)
    assert (found.start, found.end) == (
        iso_time(int(CANDLES.timestamp[asked[0]])),
        iso_time(int(CANDLES.timestamp[asked[-1]])),
    )


@pytest.mark.parametrize(("new", "old", "steps"), [(3, 1, 1), (2, 5, 2), (4, 4, 4)])
def test_the_steps_are_those_that_both_can(new: int, old: int, steps: int) -> None:
    found = compare(CANDLES, "1h", Oracle("new", 0.0, horizon=new), Oracle("old", 0.1, horizon=old))
    assert found.horizon == steps
    assert found.rows == ROWS - 400 - new


def test_a_longer_lookback_of_the_other_model_gets_its_whole_window() -> None:
    old = Oracle("old", 0.1, unseen_row=210, lookback=100)
    compare(CANDLES, "1h", Oracle("new", 0.0, unseen_row=210), old)
    assert old.asked[0][0] == WARM_UP_ROWS + old.lookback - 1


def test_rows_whose_window_or_targets_span_a_missing_candle_are_left_out() -> None:
    gapped = without(CANDLES, 500)
    new, old = Oracle("new", 0.0, candles=gapped), Oracle("old", 0.1, candles=gapped, lookback=20)
    found = compare(gapped, "1h", new, old)
    (asked,) = new.asked
    across = np.arange(500 - new.horizon, 500 + old.lookback - 1)
    assert not set(across) & set(asked.tolist())
    assert found.rows == len(np.arange(400, len(gapped) - new.horizon)) - len(across)


def test_too_little_overlap_is_no_comparison() -> None:
    last_origin = ROWS - 1 - 3
    enough = Oracle("old", 0.1, unseen_row=last_origin - FEWEST_COMMON_ROWS + 1)
    assert compare(CANDLES, "1h", Oracle("new", 0.0), enough).rows == FEWEST_COMMON_ROWS
    with pytest.raises(TooFewCommonRows, match="29 test rows in common"):
        compare(CANDLES, "1h", Oracle("new", 0.0), replace(enough, unseen_row=enough.unseen_row + 1))


def test_a_model_of_newer_candles_than_these_is_not_compared() -> None:
    @dataclass
    class Newer(Oracle):
        @property
        def unseen_from(self) -> int:
            return int(CANDLES.timestamp[-1]) + 24 * HOUR

    with pytest.raises(TooFewCommonRows, match="0 test rows"):
        compare(CANDLES, "1h", Oracle("new", 0.0), Newer("old", 0.1))


def test_a_forecast_that_has_run_away_loses_and_is_still_json() -> None:
    found = compare(CANDLES, "1h", Oracle("new", 1e4), Oracle("old", 0.1))
    assert not found.candidate_wins
    stored = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert stored["rmse"] is None
    assert stored["active_rmse"] == found.active_rmse


def test_what_is_stored_is_what_was_found() -> None:
    found = compare(CANDLES, "1h", Oracle("new", 0.01), Oracle("old", 0.1))
    assert Comparison(**found.to_json()) == found
