"""Clients that follow a training's room for as long as it takes, over any number of connections."""

from __future__ import annotations

import gc
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import socketio
from requests import Session

from server.realtime.client import Room, following
from server.realtime.stream import OrderedEvents
from tests.realtime.clients import wait_until
from tests.realtime.conftest import Web


def session_with(cookie: str) -> Session:
    """What keeps a browser's cookies, with the one by which nginx knows it; none when it is empty."""
    session = Session()
    if cookie:
        session.cookies.set("crypto_predict_route", cookie)
    return session


class PollingFollower:
    """Joins anew with the last number that it has, whenever it is connected, by long polling alone."""

    def __init__(self, url: str, session_id: str, cookie: str) -> None:
        self.seqs: list[int] = []
        self._events, self._training = OrderedEvents(), session_id
        self._session = session_with(cookie)
        self._client = socketio.Client(
            reconnection_delay=0.3, reconnection_delay_max=1, http_session=self._session
        )
        self._client.on("connect", self._join)
        self._client.on("training_update", self._take)
        self._client.connect(url, transports=["polling"])

    def close(self) -> None:
        """Disconnect for good."""
        self._client.disconnect()
        self._session.close()

    def _join(self) -> None:
        after = self._events.last_seq
        self._client.emit("join_training", {"session_id": self._training, "after": after})

    def _take(self, event: dict[str, Any]) -> None:
        self.seqs += [each["seq"] for each in self._events.add(event)]


class SocketFollower:
    """The product's own client, over WebSocket."""

    def __init__(self, url: str, session_id: str, until: int) -> None:
        self.seqs: list[int] = []
        self._room = Room("join_training", {"session_id": session_id}, "training_update")
        self._url, self._until = url, until
        threading.Thread(target=self._follow, daemon=True).start()

    def close(self) -> None:
        """Nothing: it ends by itself when it has seen its last event."""

    def _follow(self) -> None:
        with following(self._url, self._room, after=0) as messages:
            for _, event in messages:
                self.seqs.append(event["seq"])
                if event["seq"] == self._until:
                    return


Follower = PollingFollower | SocketFollower


@contextmanager
def followers(web: Web, session_id: str, until: int) -> Iterator[list[Follower]]:
    """Six clients of a room, of both transports and on all web processes, up to the event ``until``."""
    cookies = [f"{number:x}" * 32 for number in range(3)]
    polling = [PollingFollower(web.url, session_id, cookie) for cookie in cookies]
    both = [*polling, *(SocketFollower(web.url, session_id, until) for _ in range(3))]
    try:
        wait_until(lambda: all(each.seqs for each in both))
        yield both
    finally:
        for each in both:
            each.close()
        # python-engineio drops the socket of a lost connection without closing it.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@contextmanager
def appending(web: Web, session_id: str, count: int, rate: float = 50.0) -> Iterator[None]:
    """Append ``count`` events at ``rate`` a second while the block runs; ends when all are stored."""

    def append() -> None:
        began = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, began + number / rate - time.monotonic()))
            web.append(session_id)

    publisher = threading.Thread(target=append)
    publisher.start()
    try:
        yield
    finally:
        publisher.join()
