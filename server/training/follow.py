"""Following a session from a terminal or a script: nothing lost, across any lost connection."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import socketio
from requests import Response, Session
from requests.exceptions import ConnectionError as Unreachable

from server.errors import ServerError, Unavailable
from server.realtime.rooms import ERROR_UPDATE, TRAINING_PROGRESS, TRAINING_UPDATE
from server.training.stream import OrderedEvents

API = "/api/v1/train"
ENDING_TYPES = ("completed", "failed", "cancelled")
HTTP_SECONDS = 30
# A hole this long after the event behind it is no reordering any more: join again.
HOLE_SECONDS = 2.0


class Refused(ServerError):
    """The server answered with an error; its own words are passed on."""

    error_code = "refused"


class TrainingClient:
    """A client of the training API: what curl and a socket client do, for the command line."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url.rstrip("/")
        self._http = Session()

    def start(self, body: dict[str, Any]) -> dict[str, Any]:
        """``POST /train``. Raises :class:`Refused` or :class:`Unavailable`."""
        return self._call("POST", "", json=body)

    def status(self, session_id: str) -> dict[str, Any]:
        """``GET /train/<id>/status``."""
        return self._call("GET", f"/{session_id}/status")

    def cancel(self, session_id: str) -> dict[str, Any]:
        """``DELETE /train/<id>/cancel``."""
        return self._call("DELETE", f"/{session_id}/cancel")

    def follow(self, session_id: str, after: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield ``(event name, payload)``: every stored event after ``after`` once and in order,
        progress inside epochs as it comes; ends after the event that ends the session."""
        inbox: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
        events = OrderedEvents(after)
        connection = self._connect(session_id, events, inbox)
        try:
            yield from self._receive(session_id, connection, events, inbox)
        finally:
            connection.disconnect()

    def _connect(
        self,
        session_id: str,
        events: OrderedEvents,
        inbox: queue.Queue[tuple[str, dict[str, Any]]],
    ) -> socketio.Client:
        connection = socketio.Client(reconnection_delay=0.5, reconnection_delay_max=5)
        for name in (TRAINING_UPDATE, TRAINING_PROGRESS, ERROR_UPDATE):
            connection.on(name, lambda payload, name=name: inbox.put((name, payload)))
        connection.on("connect", lambda: _join(connection, session_id, events.last_seq))
        try:
            connection.connect(self.server_url, transports=["websocket"])
        except socketio.exceptions.ConnectionError as error:
            raise self._unreachable() from error
        return connection

    def _receive(
        self,
        session_id: str,
        connection: socketio.Client,
        events: OrderedEvents,
        inbox: queue.Queue[tuple[str, dict[str, Any]]],
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        while True:
            try:
                name, payload = inbox.get(timeout=HOLE_SECONDS)
            except queue.Empty:
                if events.has_hole and connection.connected:
                    _join(connection, session_id, events.last_seq)
                continue
            if name != TRAINING_UPDATE:
                yield name, payload
                continue
            for event in events.add(payload):
                yield name, event
                if event["type"] in ENDING_TYPES:
                    return

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(
                method, f"{self.server_url}{API}{path}", timeout=HTTP_SECONDS, **options
            )
        except Unreachable as error:
            raise self._unreachable() from error
        return _body(answer)

    def _unreachable(self) -> Unavailable:
        return Unavailable(
            f"No server answers at {self.server_url}; start one with `make run`, or name it with --server"
        )


def _join(connection: socketio.Client, session_id: str, after: int) -> None:
    connection.emit("join_training", {"session_id": session_id, "after": after})


def _body(answer: Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.ok:
        return body
    raise Refused(
        body.get("message", answer.reason), error_code=body.get("error_code"), **body.get("details", {})
    )
