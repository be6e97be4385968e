"""Following a room of a real web process from a terminal, also when the connection does not last."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pytest
import socketio
from werkzeug.serving import make_server

from server.errors import Unavailable
from server.local.processes import free_port
from server.realtime import client
from server.realtime.client import ApiClient, Message, Refused, Room, following
from server.realtime.rooms import TRAINING_UPDATE
from tests.realtime.conftest import Web
from tests.realtime.line import Line

pytestmark = pytest.mark.xdist_group("web_processes")


def room_of(session_id: str) -> Room:
    return Room("join_training", {"session_id": session_id}, TRAINING_UPDATE)


def seqs(messages: Iterator[Message], count: int) -> list[int]:
    """The numbers of the next ``count`` events."""
    return [payload["seq"] for _, payload in islice(messages, count)]


def test_a_lost_connection_loses_no_event_and_repeats_none(default_web: Web) -> None:
    session_id = default_web.start_session()
    with Line(default_web.port) as line, following(line.url, room_of(session_id), after=0) as messages:
        assert seqs(messages, 2) == [1, 2]
        line.cut()
        default_web.append(session_id, 3)
        assert seqs(messages, 3) == [3, 4, 5]
        default_web.append(session_id, 1)
        assert seqs(messages, 1) == [6]


def test_without_a_number_to_begin_after_it_begins_with_what_happens_next(default_web: Web) -> None:
    session_id = default_web.start_session()
    with following(default_web.url, room_of(session_id)) as messages:
        default_web.append(session_id, 2)
        assert seqs(messages, 2) == [3, 4]


def test_a_refused_join_ends_it_in_the_servers_words(default_web: Web) -> None:
    unknown = room_of("0" * 32)
    with (
        pytest.raises(Refused, match="no training session") as refusal,
        following(default_web.url, unknown, after=0) as messages,
    ):
        next(messages)
    assert refusal.value.code == "not_found"
    with pytest.raises(Refused, match="no training session"), following(default_web.url, unknown):
        pass


def test_a_later_join_that_the_server_fails_to_handle_is_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "HOLE_SECONDS", 0.05)
    away = {"message": "The server failed", "error_code": "internal_error"}
    answers = [{"ok": True}, {"ok": False, "error": away}, {"ok": True}]
    with ScriptedServer(answers) as server, following(server.url, room_of("a")) as messages:
        server.send(1)
        assert seqs(messages, 1) == [1]
        server.send(3)
        assert seqs(messages, 2) == [2, 3]
    assert server.joined_after == [None, 1, 1]


def test_an_error_answer_is_passed_on_with_its_code(default_web: Web) -> None:
    with pytest.raises(Refused, match="There is no training session") as refusal:
        ApiClient(default_web.url).call("GET", f"/train/{'0' * 32}/status")
    assert refusal.value.code == "not_found"
    assert refusal.value.details["field"] == "session_id"


def test_a_server_that_does_not_answer_is_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=url):
        ApiClient(url).call("GET", "/train")
    with pytest.raises(Unavailable, match=url), following(url, room_of("0" * 32)):
        pass


class ScriptedServer:
    """A Socket.IO server that answers joins from a list, and replays two events to the last one."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self._answers = answers
        self.joined_after: list[int | None] = []
        self._socketio = socketio.Server(async_mode="threading")
        self._socketio.on("join_training", self._join)
        application = socketio.WSGIApp(self._socketio)
        self._http = make_server("127.0.0.1", 0, application, threaded=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> ScriptedServer:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def send(self, seq: int) -> None:
        """Send one numbered event to everyone."""
        self._socketio.emit(TRAINING_UPDATE, {"seq": seq})

    def _join(self, sid: str, payload: dict[str, Any]) -> dict[str, Any]:
        self.joined_after.append(payload.get("after"))
        answer = self._answers.pop(0)
        if not self._answers:
            self.send(2)
        return {"last_seq": 0, **answer}
