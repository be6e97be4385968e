"""Whatever goes wrong with a request, the answer has the one shape, and tells nothing it should not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import marshmallow
import pytest
from flask import abort
from flask.testing import FlaskClient
from flask_smorest import Blueprint
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from kombu.exceptions import OperationalError as BrokerError
from marshmallow import fields, validate
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from server.errors import Conflict, InvalidInput, NotFound, ServerError, TooManyRequests, Unavailable
from server.observability.validation import JSON_BODY_BYTES
from tests.applications import application

SHAPE = {"error", "error_code", "message", "details", "request_id"}


class Inner(marshmallow.Schema):
    depth = fields.Integer(required=True)


class Body(marshmallow.Schema):
    lookback = fields.Integer(strict=True, validate=validate.Range(min=10, max=365))
    rate = fields.Float()
    name = fields.String()
    password = fields.String(validate=validate.Length(min=8))
    inner = fields.Nested(Inner)


class Query(marshmallow.Schema):
    limit = fields.Integer(validate=validate.Range(min=1))


FAILURES: dict[str, Exception] = {
    "invalid": InvalidInput("lookback is 3: use 10 to 365", field="lookback", value=3),
    "missing": NotFound("No session x"),
    "conflict": Conflict("The session has ended"),
    "limited": TooManyRequests("All slots are taken", retry_after=7, active=4),
    "unavailable": Unavailable("The store does not answer"),
    "own": ServerError("Something of ours"),
    "defect": ZeroDivisionError("the secret is hunter2"),
    "database": OperationalError("SELECT hunter2", {}, Exception("connection refused")),
    "redis": RedisConnectionError("redis://:hunter2@cache refused"),
    "broker": BrokerError("redis://:hunter2@cache refused"),
}
STATUS = {
    "invalid": (422, "invalid_input"),
    "missing": (404, "not_found"),
    "conflict": (409, "conflict"),
    "limited": (429, "too_many_requests"),
    "unavailable": (503, "unavailable"),
    "own": (500, "internal_error"),
    "defect": (500, "internal_error"),
    "database": (503, "database_unavailable"),
    "redis": (503, "queue_unavailable"),
    "broker": (503, "queue_unavailable"),
}


def _views() -> Blueprint:
    blueprint = Blueprint("errors_under_test", __name__, url_prefix="/t")

    @blueprint.post("/body")
    @blueprint.arguments(Body)
    def body(arguments: dict[str, Any]) -> dict[str, Any]:
        return arguments

    @blueprint.get("/query")
    @blueprint.arguments(Query, location="query")
    def query(arguments: dict[str, Any]) -> dict[str, Any]:
        return arguments

    @blueprint.get("/fail/<string:kind>")
    def fail(kind: str) -> dict[str, Any]:
        raise FAILURES[kind]

    @blueprint.get("/abort/<int:status>")
    def refuse(status: int) -> dict[str, Any]:
        abort(status)

    @blueprint.post("/upload")
    def upload() -> dict[str, Any]:
        from flask import request

        return {"bytes": len(request.get_data())}

    return blueprint


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with application(max_body_bytes=4 * JSON_BODY_BYTES) as app:
        app.register_blueprint(_views())
        yield app.test_client()


def failed(response: TestResponse, status: int, error_code: str) -> dict[str, Any]:
    """The body of a failed request, after checking all that holds for each."""
    assert response.status_code == status, response.get_data(as_text=True)
    assert response.mimetype == "application/json"
    body: dict[str, Any] = response.get_json()
    assert set(body) == SHAPE
    assert body["error_code"] == error_code
    assert body["request_id"] == response.headers["X-Request-ID"]
    assert body["message"]
    assert isinstance(body["details"], dict)
    return body


@pytest.mark.parametrize("kind", list(FAILURES))
def test_every_failure_of_a_view_has_the_one_shape(client: FlaskClient, kind: str) -> None:
    response = client.get(f"/t/fail/{kind}")
    failed(response, *STATUS[kind])
    assert "hunter2" not in response.get_data(as_text=True)


def test_a_limit_says_when_to_come_back(client: FlaskClient) -> None:
    response = client.get("/t/fail/limited")
    assert response.headers["Retry-After"] == "7"
    assert response.get_json()["details"] == {"active": 4, "retry_after": 7}


def test_a_defect_is_logged_once_with_its_traceback_and_request_id(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.ERROR):
        client.get("/t/fail/defect", headers={"X-Request-ID": "find-me"})
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    errors = [line for line in lines if line["level"] == "error"]
    assert [line["request_id"] for line in errors] == ["find-me"]
    assert "ZeroDivisionError" in errors[0]["exception"]


def test_errors_are_counted_by_code(client: FlaskClient) -> None:
    def counted() -> float:
        text = client.get("/metrics").get_data(as_text=True)
        prefix = 'crypto_predict_errors_total{error_code="conflict"} '
        return sum(float(line.removeprefix(prefix)) for line in text.splitlines() if line.startswith(prefix))

    before = counted()
    client.get("/t/fail/conflict")
    assert counted() == before + 1


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (401, "unauthorized"), (403, "forbidden"), (500, "internal_error")],
)
def test_refusals_of_the_framework_have_the_one_shape(client: FlaskClient, status: int, code: str) -> None:
    failed(client.get(f"/t/abort/{status}"), status, code)


def test_an_unknown_address_is_not_found(client: FlaskClient) -> None:
    failed(client.get("/nowhere"), 404, "not_found")


def test_a_wrong_method_names_the_right_ones(client: FlaskClient) -> None:
    response = client.delete("/t/body")
    failed(response, 405, "method_not_allowed")
    assert "POST" in response.headers["Allow"]


def test_a_wrong_field_is_named_with_value_and_remedy(client: FlaskClient) -> None:
    body = failed(client.post("/t/body", json={"lookback": 3}), 422, "invalid_input")
    assert body["details"]["field"] == "lookback"
    assert body["details"]["value"] == 3
    assert "10" in body["details"]["remedy"]
    assert "365" in body["details"]["remedy"]
    assert "lookback" in body["message"]


def test_every_wrong_field_is_named(client: FlaskClient) -> None:
    sent = {"lookback": "x", "rate": [], "inner": {"depth": "deep"}, "surplus": 1}
    body = failed(client.post("/t/body", json=sent), 422, "invalid_input")
    assert {each["field"] for each in body["details"]["errors"]} == {
        "lookback",
        "rate",
        "inner.depth",
        "surplus",
    }


def test_a_secret_is_not_sent_back(client: FlaskClient) -> None:
    response = client.post("/t/body", json={"password": "hunter2"})
    failed(response, 422, "invalid_input")
    assert "hunter2" not in response.get_data(as_text=True)


def test_a_long_value_is_shortened(client: FlaskClient) -> None:
    response = client.post("/t/body", json={"lookback": "9" * 100_000})
    failed(response, 422, "invalid_input")
    assert len(response.get_data()) < 2_000


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limmit=3", "limit=1&other=2"])
def test_a_wrong_or_unknown_query_parameter_is_refused(client: FlaskClient, query: str) -> None:
    failed(client.get(f"/t/query?{query}"), 422, "invalid_input")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"lookback": 30} trailing',
        b"",
        b"\xff\xfe",
        b"nonsense",
        b'{"rate": NaN}',
        b'{"rate": Infinity}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"lookback": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"inner":' * 50_000 + b"1" + b"}" * 50_000,
    ],
)
def test_a_body_that_is_not_json_is_malformed(client: FlaskClient, body: bytes) -> None:
    response = client.post("/t/body", data=body, content_type="application/json")
    failed(response, 400, "malformed_request")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"3", b"null"])
def test_json_that_is_no_object_is_invalid(client: FlaskClient, body: bytes) -> None:
    response = client.post("/t/body", data=body, content_type="application/json")
    assert response.get_json()["error_code"] == "invalid_input"
    failed(response, 422, "invalid_input")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "", "nonsense"])
def test_json_under_another_content_type_is_refused(client: FlaskClient, content_type: str) -> None:
    response = client.post("/t/body", data=b'{"lookback": 30}', content_type=content_type)
    failed(response, 415, "unsupported_media_type")


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_json_with_parameters_is_read(client: FlaskClient, content_type: str) -> None:
    response = client.post("/t/body", data=b'{"lookback": 30}', content_type=content_type)
    assert response.get_json() == {"lookback": 30}


def test_a_json_body_of_more_than_its_limit_is_too_large(client: FlaskClient) -> None:
    response = client.post("/t/body", json={"name": "x" * JSON_BODY_BYTES})
    failed(response, 413, "body_too_large")


def test_any_body_of_more_than_the_limit_is_too_large(client: FlaskClient) -> None:
    assert client.post("/t/upload", data=b"x" * 3 * JSON_BODY_BYTES).status_code == 200
    failed(client.post("/t/upload", data=b"x" * 5 * JSON_BODY_BYTES), 413, "body_too_large")


def test_a_body_without_a_length_is_limited_too(client: FlaskClient) -> None:
    response = client.post(
        "/t/upload",
        input_stream=io.BytesIO(b"x" * 5 * JSON_BODY_BYTES),
        environ_overrides={"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    )
    failed(response, 413, "body_too_large")


@pytest.mark.parametrize("path", ["/t/fail/a%00b", "/t/query?limit=%00"])
def test_nul_in_the_address_is_refused(client: FlaskClient, path: str) -> None:
    failed(client.get(path), 400, "malformed_request")


@given(st.binary(max_size=60))
@hypothesis_settings(max_examples=150, deadline=None)
def test_no_body_whatever_is_answered_by_a_defect(body: bytes) -> None:
    with_client = test_no_body_whatever_is_answered_by_a_defect.client  # type: ignore[attr-defined]
    response = with_client.post("/t/body", data=body, content_type="application/json")
    assert response.status_code in (400, 422)
    assert set(response.get_json()) == SHAPE


@pytest.fixture(autouse=True)
def _client_for_hypothesis(client: FlaskClient) -> None:
    # Hypothesis and fixtures of function scope do not go together.
    test_no_body_whatever_is_answered_by_a_defect.client = client  # type: ignore[attr-defined]
