"""The product under measurement: real processes with the settings it ships with, and its clients."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import socketio

from server.config import PROJECT_ROOT, Settings
from server.local.postgres import EmbeddedPostgres
from tests.stack import QUICK, Stack, running_stack

# The tests hurry; what is measured runs with the times that a user gets.
SHIPPED = {spec.name: spec.default for spec in fields(Settings) if spec.name in QUICK}
_IDLE_SECONDS = 1.0


@contextmanager
def running_product(**overrides: Any) -> Iterator[Stack]:
    """Web, workers and beat on a database and a Valkey of their own, the trainer's child warm."""
    with tempfile.TemporaryDirectory(prefix="crypto-predict-bench-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
        postgres.start()
        try:
            with running_stack(folder / "stack", postgres, "bench", **{**SHIPPED, **overrides}) as stack:
                wait_until_warm(stack)
                yield stack
        finally:
            postgres.stop()


def wait_until_warm(stack: Stack, seconds: float = 180.0) -> None:
    """Until the trainer's child has TensorFlow loaded and has been idle for a moment.

    Nothing in the product says so; it is read from the kernel's view of the child.
    """
    deadline = time.monotonic() + seconds
    idle_since, seen = time.monotonic(), (0, -1.0)
    while True:
        now, state = time.monotonic(), _child_state(stack)
        if state is None or state[0] != seen[0] or state[1] - seen[1] > 0.02:
            idle_since, seen = now, state or (0, -1.0)
        elif now - idle_since > _IDLE_SECONDS:
            return
        if now > deadline:
            raise TimeoutError(f"no warm trainer after {seconds} s:\n{stack.logs()}")
        time.sleep(0.05)


def _child_state(stack: Stack) -> tuple[int, float] | None:
    """Process id and CPU seconds of the one child that has TensorFlow loaded, if there is one."""
    try:
        loaded = [child for child in stack.children_of("trainer") if has_tensorflow(child.pid)]
        if len(loaded) != 1:
            return None
        used = loaded[0].cpu_times()
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None  # it ended while it was looked at
    return loaded[0].pid, used.user + used.system


def has_tensorflow(pid: int) -> bool:
    """Whether TensorFlow's library is mapped into a process."""
    return "libtensorflow" in Path(f"/proc/{pid}/maps").read_text()


class Poster:
    """Calls the API as curl does: one connection a call."""

    def __init__(self, stack: Stack) -> None:
        self._address = (stack.settings.host, stack.settings.port)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One call; raises ``RuntimeError`` with the answer when it is an error."""
        connection = HTTPConnection(*self._address, timeout=30)
        text = None if body is None else json.dumps(body)
        connection.request(method, f"/api/v1{path}", text, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {read.decode()}")
        found: dict[str, Any] = json.loads(read)
        return found


class Watcher:
    """A Socket.IO client over WebSocket that notes when each training event reached it.

    It does not connect again by itself: a connection that is dropped in mid-measurement is an error.
    """

    def __init__(self, stack: Stack) -> None:
        self._arrived: queue.Queue[tuple[float, dict[str, Any] | None]] = queue.Queue()
        self._client = socketio.Client(reconnection=False)
        self._client.on("training_update", lambda event: self._arrived.put((time.perf_counter(), event)))
        self._client.on("disconnect", lambda *_: self._arrived.put((time.perf_counter(), None)))
        self._client.connect(stack.base_url, transports=["websocket"])

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def join(self, session_id: str) -> None:
        """Join a session's room and ask for all its events."""
        self._client.emit("join_training", {"session_id": session_id, "after": 0})

    def wait_for(self, session_id: str, kind: str, seconds: float = 600.0) -> tuple[float, dict[str, Any]]:
        """When the first event of this type arrived (``time.perf_counter``), and the event."""
        deadline = time.monotonic() + seconds
        while True:
            moment, event = self._arrived.get(timeout=max(0.0, deadline - time.monotonic()))
            if event is None:
                raise RuntimeError(f"the server dropped the client's connection before {kind}")
            if event["session_id"] != session_id:
                continue
            if event["type"] == kind:
                return moment, event
            if event["type"] in ("failed", "cancelled"):
                raise RuntimeError(f"{session_id} ended before {kind}: {event}")


def fresh_process(task: str, request: dict[str, Any], environment: dict[str, str] | None = None) -> Any:
    """What a task of ``benchmarks.bare`` answers in a Python process of its own."""
    return json.loads(
        output_of(["-m", "benchmarks.bare", task, json.dumps(request)], environment).splitlines()[-1]
    )


def output_of(arguments: list[str], environment: dict[str, str] | None = None) -> str:
    """Run Python with these arguments in the project's folder; raises with its errors when it fails."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT_ROOT,
        env={"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ, **(environment or {})},
        capture_output=True,
        timeout=1800,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(f"{arguments} ended with code {done.returncode}:\n{done.stderr}")
    return done.stdout
