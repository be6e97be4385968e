"""Which model answers a request, and which requests none can answer."""

from __future__ import annotations

import pytest
from flask import Flask

from server import adapters
from server.errors import InvalidInput, NotFound
from server.extensions import db
from server.forecasters.artifacts import Artifact
from server.forecasters.serving import ModelUnusable
from server.market import store as candle_store
from server.market.candles import Candles
from server.registry import models
from server.registry.tables import Model
from tests.prediction.asking import active_too, ask, codes, refused, stored_forecasts
from tests.prediction.conftest import (
    HORIZON,
    LOOKBACK,
    MODEL_ID,
    STORED,
    copied,
    registered,
)
from tests.prediction.recording import RecordingPublisher


def test_the_answer_names_its_model_and_what_that_measured(model: Model) -> None:
    answer = ask()
    overall = model.metrics["overall"]
    assert answer["model_id"] == MODEL_ID
    assert answer["model"] == {
        "model_type": "CNN",
        "version": 1,
        "status": "active",
        "trained_until": "2018-01-08T23:00:00Z",
        "horizon": HORIZON,
        "skill": overall["skill"],
        "coverage_80": overall["coverage_80"],
        "coverage_95": overall["coverage_95"],
    }
    assert len(answer["predictions"]) == len(answer["baseline"]) == HORIZON
    assert answer["warnings"] == []
    assert answer["last_seq"] == 1


def test_without_a_name_the_most_skilful_active_model_answers(artifact: Artifact, model: Model) -> None:
    active_too(artifact, "LSTM", skill=(model.skill or 0) + 0.1)
    active_too(artifact, "CNN-LSTM", skill=None)
    assert ask()["model"]["model_type"] == "LSTM"
    assert ask(model_type="CNN")["model"]["model_type"] == "CNN"


def test_the_most_skilful_must_reach_far_enough(artifact: Artifact, model: Model) -> None:
    active_too(artifact, "LSTM", skill=(model.skill or 0) + 0.1, horizon=3)
    assert ask(horizon=4)["model"]["model_type"] == "CNN"


def test_a_model_that_is_not_active_answers_when_it_is_named_and_says_so(
    artifact: Artifact, model: Model
) -> None:
    model.status = "archived"
    db.session.commit()
    assert codes(ask(model_id=MODEL_ID)) == ["not_active"]


def test_a_model_activated_a_moment_ago_answers_at_once(artifact: Artifact, model: Model) -> None:
    ask()
    second = copied(artifact, "second-of-its-kind")
    models.register(second.manifest, models.Uncompared("not compared"))
    db.session.commit()
    models.activate("second-of-its-kind", adapters.artifacts(), lambda _: None)
    answer = ask()
    assert (answer["model_id"], answer["model"]["version"]) == ("second-of-its-kind", 2)


def test_an_unknown_series_is_answered_with_the_known_ones(model: Model) -> None:
    error = refused(NotFound, ticker="DOGE-USD")
    assert "BTC-USD 1h" in error.message


def test_a_series_without_a_model_says_which_there_are_and_how_to_train_one(candles: Candles) -> None:
    error = refused(NotFound, horizon=12)
    assert error.code == "no_model"
    assert "no models at all" in error.message
    assert 'POST /api/v1/train {"ticker": "BTC-USD", "interval": "1h"' in error.message


def test_models_that_are_not_active_are_named(model: Model) -> None:
    error = refused(NotFound, model_type="LSTM")
    assert "no active LSTM model" in error.message
    assert error.details["known"] == [f"CNN version 1 (active, horizon {HORIZON}, {MODEL_ID})"]


def test_an_unknown_model_is_not_found(model: Model) -> None:
    assert refused(NotFound, model_id="nobody").code == "no_model"


@pytest.mark.parametrize("spec", [{"ticker": "ETH-USD"}, {"interval": "4h"}])
def test_a_model_of_another_series_is_refused(artifact: Artifact, model: Model, spec: dict[str, str]) -> None:
    registered(copied(artifact, "of-another-series", **spec).manifest)
    error = refused(InvalidInput, model_id="of-another-series")
    assert error.code == "model_of_another_series"
    assert " ".join({"ticker": "BTC-USD", "interval": "1h", **spec}.values()) in error.message


def test_an_artifact_of_another_series_than_its_row_is_never_served(artifact: Artifact, model: Model) -> None:
    row = registered(copied(artifact, "of-another-series", ticker="ETH-USD").manifest)
    row.ticker, row.model_type = "BTC-USD", "LSTM"
    db.session.commit()
    assert refused(ModelUnusable, model_id="of-another-series").http_status == 503


@pytest.mark.parametrize("named", [{}, {"model_type": "CNN"}, {"model_id": MODEL_ID}])
def test_a_horizon_beyond_the_model_names_the_models(model: Model, named: dict[str, str]) -> None:
    error = refused(InvalidInput, horizon=HORIZON + 1, **named)
    assert error.code == "horizon_beyond_model"
    assert error.details["model_horizon"] == HORIZON
    assert "train a model with a longer horizon" in error.message


def test_a_horizon_beyond_the_active_model_names_a_candidate_that_reaches_as_far(
    artifact: Artifact, model: Model
) -> None:
    further = copied(artifact, "reaching-further").manifest
    candidate = models.register(further, models.Uncompared("not compared"))
    candidate.horizon = HORIZON + 1
    db.session.commit()
    error = refused(InvalidInput, horizon=HORIZON + 1)
    assert (
        f"CNN version {candidate.version} (candidate, horizon {HORIZON + 1}, reaching-further)"
        in error.message
    )


def test_too_few_candles_are_refused(artifact: Artifact, app: Flask, candles: Candles) -> None:
    spec = {"ticker": "ETH-USD"}
    registered(copied(artifact, "of-a-short-series", **spec).manifest)
    candle_store.upsert("ETH-USD", "1h", "test", STORED[: 200 + LOOKBACK - 1])
    error = refused(InvalidInput, ticker="ETH-USD")
    assert error.code == "too_few_candles"
    assert error.details["needed"] == 200 + LOOKBACK
    candle_store.upsert("ETH-USD", "1h", "test", STORED[: 200 + LOOKBACK])
    assert ask(ticker="ETH-USD")["model_id"] == "of-a-short-series"


def test_nothing_is_stored_or_published_of_what_is_refused(model: Model) -> None:
    publisher = RecordingPublisher()
    with pytest.raises(InvalidInput):
        ask(publisher, horizon=HORIZON + 1)
    assert publisher.published == []
    assert stored_forecasts() == 0
