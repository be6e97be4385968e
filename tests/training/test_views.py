from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.config import Settings
from server.market import store
from server.training import log, schemas, sessions, socket_schemas
from server.training.events import NewEvent
from tests.candles import sample_candles
from tests.training.recording import RecordingPublisher

BODY = {"ticker": "BTC-USD", "model_type": "LSTM", "epochs": 3}

Post = Callable[..., Any]


@pytest.fixture
def sample(database: None) -> None:
    """The first 3,000 shipped candles of BTC-USD."""
    store.upsert("BTC-USD", "1h", "the shipped sample", sample_candles()[:3000])


@pytest.fixture
def post(client: FlaskClient, sample: None) -> Post:
    def post_training(key: str | None = None, **changes: Any) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return client.post("/api/v1/train", json={**BODY, **changes}, headers=headers)

    return post_training


@pytest.fixture
def one_slot(app: Flask, settings: Settings) -> Iterator[None]:
    app.config["SETTINGS"] = replace(settings, max_training_sessions=1)
    yield
    app.config["SETTINGS"] = settings


def test_a_training_is_accepted_with_the_contracts_defaults(post: Post, client: FlaskClient) -> None:
    answer = post()
    assert answer.status_code == 202
    body = answer.json
    assert body["status"] == "PENDING"
    assert body["room"] == f"training_{body['session_id']}"
    assert body["last_seq"] == 1
    assert answer.headers["Location"].endswith(f"/api/v1/train/{body['session_id']}/status")
    params = client.get(answer.headers["Location"]).json["params"]
    assert (params["interval"], params["lookback"], params["horizon"]) == ("1h", 30, 1)
    assert (params["batch_size"], params["learning_rate"], params["patience"]) == (32, 1e-3, None)
    assert (params["start_date"], params["end_date"]) == (
        "2017-10-01T00:00:00.000Z",
        "2018-02-02T23:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("ticker", "bitcoin"),
        ("ticker", 7),
        ("model_type", "GRU"),
        ("interval", "2h"),
        ("lookback", 9),
        ("lookback", 366),
        ("horizon", 0),
        ("horizon", 31),
        ("epochs", 0),
        ("epochs", 1001),
        ("epochs", 2.5),
        ("batch_size", 7),
        ("batch_size", 257),
        ("learning_rate", 0.00009),
        ("learning_rate", 0.2),
        ("learning_rate", "NaN"),
        ("patience", 0),
        ("seed", -1),
        ("start_date", "yesterday"),
        ("colour", "red"),
    ],
)
def test_a_value_outside_the_contract_is_refused_by_name_and_stores_nothing(
    post: Post, field: str, value: object
) -> None:
    answer = post(**{field: value})
    assert answer.status_code == 422
    assert field in str(answer.json["details"])
    assert sessions.count_active() == 0


def test_the_ends_of_each_range_are_accepted(post: Post) -> None:
    assert post(lookback=365, horizon=30, epochs=1000, batch_size=256, learning_rate=0.1).status_code == 202
    assert post(lookback=10, horizon=1, epochs=1, batch_size=8, learning_rate=0.0001).status_code == 202


def test_an_end_before_the_start_is_refused(post: Post) -> None:
    answer = post(start_date="2019-01-01T00:00:00Z", end_date="2018-01-01T00:00:00Z")
    assert answer.status_code == 422
    assert "end_date" in str(answer.json["details"])


def test_dates_without_a_time_are_midnight_utc(post: Post, client: FlaskClient) -> None:
    answer = post(start_date="2017-12-01", end_date="2018-01-31")
    assert answer.status_code == 202
    params = client.get(answer.headers["Location"]).json["params"]
    assert (params["start_date"], params["end_date"]) == (
        "2017-12-01T00:00:00.000Z",
        "2018-01-31T00:00:00.000Z",
    )


def test_an_unknown_ticker_is_answered_with_the_known_ones(post: Post) -> None:
    answer = post(ticker="DOGE-USD")
    assert answer.status_code == 404
    assert "BTC-USD 1h" in answer.json["message"]


