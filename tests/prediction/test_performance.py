"""Live figures against a plain definition of each, and which outcomes count."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from server.forecasters.significance import wilson_interval
from server.prediction import performance
from server.prediction.scoring import settle
from tests.prediction.recording import RecordingPublisher
from tests.prediction.stored import HOUR, INTERVAL, START, TICKER, store_closes, store_forecast

pytestmark = pytest.mark.usefixtures("database")

ORIGINS, STEPS = 40, 3
MODEL, OTHER = "a" * 32, "b" * 32
Prices = NDArray[np.float64]


@dataclass(frozen=True)
class Story:
    """``close`` of each candle, and what was forecast from each of the first ``ORIGINS``."""

    close: Prices
    forecast: Prices

    @property
    def actual(self) -> Prices:
        return np.array([self.close[row + 1 : row + 1 + STEPS] for row in range(ORIGINS)])

    @property
    def naive(self) -> Prices:
        return np.repeat(self.close[:ORIGINS, None], STEPS, axis=1)


def told(seed: int, ticker: str = TICKER, level: float = 100.0, **changes: Any) -> Story:
    """A random walk of prices with forecasts of it, stored and scored."""
    rng = np.random.default_rng(seed)
    close = level * np.exp(np.cumsum(rng.normal(0, 0.03, ORIGINS + STEPS)))
    forecast = close[:ORIGINS, None] * np.exp(rng.normal(0, 0.03, (ORIGINS, STEPS)))
    store_closes(close.tolist(), ticker=ticker)
    for row in range(ORIGINS):
        store_forecast(
            f"{ticker}-{seed}-{row:03}".replace("_", "-"),
            forecast[row].tolist(),
            START + row * HOUR,
            float(close[row]),
            half_width=0.04,
            ticker=ticker,
            **changes,
        )
    settle(ticker, INTERVAL, START, START + timedelta(days=30), RecordingPublisher())
    return Story(close, forecast)


def rms(values: Prices) -> float:
    return math.sqrt(np.mean(values**2))


def defined(story: Story, steps: slice = slice(STEPS)) -> dict[str, Any]:
    """Every figure from its definition."""
    actual, forecast, naive = story.actual[:, steps], story.forecast[:, steps], story.naive[:, steps]
    sides = np.sign(forecast - naive) * np.sign(actual - naive)
    longest, rows = range(STEPS)[steps][-1] + 1, actual.size
    effective = ORIGINS / longest
    accuracy = float(np.mean(sides > 0))
    found = {
        "rows": rows,
        "origins": ORIGINS,
        "effective_rows": effective,
        "mae": np.mean(np.abs(forecast - actual)),
        "rmse": rms(forecast - actual),
        "mape": 100 * np.mean(np.abs(forecast - actual) / actual),
        "naive_mae": np.mean(np.abs(naive - actual)),
        "naive_rmse": rms(naive - actual),
        "naive_mape": 100 * np.mean(np.abs(naive - actual) / actual),
        "skill": 1 - rms(forecast - actual) / rms(naive - actual),
        "directional_accuracy": accuracy,
        "directional_rows": rows,
        "directional_accuracy_interval": list(wilson_interval(accuracy, effective) or ()),
    }
    for level, share in ((80, 0.04), (95, 0.08)):
        lower, upper = forecast * (1 - share), forecast * (1 + share)
        inside = (lower <= actual) & (actual <= upper)
        width = np.log(upper) - np.log(lower)
        below, above = np.maximum(np.log(lower / actual), 0), np.maximum(np.log(actual / upper), 0)
        found[f"coverage_{level}"] = np.mean(inside)
        found[f"coverage_{level}_interval"] = list(wilson_interval(float(np.mean(inside)), effective) or ())
        found[f"mean_width_{level}"] = np.mean(width)
        found[f"interval_score_{level}"] = np.mean(width + 2 / (1 - level / 100) * (below + above))
    return found


def assert_equal(figures: dict[str, Any], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        assert figures[name] == pytest.approx(value, rel=1e-9), name


def test_every_figure_is_what_its_definition_says() -> None:
    story = told(1)
    (figures,) = performance.report({}, ["model"])
    assert 0.3 < figures["coverage_80"] < figures["coverage_95"] < 1.0
    assert_equal(figures, defined(story))
    assert (figures["model_id"], figures["model_version"], figures["ticker"]) == (MODEL, 1, TICKER)


def test_by_step_each_step_has_its_own_figures() -> None:
    story = told(2)
    by_step = performance.report({}, ["step"])
    assert [figures["step"] for figures in by_step] == [1, 2, 3]
    for figures in by_step:
        assert_equal(figures, defined(story, slice(figures["step"] - 1, figures["step"])))


def test_one_outcome_counts_once_however_many_asked() -> None:
    story = told(3)
    (before,) = performance.report({}, ["model"])
    for number in range(5):
        asked = story.forecast[7, : 1 + number % STEPS].tolist()
        store_forecast(f"asked-again-{number}", asked, START + 7 * HOUR, float(story.close[7]))
    settle(TICKER, INTERVAL, START, START + timedelta(days=30), RecordingPublisher())
    assert performance.report({}, ["model"]) == [before]


def test_hindcasts_count_when_they_are_asked_for_alone() -> None:
    told(4, live=False)
    assert performance.report({}, ["model"]) == []
    (figures,) = performance.report({}, ["model"], include_hindcasts=True)
    assert figures["rows"] == ORIGINS * STEPS


def test_models_are_told_apart_and_series_put_together() -> None:
    first, second = told(5), told(6, model_id=OTHER, ticker="ETH-USD", level=10.0)
    by_model = {figures["model_id"]: figures for figures in performance.report({}, ["model"])}
    assert_equal(by_model[MODEL], defined(first))
    assert_equal(by_model[OTHER], defined(second))
    by_series = performance.report({}, ["series"])
    assert [figures["ticker"] for figures in by_series] == [TICKER, "ETH-USD"]
    both = performance.report({}, ["series", "step"])
    assert [(figures["ticker"], figures["step"]) for figures in both][:4] == [
        (TICKER, 1),
        (TICKER, 2),
        (TICKER, 3),
        ("ETH-USD", 1),
    ]


def test_prices_of_several_tickers_have_no_common_error() -> None:
    told(7), told(8, model_id=OTHER, ticker="ETH-USD", level=10.0)
    (figures,) = performance.report({}, [])
    assert figures["rows"] == 2 * ORIGINS * STEPS
    assert figures["rmse"] is figures["mae"] is figures["skill"] is None
    assert figures["coverage_80"] is not None
    assert figures["mape"] is not None


@pytest.mark.parametrize(
    ("filters", "rows"),
    [
        ({"model_id": MODEL}, ORIGINS * STEPS),
        ({"model_id": OTHER}, 0),
        ({"model_ids": [OTHER]}, 0),
        ({"model_type": "CNN"}, ORIGINS * STEPS),
        ({"model_type": "LSTM"}, 0),
        ({"ticker": TICKER, "interval": INTERVAL}, ORIGINS * STEPS),
        ({"ticker": "ETH-USD"}, 0),
        ({"interval": "1d"}, 0),
        ({"step": 2}, ORIGINS),
        ({"start": START + 5 * HOUR, "end": START + 6 * HOUR}, STEPS),
        ({"start": START + 5 * HOUR, "end": START + 6 * HOUR, "interval": INTERVAL}, STEPS),
        ({"start": START + (ORIGINS + 1) * HOUR}, 3),
        ({"end": START + 2 * HOUR}, 1),
    ],
)
def test_a_filter_leaves_what_it_names(filters: dict[str, Any], rows: int) -> None:
    told(9)
    assert sum(figures["rows"] for figures in performance.report(filters, ["model"])) == rows


def test_without_an_outcome_there_is_no_group() -> None:
    store_forecast("forecast-1", [101.0])
    for group_by in ([], ["model"], ["series"], ["step"]):
        assert performance.report({}, group_by) == []


def test_what_is_undefined_is_none() -> None:
    store_forecast("forecast-1", [100.0, 100.0])
    store_closes([100.0, 100.0, 100.0])
    settle(TICKER, INTERVAL, START, START + 9 * HOUR, RecordingPublisher())
    (figures,) = performance.report({}, ["model"])
    assert figures["skill"] is figures["directional_accuracy"] is figures["excess_loss"] is None
    assert figures["directional_accuracy_interval"] is None
    assert (figures["directional_rows"], figures["rmse"], figures["coverage_80"]) == (0, 0.0, 1.0)


def test_excess_loss_tells_a_bad_model_from_luck() -> None:
    told(10)
    (bad,) = performance.report({"step": 1}, ["model"])
    assert bad["skill"] < 0
    assert bad["excess_loss"] > 2
