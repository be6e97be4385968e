"""From a client's message to an acknowledgement, whatever the message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO, SocketIOTestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, fields

from server.errors import NotFound
from server.realtime.handlers import answer_unexpected, on

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Greeting(Schema):
    """What this test's event takes."""

    name = fields.String(required=True)


def greet(payload: dict[str, Any]) -> dict[str, Any]:
    if payload["name"] == "nobody":
        raise NotFound("There is nobody", field="name")
    if payload["name"] == "trouble":
        raise ZeroDivisionError("a secret of the server")
    return {"greeting": f"hello {payload['name']}"}


@pytest.fixture
def client() -> Iterator[SocketIOTestClient]:
    """A connected client of a server with one event."""
    app = Flask(__name__)
    socketio = SocketIO(app, async_mode="threading")
    socketio.default_exception_handler = answer_unexpected
    on(socketio, "greet", Greeting, greet)
    connected = socketio.test_client(app)
    yield connected
    connected.disconnect()


def send(client: SocketIOTestClient, *payload: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The acknowledgement of one message, and the ``error_update`` payloads sent with it."""
    answer = client.emit("greet", *payload, callback=True)
    errors = [each["args"][0] for each in client.get_received() if each["name"] == "error_update"]
    return answer, errors


def test_a_good_message_is_acknowledged_with_what_the_handler_returns(client: SocketIOTestClient) -> None:
    assert send(client, {"name": "Ada"}) == ({"ok": True, "greeting": "hello Ada"}, [])


def test_an_error_comes_back_in_the_acknowledgement_and_as_error_update(client: SocketIOTestClient) -> None:
    answer, errors = send(client, {"name": "nobody"})
    assert answer["ok"] is False
    assert answer["error"]["message"] == "There is nobody"
    assert [error["message"] for error in errors] == ["There is nobody"]


def test_a_wrong_field_is_named(client: SocketIOTestClient) -> None:
    answer, errors = send(client, {"name": 5, "surprise": 1})
    assert {each["field"] for each in answer["error"]["details"]["errors"]} == {"name", "surprise"}
    assert "name" in errors[0]["message"]


def test_what_nobody_expected_is_told_without_detail(client: SocketIOTestClient) -> None:
    answer, errors = send(client, {"name": "trouble"})
    assert answer["ok"] is False
    assert len(errors) == 1
    assert "secret" not in str((answer, errors))


def test_more_arguments_than_one_change_nothing(client: SocketIOTestClient) -> None:
    assert send(client, {"name": "Ada"}, "more")[0]["ok"]


@given(payload=JSON)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_json_is_answered_and_the_client_stays(client: SocketIOTestClient, payload: Any) -> None:
    answer, errors = send(client, payload)
    assert answer["ok"] is (not errors)
    assert client.is_connected()
