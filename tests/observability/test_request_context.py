"""The request id is on every answer and every line of a request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from server.observability.request_context import accepted_or_new, current_request_id
from tests.applications import application


@pytest.fixture(scope="module")
def client() -> Iterator[FlaskClient]:
    with application() as app:
        yield app.test_client()


@pytest.mark.parametrize("path", ["/health/live", "/nowhere", "/api/v1/openapi.json", "/metrics"])
def test_a_plain_request_id_comes_back_on_every_answer(client: FlaskClient, path: str) -> None:
    response = client.get(path, headers={"X-Request-ID": "abc-123_x.y"})
    assert response.headers.getlist("X-Request-ID") == ["abc-123_x.y"]


@pytest.mark.parametrize("request_id", ["", "x" * 65, "a b", 'a"b', "a/b", "<script>", "ä", "a,b"])
def test_another_request_id_is_replaced(client: FlaskClient, request_id: str) -> None:
    response = client.get("/health/live", headers={"X-Request-ID": request_id})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["X-Request-ID"])


def test_two_requests_get_two_ids(client: FlaskClient) -> None:
    ids = {client.get("/health/live").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


@given(st.text(max_size=80))
def test_what_is_accepted_can_stand_in_a_header_and_a_log(request_id: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", accepted_or_new(request_id))


def test_each_request_has_one_access_line(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    client.get("/nowhere?token=hunter2", headers={"X-Request-ID": "one-line"})
    text = capsys.readouterr().err
    (line,) = [json.loads(each) for each in text.splitlines()]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/nowhere", 404)
    assert line["request_id"] == "one-line"
    assert isinstance(line["duration_ms"], float)
    assert "hunter2" not in text


def test_the_id_ends_with_its_request(client: FlaskClient) -> None:
    client.get("/nowhere", headers={"X-Request-ID": "over"})
    assert current_request_id() is None
