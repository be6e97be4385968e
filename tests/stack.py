"""The whole product as real processes, for tests: web, workers and beat on servers of their own."""

from __future__ import annotations

import json
import os
import re
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from server.config import Settings
from server.local import processes
from server.local.environment import environment_of
from server.local.first_run import can_train
from server.local.postgres import EmbeddedPostgres
from server.local.services import Service, log_of, services_of
from server.local.stack import prepare_database
from server.local.supervisor import Supervisor
from server.local.valkey import EmbeddedValkey

# Short enough to see a lost worker's run picked up within a test, long enough for two busy cores.
QUICK: dict[str, Any] = {
    "lease_seconds": 3.0,
    "lease_poll_seconds": 0.2,
    "reaper_seconds": 0.5,
    "requeue_seconds": 10.0,
    "progress_seconds": 0.1,
    "prediction_sweep_seconds": 1.0,
}
# What every log repeats twice a second and no failed test is explained by.
ROUTINE = re.compile(r'sessions\.reap.*"level": "info"|"GET", .*"status": 200|^\d+:\w \d+ .* \* ')


@dataclass(slots=True)
class Stack:
    """A running product. ``settings`` are those of its processes; ``folder`` holds logs and artifacts."""

    settings: Settings
    folder: Path
    valkey: EmbeddedValkey
    services: dict[str, Service]
    supervisor: Supervisor
    metrics_ports: dict[str, int] = field(default_factory=dict)
    _log_starts: dict[str, int] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        """Where the web process listens, without a slash at the end."""
        return f"http://{self.settings.host}:{self.settings.port}"

    def pid(self, name: str) -> int:
        """The process id of ``web``, ``trainer``, ``worker`` or ``beat``; gunicorn's and Celery's parent."""
        return self.supervisor.processes[name].pid

    def children_of(self, name: str) -> list[psutil.Process]:
        """The child processes of a service: gunicorn's worker, the trainer's Celery children."""
        return [child for child in psutil.Process(self.pid(name)).children() if "tracker" not in child.name()]

    def worker_pids(self) -> list[int]:
        """The trainer's children, in which trainings run."""
        return [child.pid for child in self.children_of("trainer")]

    def stop_service(self, name: str, seconds: float = 20.0) -> int:
        """SIGTERM, and SIGKILL of the group after ``seconds``. Returns the exit code."""
        return processes.stop(self.supervisor.processes.pop(name), patience=seconds)

    def kill_service(self, name: str) -> None:
        """``kill -9`` of a service and all its children."""
        process = self.supervisor.processes.pop(name)
        processes.kill_group(process.pid)
        process.wait()

    def start_service(self, name: str) -> None:
        """Start a service that was stopped; does not wait for it."""
        self._log_starts[name] = log_of(self.folder, name).stat().st_size
        self.supervisor.start_service(name)

    def restart_worker(self, name: str = "trainer") -> None:
        """Orderly stop and start of a worker, until it reports ready again."""
        self.stop_service(name)
        self.start_service(name)
        self.wait_for_worker(name)

    def wait_for_worker(self, name: str, seconds: float = 60.0) -> None:
        """Until the worker's last start has logged that it takes tasks."""
        log, start = log_of(self.folder, name), self._log_starts.get(name, 0)
        sentence = re.compile(rf"{name}@\S+ ready".encode())
        process = self.supervisor.processes[name]
        processes.wait_until(lambda: bool(sentence.search(log.read_bytes(), start)), process, log, seconds)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """One JSON request to the API; raises ``urllib.error.HTTPError`` for an error answer."""
        request = urllib.request.Request(
            self.base_url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **headers},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def wait_for_status(self, session_id: str, *statuses: str, seconds: float = 90.0) -> dict[str, Any]:
        """Poll a session until it has one of ``statuses``; returns its status document."""
        deadline = time.monotonic() + seconds
        while True:
            found: dict[str, Any] = self.call("GET", f"/api/v1/train/{session_id}/status")
            if found["status"] in statuses:
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"still {found['status']} after {seconds} s, not {statuses}: {found}")
            time.sleep(0.1)

    def wait_for_epoch(self, session_id: str, epoch: int, seconds: float = 90.0) -> None:
        """Until a session has finished ``epoch``."""
        path = f"/api/v1/train/{session_id}/status"
        self.wait_until(lambda: self.call("GET", path)["progress"]["epoch"] >= epoch, seconds)

    def wait_until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Poll until ``condition()`` holds; an assertion fails when it does not within ``seconds``."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"it did not become true within {seconds} s"
            time.sleep(0.1)

    def logs(self) -> str:
        """The end of every log without its heartbeats, for the report of a failed test."""
        parts = []
        for log in sorted(self.folder.glob("*.log")):
            lines = [
                line for line in log.read_text(errors="replace").splitlines() if not ROUTINE.search(line)
            ]
            parts += [f"--- {log.name}", *lines[-60:]]
        return "\n".join(parts)


@contextmanager
def running_stack(
    folder: Path, postgres: EmbeddedPostgres, database: str, *, scraped: bool = False, **overrides: Any
) -> Iterator[Stack]:
    """Start the product on ``database`` of ``postgres`` and a Valkey of its own; stop it at the end.

    ``overrides`` are settings by name; those of ``QUICK`` apply otherwise. ``scraped``: each service keeps
    its own metrics and answers for them, as in a container of its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    postgres.create_database(database)
    valkey = EmbeddedValkey(folder / "valkey", log_of(folder, "valkey"))
    valkey.start()
    settings = _settings(folder, postgres.url_of(database), valkey.url, overrides)
    environment = environment_of(settings, {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ})
    # The tests' own warnings filter is not for the processes under test.
    environment.pop("PYTHONWARNINGS", None)
    services = services_of(settings, folder)
    ports = {each.name: processes.free_port() for each in services if scraped and each.name != "web"}
    if scraped:
        services = [_scraped(each, folder, ports.get(each.name, 0)) for each in services]
    supervisor = Supervisor(services, folder, environment, report=sys.stderr.write)
    stack = Stack(settings, folder, valkey, {each.name: each for each in services}, supervisor, ports)
    try:
        prepare_database(folder, environment)
        supervisor.start()
        processes.wait_until(
            lambda: can_train(settings), supervisor.processes["web"], log_of(folder, "web"), 90
        )
        stack.wait_for_worker("trainer")
        yield stack
    finally:
        supervisor.stop()
        valkey.stop()


def _scraped(service: Service, folder: Path, port: int) -> Service:
    metrics = (f"PROMETHEUS_MULTIPROC_DIR={folder}/metrics-{service.name}", f"WORKER_METRICS_PORT={port}")
    return Service(service.name, ("/usr/bin/env", *metrics, *service.command))


def _settings(folder: Path, database_url: str, redis_url: str, overrides: dict[str, Any]) -> Settings:
    metrics = folder / "metrics"
    metrics.mkdir(exist_ok=True)
    settings = Settings(
        app_env="test",
        secret_key="a key for tests alone",
        database_url=database_url,
        redis_url=redis_url,
        artifact_url=(folder / "artifacts").as_uri(),
        port=processes.free_port(),
        rate_limit_enabled=False,
        log_format="json",
        prometheus_multiproc_dir=str(metrics),
        **QUICK,
    )
    return replace(settings, **overrides)
