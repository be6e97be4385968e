"""Forecasts over HTTP: what is asked, what is refused by name, and what is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.config import Settings
from server.forecasters.artifacts import Artifact
from server.market import store as candle_store
from server.prediction import schemas, store
from server.registry.tables import Model
from tests.applications import application
from tests.prediction.conftest import HORIZON, MODEL_ID, STORED, copied, registered
from tests.prediction.test_runtime import network_of, spoil

BODY = {"ticker": "BTC-USD", "horizon": 24}
SOME_ID = "0f0c9b0e-8a4b-4f0e-9d6a-3b1c2d4e5f60"

Post = Callable[..., Any]


@pytest.fixture
def post(client: FlaskClient, model: Model) -> Post:
    def post_predict(**changes: Any) -> Any:
        return client.post("/api/v1/predict", json={**BODY, **changes})

    return post_predict


@pytest.fixture
def batch(client: FlaskClient, model: Model) -> Post:
    def post_batch(*requests: Any) -> Any:
        return client.post("/api/v1/predict/batch", json={"requests": list(requests)})

    return post_batch


def test_a_forecast_is_answered_as_documented(post: Post) -> None:
    answer = post(request_id=SOME_ID)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert schemas.PredictionSchema().validate(answer.json) == {}
    assert list(answer.json) == list(schemas.PredictionSchema().fields)
    assert answer.json["request_id"] == SOME_ID
    assert answer.json["model_id"] == MODEL_ID
    assert [step["step"] for step in answer.json["predictions"]] == list(range(1, HORIZON + 1))
    assert [warning["code"] for warning in answer.json["warnings"]] == ["stale_candles"]


def test_without_a_horizon_the_model_says_how_far(client: FlaskClient, model: Model) -> None:
    answer = client.post("/api/v1/predict", json={"ticker": "BTC-USD"})
    assert len(answer.json["predictions"]) == HORIZON
    assert answer.json["interval"] == "1h"
    assert answer.json["request_id"] != client.post("/api/v1/predict", json=BODY).json["request_id"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ticker", "bitcoin"),
        ("ticker", None),
        ("interval", "2h"),
        ("horizon", 0),
        ("horizon", 31),
        ("horizon", 2.5),
        ("horizon", True),
        ("model_type", "GRU"),
        ("model_id", ""),
        ("request_id", "short"),
        ("request_id", "with_underscore"),
        ("as_of", "yesterday"),
        ("as_of", "2999-01-01"),
        ("colour", "red"),
    ],
)
def test_a_value_outside_the_contract_is_refused_by_name(post: Post, field: str, value: object) -> None:
    answer = post(**{field: value})
    assert answer.status_code == 422
    assert field in str(answer.json["details"])
    assert store.page({}, 1, 1)[1] == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"horizon": 2}, {"days": 2, "interval": "1d"}),
        ({"as_of": "2018-01-10"}, {"start_date": "2018-01-10"}),
        ({"model_id": MODEL_ID}, {"model_type": "CNN"}),
    ],
)
def test_two_names_for_one_thing_are_refused_together(
    client: FlaskClient, model: Model, first: dict[str, Any], second: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/predict", json={"ticker": "BTC-USD", **first, **second})
    assert answer.status_code == 422
    assert "not both" in answer.json["message"]


def test_days_are_for_daily_candles_alone(client: FlaskClient, artifact: Artifact, model: Model) -> None:
    refused = client.post("/api/v1/predict", json={"ticker": "BTC-USD", "days": 2})
    assert (refused.status_code, refused.json["details"]["field"]) == (422, "days")
    registered(copied(artifact, "daily", interval="1d").manifest)
    days = replace(STORED[:300], timestamp=np.arange(300) * 86400 + 1_483_228_800)
    candle_store.upsert("BTC-USD", "1d", "test", days)
    answer = client.post("/api/v1/predict", json={"ticker": "BTC-USD", "interval": "1d", "days": 2})
    assert [step["step"] for step in answer.json["predictions"]] == [1, 2]


def test_start_date_is_another_word_for_as_of(post: Post) -> None:
    moment = "2018-01-11T05:00:00Z"
    answers = [post(**{name: moment}).json for name in ("as_of", "start_date")]
    assert [answer["origin"]["timestamp"] for answer in answers] == [moment, moment]
    assert answers[0]["predictions"] == answers[1]["predictions"]


def test_the_same_request_again_is_answered_as_stored_and_another_is_a_conflict(post: Post) -> None:
    first = post(request_id=SOME_ID)
    again = post(request_id=SOME_ID, as_of=None)
    assert again.status_code == 200
    assert again.json == first.json
    assert post(request_id=SOME_ID, horizon=3).status_code == 409


def test_what_does_not_exist_is_404_in_the_one_error_shape(post: Post) -> None:
    for changes in ({"ticker": "DOGE-USD"}, {"model_type": "LSTM"}, {"model_id": "nobody"}):
        answer = post(**changes)
        assert answer.status_code == 404
        assert set(answer.json) == {"error", "error_code", "message", "details", "request_id"}


def test_a_damaged_artifact_is_503(app: Flask, client: FlaskClient, artifact: Artifact, model: Model) -> None:
    registered(copied(artifact, "lstm", model_type="LSTM").manifest)
    spoil(network_of(artifact.store.open("lstm")), "flip")
    answer = client.post("/api/v1/predict", json={**BODY, "model_type": "LSTM"})
    assert (answer.status_code, answer.json["error_code"]) == (503, "model_unavailable")
    assert client.post("/api/v1/predict", json={**BODY, "model_type": "CNN"}).status_code == 200


def test_a_forecast_whose_client_has_gone_is_stored_all_the_same(app: Flask, model: Model) -> None:
    answer = app.test_client().post("/api/v1/predict", json={**BODY, "request_id": SOME_ID}, buffered=False)
    # Nobody reads the body.
    answer.close()
    assert len(store.get(SOME_ID)["predictions"]) == HORIZON


def test_each_request_of_a_batch_is_answered_for_itself_in_order(batch: Post) -> None:
    answer = batch(
        {**BODY, "horizon": 2, "request_id": "request-1"},
        {**BODY, "ticker": "DOGE-USD"},
        {"ticker": "btc"},
        {**BODY, "horizon": 30},
        {**BODY, "horizon": 3, "request_id": "request-1"},
        {**BODY, "horizon": 1},
    )
    assert answer.status_code == 200
    assert schemas.BatchSchema().validate(answer.json) == {}
    results = answer.json["results"]
    assert [result["ok"] for result in results] == [True, False, False, False, False, True]
    assert [len(results[place]["prediction"]["predictions"]) for place in (0, 5)] == [2, 1]
    assert [results[place]["error"]["error_code"] for place in (1, 2, 3, 4)] == [
        "not_found",
        "invalid_input",
        "horizon_beyond_model",
        "request_id_taken",
    ]
    assert results[2]["error"]["details"]["field"] == "ticker"
    assert store.page({}, 1, 1)[1] == 2


def test_a_batch_holds_one_to_a_hundred_requests(batch: Post) -> None:
    assert batch().status_code == 422
    assert batch(*[{**BODY, "horizon": 1}] * 101).status_code == 422
    assert store.page({}, 1, 1)[1] == 0
    answer = batch(*[{**BODY, "horizon": 1}] * 100)
    assert all(result["ok"] for result in answer.json["results"])
    assert store.page({}, 1, 1)[1] == 100


def test_a_batch_of_something_else_than_objects_is_refused(batch: Post) -> None:
    assert batch("BTC-USD").status_code == 422


def test_stored_forecasts_are_listed_by_filter_and_page(post: Post, client: FlaskClient) -> None:
    for number in range(3):
        post(request_id=f"request-{number}")
    page = client.get("/api/v1/predictions?ticker=BTC-USD&live=true&settled=false&page_size=2").json
    assert schemas.PredictionsSchema().validate(page) == {}
    assert (page["total"], page["page"], page["page_size"]) == (3, 1, 2)
    assert [each["request_id"] for each in page["predictions"]] == ["request-2", "request-1"]
    assert client.get("/api/v1/predictions?trigger=schedule").json["total"] == 0
    assert client.get("/api/v1/predictions?start=2018-01-13T04:00:00Z").json["total"] == 0
    assert client.get("/api/v1/predictions?start=2018-01-13&end=2018-01-12").status_code == 422
    assert client.get("/api/v1/predictions?nonsense=1").status_code == 422


def test_one_stored_forecast_is_shown_beside_what_came_true(post: Post, client: FlaskClient) -> None:
    post(request_id="request-1", horizon=2)
    found = client.get("/api/v1/predictions/request-1").json
    assert schemas.StoredPredictionSchema().validate(found) == {}
    assert [(step["actual"], step["error"]) for step in found["predictions"]] == [(None, None)] * 2
    assert client.get("/api/v1/predictions/request-2").status_code == 404


def test_the_metrics_of_forecasts_are_exported(post: Post, client: FlaskClient) -> None:
    post()
    text = client.get("/metrics").text
    assert 'crypto_predict_predictions_total{model_type="CNN",status="made"}' in text
    for name in ("prediction_seconds_bucket", "model_cache_hits_total", "model_cache_misses_total"):
        assert f"crypto_predict_{name}" in text


def test_the_limit_is_that_of_the_setting(model: Model, settings: Settings) -> None:
    with application(settings, rate_limit_enabled=True, rate_limit_predict="2 per minute") as limited:
        client = limited.test_client()
        answers = [client.post("/api/v1/predict", json=BODY) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
