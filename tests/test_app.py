"""What every request passes: address, limits, CORS, headers; and the documents that describe the API."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from flask_smorest import Blueprint
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.app import create_app
from server.config import PROJECT_ROOT, InvalidSettings, Settings
from server.extension_config import database_config
from server.extensions import limiter
from tests.applications import UNREACHABLE, application

views = Blueprint("views_under_test", __name__, url_prefix=f"/under-test-{uuid4().hex}")
ONE = f"{views.url_prefix}/one"
OTHER = f"{views.url_prefix}/other"
STRICT = f"{views.url_prefix}/strict"


@views.get("/one")
def one() -> dict[str, Any]:
    return {"client": request.remote_addr, "host": request.host, "scheme": request.scheme}


@views.get("/other")
def other() -> dict[str, Any]:
    return {}


@views.get("/strict")
@limiter.limit("1 per hour")
def strict() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="module")
def plain() -> Iterator[Flask]:
    with application() as app:
        app.register_blueprint(views)
        yield app


@pytest.fixture
def client(plain: Flask) -> FlaskClient:
    return plain.test_client()


@pytest.mark.parametrize("name", ["database_url", "redis_url"])
def test_without_a_database_or_redis_the_remedy_is_named(name: str) -> None:
    with pytest.raises(InvalidSettings, match=rf"{name.upper()}.*make run"):
        create_app(replace(UNREACHABLE, **{name: ""}))


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_a_postgresql_url_is_taken(scheme: str) -> None:
    settings = replace(UNREACHABLE, database_url=f"{scheme}://u:p%40ss@db:5433/crypto?sslmode=require")
    uri = database_config(settings)["SQLALCHEMY_DATABASE_URI"]
    assert uri == "postgresql+psycopg2://u:p%40ss@db:5433/crypto?sslmode=require"


@pytest.mark.parametrize("url", ["mysql://db/x", "sqlite:///x.db", "nonsense"])
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_URL"):
        database_config(replace(UNREACHABLE, database_url=url))


FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 1.1.1.1, 2.2.2.2",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "predict.example",
}


@pytest.mark.parametrize(
    ("hops", "address", "scheme"),
    [(0, "127.0.0.1", "http"), (1, "2.2.2.2", "https"), (2, "1.1.1.1", "http")],
)
def test_only_the_set_number_of_proxies_is_trusted(hops: int, address: str, scheme: str) -> None:
    with application(proxy_hops=hops) as app:
        app.register_blueprint(views)
        seen = app.test_client().get(ONE, headers=FORWARDED).json
    assert (seen["client"], seen["scheme"]) == (address, scheme)


def limited(settings: Settings, **changes: Any) -> Any:
    return application(settings, rate_limit_enabled=True, **{"rate_limit_default": "3 per hour", **changes})


def statuses(client: FlaskClient, path: str, times: int, address: str) -> list[int]:
    return [client.get(path, environ_overrides={"REMOTE_ADDR": address}).status_code for _ in range(times)]


@pytest.fixture
def address() -> str:
    """A client that no other test has been."""
    return f"fd00::{uuid4().hex[:4]}:{uuid4().hex[:4]}"


def test_a_limit_answers_429_with_retry_after(settings: Settings, address: str) -> None:
    with limited(settings) as app:
        app.register_blueprint(views)
        client = app.test_client()
        assert statuses(client, ONE, 3, address) == [200, 200, 200]
        response = client.get(ONE, environ_overrides={"REMOTE_ADDR": address})
    assert response.status_code == 429
    assert response.json["error_code"] == "too_many_requests"
    assert 1 <= int(response.headers["Retry-After"]) <= 3600
    assert response.json["details"]["retry_after"] == int(response.headers["Retry-After"])
    assert response.json["request_id"] == response.headers["X-Request-ID"]


def test_each_endpoint_and_each_client_has_its_own_bucket(settings: Settings, address: str) -> None:
    with limited(settings) as app:
        app.register_blueprint(views)
        client = app.test_client()
        assert statuses(client, ONE, 4, address)[-1] == 429
        assert statuses(client, OTHER, 3, address) == [200, 200, 200]
        assert statuses(client, ONE, 1, f"{address}1") == [200]


def test_an_endpoints_own_limit_replaces_the_default(settings: Settings, address: str) -> None:
    with limited(settings) as app:
        app.register_blueprint(views)
        assert statuses(app.test_client(), STRICT, 2, address) == [200, 429]


def test_processes_share_their_counts(settings: Settings, address: str) -> None:
    for expected in ([200, 200], [200, 429]):
        with limited(settings) as app:
            app.register_blueprint(views)
            assert statuses(app.test_client(), ONE, 2, address) == expected


def test_without_redis_the_api_answers_and_still_limits(address: str) -> None:
    with limited(UNREACHABLE) as app:
        app.register_blueprint(views)
        client = app.test_client()
        assert statuses(client, ONE, 4, address) == [200, 200, 200, 429]
        response = client.get(ONE, environ_overrides={"REMOTE_ADDR": address})
    assert int(response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize("path", ["/health/live", "/metrics", "/api/v1/docs", "/api/v1/openapi.json"])
def test_probes_metrics_and_docs_are_never_limited(settings: Settings, address: str, path: str) -> None:
    with limited(settings, rate_limit_default="1 per hour") as app:
        assert statuses(app.test_client(), path, 3, address) == [200, 200, 200]


def test_no_other_origin_is_allowed_by_default(client: FlaskClient) -> None:
    response = client.get(ONE, headers={"Origin": "https://elsewhere.example"})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_listed_origin_is_allowed_and_sees_our_headers() -> None:
    with application(cors_origins=["https://a.example"]) as app:
        app.register_blueprint(views)
        client = app.test_client()
        allowed = client.get(ONE, headers={"Origin": "https://a.example"})
        refused = client.get(ONE, headers={"Origin": "https://b.example"})
        failed = client.get("/nowhere", headers={"Origin": "https://a.example"})
    assert allowed.headers["Access-Control-Allow-Origin"] == "https://a.example"
    exposed = {name.strip() for name in allowed.headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed == {"X-Request-ID", "Location", "Retry-After"}
    assert "Access-Control-Allow-Origin" not in refused.headers
    assert failed.headers["Access-Control-Allow-Origin"] == "https://a.example"


def test_a_browser_may_ask_before_it_posts() -> None:
    with application(cors_origins=["https://a.example"]) as app:
        response = app.test_client().options(
            "/api/v1/train",
            headers={
                "Origin": "https://a.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type, idempotency-key",
            },
        )
    assert response.status_code == 200
    assert "POST" in response.headers["Access-Control-Allow-Methods"]
    assert "idempotency-key" in response.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/api/v1/docs", "/metrics"])
def test_every_answer_is_protected(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"


def test_https_is_demanded_only_over_https(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/health/live").headers
    secure = client.get("/health/live", base_url="https://localhost")
    assert "max-age=" in secure.headers["Strict-Transport-Security"]


def test_the_openapi_document_is_valid(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_the_document_knows_every_route_once(plain: Flask, client: FlaskClient) -> None:
    documented = set(client.get("/api/v1/openapi.json").json["paths"])
    routes = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for rule in plain.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        and rule.endpoint.partition(".")[0] not in ("api-docs", "asyncapi", "swagger_ui_files")
    }
    assert documented == routes


def test_every_error_in_the_document_has_the_one_shape(client: FlaskClient) -> None:
    document = client.get("/api/v1/openapi.json").json
    shape = document["components"]["schemas"]["Error"]
    assert set(shape["properties"]) == {"error", "error_code", "message", "details", "request_id"}
    default = document["components"]["responses"]["DEFAULT_ERROR"]
    assert default["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Error"}


def test_the_docs_page_works_offline_and_under_its_own_policy(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").get_data(as_text=True)
    assert "//" not in page.replace("<!DOCTYPE html>", "")
    assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", page) == []
    links = re.findall(r"(?:src|href)=\"([^\"]+)\"", page)
    assert len(links) >= 4
    for link in links:
        assert link.startswith("/")
        with client.get(link) as response:
            assert response.status_code == 200, link


IMPORT = """
import sys
import server.app
heavy = {"keras", "tensorflow", "jax", "torch"} & set(sys.modules)
assert not heavy, heavy
"""


def test_the_application_imports_no_network_library() -> None:
    subprocess.run([sys.executable, "-c", IMPORT], cwd=PROJECT_ROOT, check=True, timeout=120)


ENQUEUE = """
import time
from kombu.exceptions import OperationalError
from tests.applications import application
with application(redis_url="redis://127.0.0.1:{port}/0") as app:
    started = time.monotonic()
    try:
        app.extensions["celery"].send_task("training.train", ("x",))
    except OperationalError:
        print(time.monotonic() - started)
"""


@pytest.mark.parametrize("deaf", [False, True], ids=["refused", "deaf"])
def test_an_enqueue_without_redis_fails_soon(deaf: bool) -> None:
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if deaf:
            server.listen(50)
        script = ENQUEUE.format(port=server.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=PROJECT_ROOT, capture_output=True, text=True, timeout=120
        )
    assert done.stdout, done.stderr
    # About four seconds of waiting, on a machine that has others to serve as well.
    assert float(done.stdout) < 12


def test_trainings_have_a_queue_of_their_own(plain: Flask) -> None:
    route = plain.extensions["celery"].amqp.router.route
    assert route({}, "training.train")["queue"].name == "training"
    assert route({}, "sessions.reap")["queue"].name == "default"
