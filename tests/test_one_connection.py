"""Whatever is asked takes one connection to the database at a time.

Who holds one and waits for a second waits for others who do the same: as many as there are connections, at
once, and all of them stand still until the pool gives up. So each is asked here while only one is left.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_socketio import SocketIO
from redis import Redis
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from server import adapters
from server.config import Settings
from server.extension_config import API_PREFIX
from server.extensions import db
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.market import follows, jobs, store
from server.market import sockets as market_sockets
from server.market.candles import iso_time
from server.prediction import sockets as prediction_sockets
from server.prediction import tasks as prediction_tasks
from server.prediction.tables import Prediction
from server.registry import archive, looking_back, models
from server.training import sessions
from server.training import sockets as training_sockets
from server.training import tasks as training_tasks
from server.training.tables import TrainingSession
from tests.applications import application
from tests.candles import sample_candles
from tests.prediction.conftest import forget_what_was_kept
from tests.prediction.recording import RecordingPublisher
from tests.registry.stored import store_model
from tests.training.conftest import wanted

SERIES = {"ticker": "BTC-USD", "interval": "1h"}
Answer = TypeVar("Answer")
MODEL_ID, REQUEST_ID = "d" * 32, "one-connection"
CANDLES = sample_candles()[:1500]
LATE = CANDLES[1400:]
TRAINING = {**SERIES, "model_type": "CNN", "lookback": 10, "epochs": 1, "batch_size": 32}

# What answers without the database, or with connections of its own.
ELSEWHERE = ("/health", "/docs", "openapi.json", "asyncapi.json")
READS = (
    "/analytics/atr/BTC-USD", "/analytics/bollinger/BTC-USD", "/analytics/correlation?a=BTC-USD&b=ETH-USD",
    "/analytics/indicators/BTC-USD", "/analytics/macd/BTC-USD", "/analytics/moving-average/BTC-USD",
    "/analytics/rsi/BTC-USD", "/analytics/volatility/BTC-USD",
    "/market/candles?ticker=BTC-USD&interval=1h", "/market/coins", "/market/followed",
    "/market/gaps?ticker=BTC-USD&interval=1h", "/market/jobs", "/market/jobs/{job_id}", "/market/prices",
    "/market/quality?ticker=BTC-USD&interval=1h", "/market/tickers",
    "/models", "/models/activations", "/models/{model_id}", "/models/{model_id}/export",
    "/models/{model_id}/libraries", "/models/{model_id}/test-part",
    "/predictions", "/predictions/performance", "/predictions/{request_id}", "/tasks/schedules",
    "/train", "/train/running", "/train/{session_id}/events", "/train/{session_id}/status",
)  # fmt: skip
WRITES: tuple[tuple[str, str, dict[str, Any] | None], ...] = (
    ("POST", "/train", TRAINING),
    ("DELETE", "/train/{session_id}/cancel", None),
    ("POST", "/predict", SERIES),
    ("POST", "/predict/batch", {"requests": [SERIES, {"ticker": "NO-SUCH"}]}),
    ("POST", "/models/{model_id}/activate", None),
    ("PUT", "/market/followed/ETH-USD/1h", None),
    ("DELETE", "/market/followed/BTC-USD/1h", None),
    ("POST", "/market/backfill", {"ticker": "ETH-USD", "interval": "1h", "since": "2024-01-01T00:00:00Z"}),
    ("DELETE", "/market/jobs/{job_id}", None),
    ("POST", "/tasks/schedules/prices/run", None),
)


@contextmanager
def one_connection_left() -> Iterator[None]:
    """All connections that this process may have are in use, but one."""
    pool: Any = db.engine.pool
    with ExitStack() as held:
        for _ in range(pool.size() + pool._max_overflow - 1):
            held.enter_context(db.engine.connect())
        yield


def answered_elsewhere(ask: Callable[[], Answer]) -> Answer:
    """What ``ask`` returns in a thread, and so in an application context, of its own."""
    with ThreadPoolExecutor(1) as elsewhere:
        return elsewhere.submit(ask).result()


@pytest.fixture
def served(app: Flask, database: None, settings: Settings) -> Iterator[dict[str, str]]:
    """A followed series, a model, a forecast, a session and a job, by the names that paths give them."""
    forget_what_was_kept(app)
    store.upsert(*SERIES.values(), "the shipped sample", CANDLES[:1400])
    store.upsert("ETH-USD", "1h", "the shipped sample", CANDLES[:100])
    follows.follow(*SERIES.values())
    artifacts = adapters.artifacts()
    if not artifacts.exists(MODEL_ID):
        store_model(artifacts, MODEL_ID)
    models.register(artifacts.open(MODEL_ID).manifest, None)
    db.session.commit()
    client = app.test_client()
    started = client.post(f"{API_PREFIX}/train", json=TRAINING).get_json()
    forecast = client.post(f"{API_PREFIX}/predict", json={**SERIES, "request_id": REQUEST_ID})
    assert forecast.status_code == 200, forecast.text
    job = jobs.Jobs(RecordingPublisher()).start("backfill", *SERIES.values(), {})
    named = {"session_id": started["session_id"], "model_id": MODEL_ID, "request_id": REQUEST_ID}
    named["job_id"] = job.id
    db.session.remove()
    yield named
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("training", "prediction", "market", "default")


def request(app: Flask, method: str, path: str, body: dict[str, Any] | None = None) -> TestResponse:
    client: FlaskClient = app.test_client()
    return answered_elsewhere(lambda: client.open(f"{API_PREFIX}{path}", method=method, json=body))


def test_every_path_that_reads_is_asked_here(app: Flask) -> None:
    """A new one is added above, or to what asks no table."""
    adapter = app.url_map.bind("localhost")
    known = {adapter.match(f"{API_PREFIX}{path.partition('?')[0]}", method="GET")[0] for path in READS}
    paths = {
        rule.endpoint: rule.rule
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(API_PREFIX) and "GET" in (rule.methods or ())
    }
    unknown = {path for endpoint, path in paths.items() if endpoint not in known}
    assert {path for path in unknown if not any(part in path for part in ELSEWHERE)} == set()


def test_a_read_takes_one_connection_at_a_time(app: Flask, served: dict[str, str]) -> None:
    with one_connection_left():
        answers = {path: request(app, "GET", path.format(**served)) for path in READS}
    refused = {path: answer.text for path, answer in answers.items() if answer.status_code != 200}
    assert refused == {}


def test_a_write_takes_one_connection_at_a_time(app: Flask, served: dict[str, str]) -> None:
    with one_connection_left():
        answers = {path: request(app, method, path.format(**served), body) for method, path, body in WRITES}
    refused = {path: answer.text for path, answer in answers.items() if answer.status_code >= 300}
    assert refused == {}


def test_a_scrape_takes_one_connection_at_a_time(settings: Settings, served: dict[str, str]) -> None:
    """By an application of its own: gauges are kept for a while."""
    with application(settings) as fresh, fresh.app_context(), one_connection_left():
        scraped = answered_elsewhere(lambda: fresh.test_client().get("/metrics").text)
    assert 'crypto_predict_prediction_live_outcomes{interval="1h"' in scraped
    assert 'crypto_predict_models{status="active"} 1.0' in scraped


def test_a_join_takes_one_connection_at_a_time(settings: Settings, served: dict[str, str]) -> None:
    joins: dict[str, dict[str, Any]] = {
        "join_market": SERIES,
        "join_prediction": SERIES,
        "join_training": {"session_id": served["session_id"]},
    }
    with application(settings) as fresh, fresh.app_context():
        # In place of the product's, which would go on listening to Redis after the test.
        socketio = SocketIO(fresh, async_mode="threading")
        for sockets in (market_sockets, prediction_sockets, training_sockets):
            sockets.register(socketio)
        client = socketio.test_client(fresh)
        with one_connection_left():
            answers = {
                event: answered_elsewhere(partial(client.emit, event, payload, callback=True))
                for event, payload in joins.items()
            }
    assert {event: answer["ok"] for event, answer in answers.items()} == dict.fromkeys(joins, True)
    assert answers["join_market"]["job"]["job_id"] == served["job_id"]


def test_a_task_takes_one_connection_at_a_time(app: Flask, served: dict[str, str]) -> None:
    store.upsert(*SERIES.values(), "exchange", LATE)
    opens = [iso_time(int(LATE.timestamp[row])) for row in (0, -1)]

    def work() -> list[TrainingSession]:
        with app.app_context():
            prediction_tasks.candles_arrived(*SERIES.values(), *opens)
            prediction_tasks.sweep()
            training_tasks.reap()
            training_tasks.retrain(MODEL_ID, "test")
            return list(db.session.scalars(select(TrainingSession)))

    with one_connection_left():
        found = answered_elsewhere(work)
    assert [session.params.get("retrain_of") for session in found] == [None, MODEL_ID]
    assert db.session.scalar(select(func.min(Prediction.settled_steps))) == 0
    assert db.session.scalar(select(func.max(Prediction.settled_steps))) == 2


class WatchedStore(ArtifactStore):
    """Notes whether a transaction is open while it is asked, which may take seconds."""

    transactions: list[bool]

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        self.transactions.append(db.session().in_transaction())
        return super().open(model_id, verify)


@pytest.mark.parametrize(
    "ask",
    [
        lambda artifacts: models.activate(MODEL_ID, artifacts, lambda _: None),
        lambda artifacts: archive.export_model(MODEL_ID, artifacts),
        lambda artifacts: looking_back.libraries(MODEL_ID, artifacts),
        lambda artifacts: looking_back.scored_part(MODEL_ID, 1, 10, artifacts),
    ],
)
def test_no_connection_is_kept_while_the_artifact_store_is_asked(
    served: dict[str, str], settings: Settings, ask: Callable[[ArtifactStore], Any]
) -> None:
    artifacts = WatchedStore(settings.artifact_url)
    artifacts.transactions = []
    ask(artifacts)
    assert artifacts.transactions == [False]


class SlowBody(io.BytesIO):
    """A file that a client sends little by little, noting how many connections are in use meanwhile."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.in_use: set[int] = set()

    def readinto(self, buffer: Any, /) -> int:
        pool: Any = db.engine.pool
        self.in_use.add(pool.checkedout())
        return super().readinto(memoryview(buffer)[:100])


