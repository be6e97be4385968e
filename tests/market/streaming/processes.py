"""Stream processes as they run, a web process's ears beside them, and a database that can go away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2
from redis import Redis
from redis.exceptions import ConnectionError as RedisUnreachable

from server.config import PROJECT_ROOT, Settings
from server.local import processes
from server.local.environment import environment_of
from server.realtime.rooms import CHANNEL, MARKET_UPDATE

COMMAND = (sys.executable, "-m", "flask", "--app", "wsgi", "market", "stream")


@contextmanager
def stream_process(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """``flask market stream`` with ``settings``; asked to end, if it still runs, at the end."""
    environment = environment_of(settings, os.environ)
    environment.pop("PYTHONWARNINGS", None)
    process = processes.spawn(COMMAND, log, environment=environment, folder=PROJECT_ROOT)
    try:
        yield process
    except AssertionError as error:
        error.add_note(f"{log}:\n{processes.tail(log, 40)}")
        raise
    finally:
        processes.stop(process, patience=20.0)


@dataclass(slots=True)
class Heard:
    """What was sent to market rooms, with the moment (``time.time``) at which it was heard."""

    messages: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def updates(self, ticker: str = "", interval: str = "") -> list[dict[str, Any]]:
        """The payloads of one series, or of all, in order."""
        return [
            each
            for _, each in list(self.messages)
            if ticker in ("", each["ticker"]) and interval in ("", each["interval"])
        ]


@contextmanager
def listening(redis_url: str) -> Iterator[Heard]:
    """Hear what is sent to market rooms while the block runs."""
    heard, over = Heard(), threading.Event()
    with closing(Redis.from_url(redis_url)) as redis, closing(redis.pubsub()) as channel:
        channel.subscribe(CHANNEL)

        def listen() -> None:
            while not over.is_set():
                try:
                    message = channel.get_message(ignore_subscribe_messages=True, timeout=0.1)
                except RedisUnreachable:
                    return
                if message and (sent := json.loads(message["data"]))["event"] == MARKET_UPDATE:
                    heard.messages.append((time.time(), sent["data"][0]))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield heard
        finally:
            over.set()
            thread.join()


@contextmanager
def database_away(administrator_url: str, name: str) -> Iterator[None]:
    """Refuse every connection to the database ``name`` while the block runs, and cut those there are."""
    with closing(psycopg2.connect(administrator_url.replace("+psycopg2", ""))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
            )
            try:
                yield
            finally:
                cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def wait_until(condition: Callable[[], object], seconds: float, what: str = "it") -> None:
    """Until ``condition()`` holds; an assertion fails when it does not within ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.05)
