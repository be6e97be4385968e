"""``/metrics`` names everything it promises, adds up over processes, and never depends on what is down."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisConnectionError

from server.config import PROJECT_ROOT, InvalidSettings, Settings
from server.errors import Unavailable
from server.local.processes import free_port
from server.observability import metrics
from tests.applications import UNREACHABLE, application

PROMISED = {
    "crypto_predict_training_sessions",
    "crypto_predict_training_epoch_seconds",
    "crypto_predict_socketio_connections",
    "crypto_predict_socketio_disconnects",
    "crypto_predict_realtime_lag_seconds",
    "crypto_predict_source_calls",
    "crypto_predict_source_wait_seconds",
    "crypto_predict_process_memory_bytes",
    "crypto_predict_memory_limit_bytes",
    "crypto_predict_memory_used_bytes",
    "crypto_predict_events_published",
    "crypto_predict_tasks",
    "crypto_predict_task_seconds",
    "crypto_predict_errors",
    "flask_http_request_duration_seconds",
    "flask_http_request",
}


@pytest.fixture
def app() -> Iterator[Flask]:
    with application() as made:
        made.extensions["gauge_readings"].clear()
        yield made


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def samples(text: str) -> dict[str, float]:
    """Sample with its labels, as text, to value."""
    return {
        sample.name
        + "".join(f"|{name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scrape(client: FlaskClient) -> dict[str, float]:
    response = client.get("/metrics")
    assert response.status_code == 200
    return samples(response.get_data(as_text=True))


def test_every_promised_metric_is_there(client: FlaskClient) -> None:
    client.get("/health/live")
    text = client.get("/metrics").get_data(as_text=True)
    assert {family.name for family in text_string_to_metric_families(text)} >= PROMISED


def test_requests_are_grouped_by_route_and_not_by_address(client: FlaskClient) -> None:
    for session in ("a", "b"):
        client.get(f"/api/v1/train/{session}/status")
        client.get(f"/api/v1/nowhere/{session}")
    text = client.get("/metrics").get_data(as_text=True)
    assert 'url_rule="/api/v1/train/<string:session_id>/status"' in text
    assert 'url_rule="unmatched"' in text
    assert "/nowhere" not in text


def test_two_applications_of_a_process_both_count(client: FlaskClient) -> None:
    name = "flask_http_request_total|method=GET|status=200"
    client.get("/health/live")
    before = scrape(client)[name]
    with application() as other:
        other.test_client().get("/health/live")
        assert scrape(other.test_client())[name] == 1
    client.get("/health/live")
    assert scrape(client)[name] == before + 1


def test_gauges_are_read_when_asked(app: Flask, client: FlaskClient) -> None:
    waiting = iter([3.0, 5.0])
    metrics.read_at_scrape(app, lambda: {metrics.TRAINING_QUEUE_DEPTH: next(waiting)})
    assert scrape(client)[metrics.TRAINING_QUEUE_DEPTH] == 3
    assert scrape(client)[metrics.TRAINING_QUEUE_DEPTH] == 5


@pytest.mark.parametrize("failure", [Unavailable("down"), RedisConnectionError("down"), OSError("down")])
def test_a_gauge_that_cannot_be_read_is_left_out_and_counted(
    app: Flask, client: FlaskClient, failure: Exception
) -> None:
    def read() -> dict[str, float]:
        raise failure

    name = "crypto_predict_errors_total|error_code=gauge_unavailable"
    before = scrape(client).get(name, 0)
    metrics.read_at_scrape(app, read)
    metrics.read_at_scrape(app, lambda: {metrics.TRAINING_ACTIVE_SESSIONS: 1})
    found = scrape(client)
    assert metrics.TRAINING_QUEUE_DEPTH not in found
    assert found[metrics.TRAINING_ACTIVE_SESSIONS] == 1
    assert scrape(client)[name] > before


def test_metrics_are_answered_with_database_and_redis_down() -> None:
    with application() as app:
        assert app.test_client().get("/metrics").status_code == 200


def test_a_shared_folder_known_too_late_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(InvalidSettings, match="PROMETHEUS_MULTIPROC_DIR"),
        application(prometheus_multiproc_dir=str(tmp_path)),
    ):
        pass


def test_a_worker_port_without_a_shared_folder_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="PROMETHEUS_MULTIPROC_DIR"):
        metrics.serve_worker_metrics(Settings(worker_metrics_port=free_port()))


def test_no_worker_port_serves_nothing() -> None:
    metrics.serve_worker_metrics(UNREACHABLE)


def run(script: str, folder: Path) -> str:
    """What a fresh interpreter prints whose processes share ``folder``."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder), "PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