def test_no_connection_is_kept_while_a_file_is_sent(app: Flask, database: None) -> None:
    db.session.remove()
    lines = ["timestamp,open,high,low,close,volume"]
    lines += [f"2024-01-01T{hour:02}:00:00Z,1,2,0.5,1,3" for hour in range(24)]
    body = SlowBody("\n".join(lines).encode())
    answer = answered_elsewhere(
        lambda: app.test_client().post(
            f"{API_PREFIX}/market/import",
            query_string=SERIES,
            input_stream=body,
            content_type="text/csv",
            content_length=len(body.getvalue()),
        )
    )
    assert (answer.status_code, answer.get_json()["rows_stored"]) == (200, 24), answer.text
    assert body.in_use == {0}


def test_no_connection_is_kept_while_the_broker_is_told(database: None, settings: Settings) -> None:
    told: list[bool] = []
    sessions.start(
        wanted(), settings, RecordingPublisher(), lambda _: told.append(db.session().in_transaction())
    )
    assert told == [False]


def test_a_job_that_runs_keeps_no_transaction_open(app: Flask, served: dict[str, str]) -> None:
    """Its candles are fetched for minutes, and stored over other connections."""
    running = jobs.Jobs(RecordingPublisher())
    job = running.claim(served["job_id"], "a worker")
    assert job is not None
    assert running.advance(job.id, "a worker", 50.0, {"stored": 3})
    assert (job.ticker, job.status) == ("BTC-USD", "IN_PROGRESS")
    assert not db.session().in_transaction()
