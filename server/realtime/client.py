"""Asking a server and following its rooms from a terminal: nothing lost, across any lost connection."""

from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import socketio
from requests import Response, Session
from requests.exceptions import ConnectionError as Unreachable

from server.errors import ServerError, Unavailable
from server.realtime.stream import OrderedEvents

API = "/api/v1"
ANSWER_SECONDS = 30
# A hole this long after the event behind it is no reordering any more: join again.
HOLE_SECONDS = 2.0
# Refusals that a later join may not meet: a server whose database is away, for instance.
PASSING = ("internal_error", "unavailable")
# Under this name the acknowledgement of a join stands among the messages.
ANSWER = ""

Message = tuple[str, dict[str, Any]]


class Refused(ServerError):
    """The server answered with an error; its own words are passed on."""

    error_code = "refused"


class ApiClient:
    """What curl is to the HTTP API, for the command line."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url.rstrip("/")
        self._http = Session()

    def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """One request to ``/api/v1`` + ``path``. Raises :class:`Refused` or :class:`Unavailable`."""
        url = f"{self.server_url}{API}{path}"
        try:
            answer = self._http.request(method, url, timeout=ANSWER_SECONDS, **options)
        except Unreachable as error:
            raise unreachable(self.server_url) from error
        return _body(answer)


def unreachable(server_url: str) -> Unavailable:
    """The error for a server that does not answer."""
    return Unavailable(
        f"No server answers at {server_url}; start one with `make run`, or name it with --server"
    )


def _body(answer: Response) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    if answer.ok:
        return body
    raise _refusal({"message": answer.reason, **body})


def _refusal(error: dict[str, Any]) -> Refused:
    return Refused(error["message"], error_code=error.get("error_code"), **error.get("details", {}))


@dataclass(frozen=True, slots=True)
class Room:
    """How to join a room, and what comes from it: ``update`` is numbered, ``others`` are not."""

    join: str
    naming: dict[str, Any]
    update: str
    others: tuple[str, ...] = ()


@contextmanager
def following(server_url: str, room: Room, after: int | None = None) -> Iterator[Iterator[Message]]:
    """Join ``room`` for as long as the block runs; iterate over what comes, as ``(event name, payload)``.

    Every stored event after ``after`` comes once and in order, other events as they happen. Without
    ``after`` it begins behind the last event at the moment of joining, which is before the block
    begins. Raises :class:`Refused` or :class:`Unavailable`.
    """
    member = _Member(server_url, room, after)
    try:
        member.connect()
        yield member.receive()
    finally:
        member.connection.disconnect()


class _Member:
    """One client in one room, across any number of connections."""

    def __init__(self, server_url: str, room: Room, after: int | None) -> None:
        self._server_url, self._room = server_url, room
        self._events = OrderedEvents(after or 0)
        self._knows_beginning = after is not None
        self._has_joined, self._joins_again = False, False
        self._inbox: queue.Queue[Message] = queue.Queue()
        self.connection = socketio.Client(reconnection_delay=0.5, reconnection_delay_max=5)
        for name in (room.update, *room.others):
            self.connection.on(name, lambda payload, name=name: self._inbox.put((name, payload)))
        self.connection.on("connect", self._join)

    def connect(self) -> None:
        """Connect and join; returns once it is known after which event to begin."""
        try:
            self.connection.connect(self._server_url, transports=["websocket"])
        except socketio.exceptions.ConnectionError as error:
            raise unreachable(self._server_url) from error
        early: list[Message] = []
        while not self._knows_beginning:
            try:
                name, payload = self._inbox.get(timeout=ANSWER_SECONDS)
            except queue.Empty as error:
                raise unreachable(self._server_url) from error
            if name == ANSWER:
                self._take_answer(payload)
            else:
                early.append((name, payload))
        for message in early:
            self._inbox.put(message)

    def receive(self) -> Iterator[Message]:
        """What comes, for ever."""
        while True:
            try:
                name, payload = self._inbox.get(timeout=HOLE_SECONDS)
            except queue.Empty:
                if (self._events.has_hole or self._joins_again) and self.connection.connected:
                    self._join()
                continue
            if name == ANSWER:
                self._take_answer(payload)
            elif name == self._room.update:
                for event in self._events.add(payload):
                    yield name, event
            else:
                yield name, payload

    def _join(self) -> None:
        self._joins_again = False
        after = {"after": self._events.last_seq} if self._knows_beginning else {}
        self.connection.emit(
            self._room.join,
            {**self._room.naming, **after},
            callback=lambda answer: self._inbox.put((ANSWER, answer)),
        )

    def _take_answer(self, answer: dict[str, Any]) -> None:
        if answer["ok"]:
            self._has_joined = True
            if not self._knows_beginning:
                self._events, self._knows_beginning = OrderedEvents(answer["last_seq"]), True
        elif self._has_joined and answer["error"]["error_code"] in PASSING:
            self._joins_again = True
        else:
            raise _refusal(answer["error"])
