"""Each probe asks the thing itself, within its time, and says 503 when it is down."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from server.config import Settings
from server.errors import Unavailable
from server.market.courtesy.breaker import Breaker
from server.observability import health
from server.observability.schemas import DetailedHealthSchema
from tests.applications import UNREACHABLE, application

PREFIXES = ["/health", "/api/v1/health"]


@pytest.fixture(scope="module")
def up(settings: Settings) -> Iterator[Flask]:
    with application(settings) as app:
        yield app


@pytest.fixture(scope="module")
def down() -> Iterator[Flask]:
    with application() as app:
        yield app


@pytest.fixture
def worker(redis_url: str) -> Iterator[str]:
    url = Settings(redis_url=redis_url).redis_database(1)
    health.beat_worker(url, "trainer@here", health.QUEUES)
    yield url
    health.forget_worker(url, "trainer@here", health.QUEUES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_live_touches_nothing(down: Flask, prefix: str) -> None:
    response = down.test_client().get(f"{prefix}/live")
    assert response.status_code == 200
    assert response.json["status"] == "ok"
    assert response.json["timestamp"].endswith("Z")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["", "/ready", "/db", "/cache", "/detailed"])
def test_everything_is_up(up: Flask, worker: str, prefix: str, path: str) -> None:
    response = up.test_client().get(prefix + path)
    assert response.status_code == 200, response.json
    assert response.json["status"] == "ok"
    for check in response.json["checks"].values():
        assert check["status"] == "ok"
        assert isinstance(check["latency_ms"], float)
        assert 0 < check["latency_ms"] < 2_000


def test_ready_asks_all(up: Flask, worker: str) -> None:
    checks = up.test_client().get("/health/ready").json["checks"]
    assert set(checks) == {"database", "cache", "broker", "worker", "artifacts"}
    assert checks["worker"]["details"]["workers"] == {
        "default": ["trainer@here"],
        "training": ["trainer@here"],
        "prediction": ["trainer@here"],
        "market": ["trainer@here"],
    }


def test_detailed_gives_versions_and_uptime(up: Flask) -> None:
    body = up.test_client().get("/health/detailed").json
    assert body["uptime_seconds"] > 0
    assert body["versions"]["python"].startswith("3.")
    assert body["environment"] == "test"


def test_detailed_shows_how_each_source_of_market_data_is_doing(up: Flask, settings: Settings) -> None:
    url = settings.redis_database(1)
    with closing(Breaker(url, "kraken", failures=1)) as breaker, Redis.from_url(url) as redis:
        redis.delete("crypto_predict:source:kraken", "crypto_predict:source:coinbase")
        breaker.failed(breaker.admit(), "kraken was not reached")
    body = up.test_client().get("/health/detailed").json
    states = {each["source"]: each for each in body["sources"]}
    assert list(states) == ["coinbase", "kraken", "binance", "coingecko"]
    assert (states["kraken"]["state"], states["kraken"]["reason"]) == ("open", "kraken was not reached")
    assert 0 < states["kraken"]["retry_after"] <= 300
    assert states["coinbase"]["state"] == "closed"
    assert not DetailedHealthSchema().validate(body)
    metrics = up.test_client().get("/metrics").get_data(as_text=True)
    assert 'crypto_predict_source_state{source="kraken"} 3.0' in metrics
    assert 'crypto_predict_source_state{source="coinbase"} 0.0' in metrics


def test_without_redis_the_states_of_sources_are_unknown(down: Flask) -> None:
    assert down.test_client().get("/health/detailed").json["sources"] is None


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("path", ["", "/ready", "/db", "/cache", "/detailed"])
def test_what_is_down_is_said_to_be_down(down: Flask, prefix: str, path: str) -> None:
    response = down.test_client().get(prefix + path)
    assert response.status_code == 503
    assert response.json["status"] == "down"
    assert all(isinstance(check["latency_ms"], float) for check in response.json["checks"].values())


def test_only_the_database_is_down(settings: Settings, worker: str) -> None:
    with application(settings, database_url=UNREACHABLE.database_url) as app:
        client = app.test_client()
        assert client.get("/health/live").status_code == 200
        assert client.get("/health/cache").status_code == 200
        assert client.get("/health/db").status_code == 503
        response = client.get("/health/ready")
    assert response.status_code == 503
    states = {name: check["status"] for name, check in response.json["checks"].items()}
    assert states["database"] == "down"
    assert states["cache"] == states["broker"] == states["worker"] == "ok"


def test_without_a_worker_the_server_is_degraded_but_ready(up: Flask) -> None:
    response = up.test_client().get("/health/ready")
    assert response.status_code == 200
    assert response.json["status"] == "degraded"
    assert response.json["checks"]["worker"]["status"] == "down"


def test_a_worker_for_other_work_does_not_stand_in_for_a_trainer(up: Flask, settings: Settings) -> None:
    url = settings.redis_database(1)
    health.beat_worker(url, "worker@here", ["default"])
    check = up.test_client().get("/health/ready").json["checks"]["worker"]
    health.forget_worker(url, "worker@here", ["default"])
    assert check["status"] == "down"
    assert "training" in str(check)


def test_a_silent_worker_is_no_longer_counted(up: Flask, worker: str) -> None:
    with Redis.from_url(worker) as redis:
        silent_since = redis.time()[0] - health.WORKER_SILENCE_SECONDS - 1
        redis.zadd(health.WORKERS_KEY, {"training trainer@here": silent_since})
    assert up.test_client().get("/health/ready").json["checks"]["worker"]["status"] == "down"


def test_an_answer_says_nothing_about_how_things_are_reached(down: Flask) -> None:
    text = down.test_client().get("/health/detailed").get_data(as_text=True)
    assert "127.0.0.1" not in text
    assert "nothing" not in text


@pytest.fixture
def deaf_port() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        yield server.getsockname()[1]


def test_a_deaf_server_costs_no_more_than_the_time_limit(settings: Settings, deaf_port: int) -> None:
    with application(settings, redis_url=f"redis://127.0.0.1:{deaf_port}/0") as app:
        started = time.perf_counter()
        response = app.test_client().get("/health/ready")
        took = time.perf_counter() - started
    assert response.status_code == 503
    assert response.json["checks"]["database"]["status"] == "ok"
    assert {name for name, check in response.json["checks"].items() if check["status"] == "down"} == {
        "cache",
        "broker",
        "worker",
    }
    assert took < health.PROBE_SECONDS + 1


def registered(app: Flask, critical: bool) -> Any:
    def check() -> None:
        raise Unavailable("the store is away")

    health.register_probe(app, "another", check, critical=critical)
    return app.test_client().get("/health/ready")


@pytest.mark.parametrize(("critical", "status", "word"), [(True, 503, "down"), (False, 200, "degraded")])
def test_a_registered_probe_counts_as_it_is_registered(
    settings: Settings, worker: str, critical: bool, status: int, word: str
) -> None:
    with application(settings) as app:
        response = registered(app, critical)
    assert (response.status_code, response.json["status"]) == (status, word)
    assert response.json["checks"]["another"]["error"] == "the store is away"


def test_probes_run_side_by_side(settings: Settings) -> None:
    everyone_is_here = threading.Barrier(2)
    with application(settings) as app:
        for name in ("one", "other"):
            health.register_probe(app, name, lambda: everyone_is_here.wait(1.5) and None, critical=True)
        checks = app.test_client().get("/health/ready").json["checks"]
    assert checks["one"]["status"] == checks["other"]["status"] == "ok"


def test_probes_are_never_limited(settings: Settings) -> None:
    with application(settings, rate_limit_enabled=True, rate_limit_default="1 per hour") as app:
        client: FlaskClient = app.test_client()
        for path in ("/health/live", "/api/v1/health/live", "/health/db", "/metrics", "/api/v1/openapi.json"):
            assert {client.get(path).status_code for _ in range(3)} == {200}