def test_too_few_candles_are_refused_with_both_numbers(post: Post) -> None:
    answer = post(start_date="2018-01-01T00:00:00Z", end_date="2018-01-05T00:00:00Z")
    assert answer.status_code == 422
    assert answer.json["error_code"] == "too_few_candles"
    assert answer.json["details"]["candles"] == 97
    assert answer.json["details"]["needed"] > 97


def test_full_slots_answer_429_with_the_count(post: Post, one_slot: None) -> None:
    assert post().status_code == 202
    answer = post()
    assert answer.status_code == 429
    assert answer.json["details"] == {"count": 1, "max_sessions": 1, "retry_after": 30}
    assert answer.headers["Retry-After"] == "30"


def test_an_idempotent_retry_gets_the_same_session_although_new_candles_arrived(post: Post) -> None:
    first, again = post("key"), post("key")
    assert first.json["session_id"] == again.json["session_id"]
    assert post("key", epochs=4).status_code == 409
    assert post("k" * 201).status_code == 422


def test_cancel_answers_202_once_and_409_afterwards(post: Post, client: FlaskClient) -> None:
    session_id = post().json["session_id"]
    answer = client.delete(f"/api/v1/train/{session_id}/cancel")
    assert (answer.status_code, answer.json["status"]) == (202, "CANCELLED")
    assert client.delete(f"/api/v1/train/{session_id}/cancel").status_code == 409


@pytest.mark.parametrize("path", ["status", "events"])
def test_an_unknown_session_is_404(client: FlaskClient, database: None, path: str) -> None:
    answer = client.get(f"/api/v1/train/{'0' * 32}/{path}")
    assert answer.status_code == 404
    assert answer.json["error_code"] == "not_found"


def test_events_are_read_after_a_number(post: Post, client: FlaskClient) -> None:
    session_id = post().json["session_id"]
    client.delete(f"/api/v1/train/{session_id}/cancel")
    everything = client.get(f"/api/v1/train/{session_id}/events").json
    assert [event["type"] for event in everything["events"]] == ["queued", "cancelled"]
    rest = client.get(f"/api/v1/train/{session_id}/events?after=1").json
    assert [event["seq"] for event in rest["events"]] == [2]
    assert rest["last_seq"] == 2


def test_history_is_filtered_and_paginated_newest_first(post: Post, client: FlaskClient) -> None:
    ids = [post(model_type=kind).json["session_id"] for kind in ("CNN", "LSTM", "LSTM")]
    page = client.get("/api/v1/train?model_type=LSTM&page_size=1").json
    assert page["total"] == 2
    assert [session["session_id"] for session in page["sessions"]] == [ids[2]]
    following = client.get("/api/v1/train?model_type=LSTM&page_size=1&page=2").json
    assert [session["session_id"] for session in following["sessions"]] == [ids[1]]
    assert client.get("/api/v1/train?status=nonsense").status_code == 422


def test_running_counts_against_the_limit(post: Post, client: FlaskClient, settings: Settings) -> None:
    session_id = post().json["session_id"]
    running = client.get("/api/v1/train/running").json
    assert (running["count"], running["max_sessions"]) == (1, settings.max_training_sessions)
    assert running["sessions"][0]["session_id"] == session_id


def test_every_stored_event_and_the_session_itself_fit_their_schemas(post: Post, client: FlaskClient) -> None:
    session_id = post().json["session_id"]
    publisher = RecordingPublisher()
    log.append(session_id, NewEvent("started", {"attempt": 1, "worker": "here"}), publisher)
    client.delete(f"/api/v1/train/{session_id}/cancel")
    for event in client.get(f"/api/v1/train/{session_id}/events").json["events"]:
        assert schemas.TrainingUpdate().validate(event) == {}
        assert socket_schemas.DATA_SCHEMAS[event["type"]]().validate(event["data"]) == {}
    status = client.get(f"/api/v1/train/{session_id}/status").json
    assert schemas.SessionSchema().validate(status) == {}


def test_the_gauges_count_waiting_and_running_sessions(post: Post, client: FlaskClient) -> None:
    first = post().json["session_id"]
    post()
    log.append(first, NewEvent("started", {"attempt": 1, "worker": "here"}), RecordingPublisher())
    text = client.get("/metrics").text
    assert "crypto_predict_training_queue_depth 1.0" in text
    assert "crypto_predict_training_active_sessions 1.0" in text
