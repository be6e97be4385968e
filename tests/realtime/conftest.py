"""The web process alone, as the stack starts it, in each async mode."""

from __future__ import annotations

import os
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from flask import Flask

from server.config import ASYNC_MODES, Settings
from server.local import processes
from server.local.environment import environment_of
from server.local.services import log_of, services_of
from server.realtime.publisher import RedisPublisher
from server.realtime.rooms import TRAINING_UPDATE, training_room
from server.training import log as session_log
from server.training import sessions
from server.training.events import NewEvent
from tests.realtime.clients import Client
from tests.training.conftest import wanted
from tests.training.recording import RecordingPublisher, RecordingQueue


class LosingPublisher(RedisPublisher):
    """A publisher whose channel loses every event for as long as ``loses`` is set."""

    loses = False

    def publish(self, room: str, event: str, payload: object) -> None:
        if not self.loses:
            super().publish(room, event, payload)  # type: ignore[arg-type]


@dataclass(slots=True)
class Web:
    """A running web process and this process's way to its rooms and its log."""

    url: str
    port: int
    app: Flask
    publisher: LosingPublisher
    _closing: list[threading.Thread] = field(default_factory=list)

    def close_soon(self, client: Client) -> None:
        """Disconnect a client while the next test runs."""
        self._closing.append(threading.Thread(target=client.close))
        self._closing[-1].start()

    def wait_for_closed(self) -> None:
        """Until the clients handed to ``close_soon`` are disconnected."""
        for thread in self._closing:
            thread.join()

    def start_session(self) -> str:
        """A PENDING session with its first event; no worker takes it."""
        with self.app.app_context():
            settings = replace(self.app.config["SETTINGS"], max_training_sessions=1000)
            session = sessions.start(wanted(epochs=1000), settings, RecordingPublisher(), RecordingQueue())
            session_log.append(session.id, NewEvent("started"), RecordingPublisher())
            return str(session.id)

    def append(self, session_id: str, count: int = 1) -> None:
        """Append events as a worker does: stored, committed, published."""
        with self.app.app_context():
            for _ in range(count):
                session_log.append(session_id, NewEvent("stage", {"stage": "training"}), self.publisher)

    def publish(self, session_id: str, seq: int, text: str = "") -> None:
        """Publish an event that the log does not hold."""
        payload = {"session_id": session_id, "seq": seq, "type": "epoch", "data": {"text": text}}
        self.publisher.publish(training_room(session_id), TRAINING_UPDATE, payload)


@contextmanager
def running_web(settings: Settings, app: Flask, folder: Path) -> Iterator[Web]:
    """Start the web process on the test process's database and Valkey; stop it at the end."""
    settings = replace(settings, port=processes.free_port(), room_sweep_seconds=0.2)
    environment = environment_of(settings, os.environ)
    environment.pop("PYTHONWARNINGS", None)
    service = next(each for each in services_of(settings, folder) if each.name == "web")
    process = service.start(folder, environment)
    url = f"http://127.0.0.1:{settings.port}"
    try:
        processes.wait_until(lambda: _answers(url), process, log_of(folder, "web"), 60)
        web = Web(url, settings.port, app, LosingPublisher(settings.redis_database(0)))
        yield web
        web.wait_for_closed()
    finally:
        processes.stop(process)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/live", timeout=2):
            return True
    except OSError:
        return False


@pytest.fixture(scope="module", params=ASYNC_MODES)
def web(
    request: pytest.FixtureRequest, settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    """The web process in each async mode, one after the other."""
    folder = tmp_path_factory.mktemp(f"web-{request.param}")
    with running_web(replace(settings, async_mode=request.param), app, folder) as started:
        yield started


@pytest.fixture(scope="module")
def default_web(settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web process in the default async mode."""
    with running_web(replace(settings, async_mode="gevent"), app, tmp_path_factory.mktemp("web")) as started:
        yield started


@pytest.fixture
def connect(web: Web) -> Iterator[Callable[..., Client]]:
    """Connects Socket.IO clients, and disconnects them at the end of the test."""
    clients: list[Client] = []

    def make(transports: list[str] | None = None) -> Client:
        clients.append(Client(web.url, transports))
        return clients[-1]

    yield make
    for client in clients:
        web.close_soon(client)