TEN_CHILDREN = """
import multiprocessing
from server.observability import metrics

def train():
    metrics.TRAINING_SESSIONS.labels("CNN", "COMPLETED").inc()
    metrics.TRAINING_EPOCH_SECONDS.labels("CNN").observe(0.2)
    metrics.SOCKETIO_CONNECTIONS.inc()

if __name__ == "__main__":
    for _ in range(10):
        child = multiprocessing.get_context("fork").Process(target=train)
        child.start(); child.join()
        assert child.exitcode == 0
"""

SCRAPE_OF_WEB = """
from tests.applications import application
from server.observability import metrics
with application(prometheus_multiproc_dir="set") as app:
    metrics.SOCKETIO_CONNECTIONS.inc(2)
    client = app.test_client()
    client.get("/health/live")
    print(client.get("/metrics").get_data(as_text=True))
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that two workers with ten successive children each have written to."""
    folder = tmp_path_factory.mktemp("metrics")
    for _ in range(2):
        run(TEN_CHILDREN, folder)
    return folder


@pytest.fixture(scope="module")
def web(shared: Path) -> dict[str, float]:
    """What a web process that joins them answers."""
    return samples(run(SCRAPE_OF_WEB, shared))


def test_twenty_children_leave_few_files(shared: Path) -> None:
    slots = {file.stem.rpartition("_")[2] for file in shared.glob("*.db")}
    assert slots <= {"slot-0", "slot-1"}


def test_the_counts_of_all_children_add_up(web: dict[str, float]) -> None:
    assert web["crypto_predict_training_sessions_total|model_type=CNN|status=COMPLETED"] == 20
    assert web["crypto_predict_training_epoch_seconds_count|model_type=CNN"] == 20


def test_what_dead_processes_had_open_is_not_counted(web: dict[str, float]) -> None:
    assert web["crypto_predict_socketio_connections"] == 2


def test_the_web_process_answers_with_its_own_requests_too(web: dict[str, float]) -> None:
    assert web["flask_http_request_total|method=GET|status=200"] == 1


COUNT = """
from server.observability import metrics
metrics.ERRORS.labels("x").inc()
metrics.SOCKETIO_CONNECTIONS.inc()
"""


def test_an_empty_folder_name_means_none(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", COUNT],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": "", "PYTHONPATH": str(PROJECT_ROOT)},
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert list(tmp_path.iterdir()) == []


WORKER = """
import urllib.request
from server.config import Settings
from server.observability import metrics
settings = Settings(worker_metrics_port={port})
metrics.TRAINING_SESSIONS.labels("LSTM", "FAILED").inc()
metrics.serve_worker_metrics(settings)
print(urllib.request.urlopen("http://127.0.0.1:{port}/metrics", timeout=10).read().decode())
"""


def test_a_worker_answers_on_its_own_port_for_its_children(shared: Path) -> None:
    found = samples(run(WORKER.format(port=free_port()), shared))
    assert found["crypto_predict_training_sessions_total|model_type=LSTM|status=FAILED"] == 1
    assert found["crypto_predict_memory_limit_bytes"] > 0
    assert found["crypto_predict_training_sessions_total|model_type=CNN|status=COMPLETED"] == 20
