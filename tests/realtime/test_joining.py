"""Who is let into a room, and who is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask_socketio import SocketIO
from marshmallow import Schema
from sqlalchemy.exc import OperationalError

from server.errors import NotFound, ServerError
from server.extensions import db
from server.realtime import joining
from server.realtime.handlers import answer_unexpected, on

ROOM = "a_room"


class Nothing(Schema):
    """These events take nothing."""


class NoLog:
    """The log of a room in which nothing happened."""

    event = "happened"

    def last_seqs(self, rooms: Any) -> dict[str, int]:
        return {}

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        return []


def enter(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return joining.enter(ROOM, "joined", look)


def join(look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    return joining.join(ROOM, NoLog(), "joined", look, after=0)


def heard_after(way: Callable[..., dict[str, Any]], look: Callable[[], dict[str, Any]]) -> list[str]:
    """What a client hears of a room that it tried to get into, beside words of its failure."""
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = "postgresql+psycopg2://nobody@127.0.0.1:1/nothing"
    db.init_app(app)
    socketio = SocketIO(app, async_mode="threading")
    app.extensions["socketio"] = socketio
    socketio.default_exception_handler = answer_unexpected
    on(socketio, "join", Nothing, lambda _: way(look))
    client = socketio.test_client(app)
    client.emit("join", {})
    socketio.emit("news", {}, to=ROOM)
    return [each["name"] for each in client.get_received() if each["name"] != "error_update"]


def failing(error: Exception) -> Callable[[], dict[str, Any]]:
    def look() -> dict[str, Any]:
        raise error

    return look


@pytest.mark.parametrize("way", [enter, join])
def test_who_was_let_in_hears_the_room(way: Callable[..., dict[str, Any]]) -> None:
    assert heard_after(way, lambda: {"last_seq": 0}) == ["joined", "news"]


@pytest.mark.parametrize("way", [enter, join])
@pytest.mark.parametrize(
    "error",
    [NotFound("There is no such room"), ServerError("no"), OperationalError("select", {}, Exception())],
)
def test_who_was_refused_hears_nothing_of_it(way: Callable[..., dict[str, Any]], error: Exception) -> None:
    assert heard_after(way, failing(error)) == []
