"""One training room, many WebSocket clients, one web process: is anything lost, and how late is it?

Events are published over Redis from another process; a delay is the time from the call of ``publish``
to a client's ``recv``, on the machine's one monotonic clock. Clients, servers and Redis share its cores.
The peer is Node's socket.io server with its Redis adapter, the same clients and the same payload.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

import psutil

from benchmarks.report import Row, as_text, quick
from benchmarks.room_clients import RoomClients
from server.asynchronous import allow_one_file_per_client
from server.config import PROJECT_ROOT, Settings
from server.local import processes
from server.local.environment import environment_of
from server.local.postgres import EmbeddedPostgres
from server.local.services import log_of, services_of
from server.local.stack import prepare_database
from server.local.valkey import EmbeddedValkey

NODE = Path(__file__).with_name("node")
MEBIBYTE = 1024 * 1024
# Clients, events a second, and the goal for the 99th percentile in milliseconds.
ROOMS = ((500, 20, 50.0), (1500, 10, 250.0))
FIRST_EVENT = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """One room on one server: delays in milliseconds, CPU in seconds, memory in MiB."""

    lost: int
    dropped: int
    p50: float
    p99: float
    cpu: float
    memory: float


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it listens, whose cost it is, and how events are published to it."""

    port: int
    process: psutil.Process
    session_id: str
    publisher: tuple[str, ...]


def run() -> list[Row]:
    """Each room on this server and on Node's, one after the other."""
    allow_one_file_per_client()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="crypto-predict-bench-") as name:
        folder = Path(name)
        with running_valkey(folder) as redis_url, running_web(folder, redis_url) as ours:
            for clients, rate, goal in ROOMS:
                measured = measure(ours, clients, rate)
                with running_node(folder, redis_url) as theirs:
                    peer = measure(theirs, clients, rate) if theirs else None
                rows += rows_of(f"room of {clients:,} at {rate}/s", goal, measured, peer)
    return rows


def measure(server: Server, clients: int, rate: int) -> Measured:
    """Join ``clients`` clients, publish at ``rate`` a second, and receive until all is there."""
    count = rate * (2 if quick() else 6)
    events = range(FIRST_EVENT, FIRST_EVENT + count)
    with RoomClients(server.port, clients, server.session_id, events) as room:
        room.connect()
        room.listen(1.0, until_complete=False)
        before = server.process.cpu_times()
        publisher = publish(server, count, rate)
        room.listen(count / rate + 10.0)
        after, memory = server.process.cpu_times(), server.process.memory_info().rss
        publisher.wait(10)
    cuts = quantiles(room.latencies, n=100)
    cpu = after.user + after.system - before.user - before.system
    return Measured(room.lost, room.dropped, cuts[49], cuts[98], cpu, memory / MEBIBYTE)


def publish(server: Server, count: int, rate: int) -> subprocess.Popen[bytes]:
    """Start the publisher of ``count`` epochs in a process of its own."""
    command = [*server.publisher, f"training_{server.session_id}", str(count), str(rate)]
    process = subprocess.Popen(command, cwd=PROJECT_ROOT, stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(json.dumps(first_epoch(server.session_id)).encode())
    process.stdin.close()
    return process


def first_epoch(session_id: str) -> dict[str, Any]:
    """An ``epoch`` event as a training sends it."""
    losses = {"loss": 0.7312904596328735, "val_loss": 0.8120394349098206}
    errors = {"mae": 0.6412093043327332, "val_mae": 0.6890237927436829}
    times = {"learning_rate": 0.001, "seconds": 1.8203, "eta_seconds": 57.3}
    return {
        "session_id": session_id,
        "seq": FIRST_EVENT,
        "type": "epoch",
        "stage": "training",
        "progress": 31.1,
        "timestamp": "2025-01-01T00:00:00.000Z",
        "data": {"epoch": 1, "total_epochs": 1000, **losses, **errors, **times, "sent": 0},
    }


@contextmanager
def running_valkey(folder: Path) -> Iterator[str]:
    """A Valkey of its own; its URL."""
    valkey = EmbeddedValkey(folder / "valkey", log_of(folder, "valkey"))
    valkey.start()
    try:
        yield valkey.url
    finally:
        valkey.stop()


@contextmanager
def running_web(folder: Path, redis_url: str) -> Iterator[Server]:
    """The web process as the stack starts it, with one session to join."""
    postgres = EmbeddedPostgres(folder / "postgres", log_of(folder, "postgres"))
    postgres.start()
    settings = Settings(
        database_url=postgres.url,
        redis_url=redis_url,
        artifact_url=(folder / "artifacts").as_uri(),
        port=processes.free_port(),
    )
    environment = environment_of(settings, os.environ)
    web = next(service for service in services_of(settings, folder) if service.name == "web")
    try:
        prepare_database(folder, environment)
        process = web.start(folder, environment)
        try:
            processes.wait_until(lambda: listens(settings.port), process, log_of(folder, "web"), 60)
            publisher = (sys.executable, "-m", "benchmarks.room_publisher", settings.redis_database(0))
            session_id = start_session(settings.port)
            yield Server(settings.port, serving_process(process.pid), session_id, publisher)
        finally:
            processes.stop(process)
    finally:
        postgres.stop()


def start_session(port: int) -> str:
    """A session whose room can be joined; no worker runs, so nobody else publishes to it."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/train",
        data=json.dumps({"ticker": "BTC-USD", "model_type": "CNN", "epochs": 1}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        session_id: str = json.load(answer)["session_id"]
    return session_id


def serving_process(pid: int) -> psutil.Process:
    """Gunicorn's worker, or the process itself where there is no parent."""
    parent = psutil.Process(pid)
    return next(iter(parent.children()), parent)


def listens(port: int) -> bool:
    """Whether the web process answers its liveness probe."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
            return True
    except OSError:
        return False


@contextmanager
def running_node(folder: Path, redis_url: str) -> Iterator[Server | None]:
    """Node's server; ``None``, with a sentence on stderr, where Node or its packages are missing."""
    if (missing := what_node_lacks()) is not None:
        print(f"rooms: no peer, {missing}", file=sys.stderr)
        yield None
        return
    log = log_of(folder, "node")
    log.unlink(missing_ok=True)
    process = processes.spawn([shutil.which("node") or "node", NODE / "server.js", redis_url], log)
    try:
        processes.wait_until(lambda: log.read_text().strip().isdigit(), process, log, 30)
        publisher = ("node", str(NODE / "publisher.js"), redis_url)
        yield Server(int(log.read_text()), psutil.Process(process.pid), "0" * 32, publisher)
    finally:
        processes.stop(process)


def what_node_lacks() -> str | None:
    """Why Node's server cannot run here; its packages are installed, as locked, on first use."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    if not (NODE / "node_modules").exists():
        install = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        if subprocess.run(install, cwd=NODE, stdout=sys.stderr, timeout=300).returncode != 0:
            return "its packages could not be installed"
    return None


def rows_of(room: str, goal: float, ours: Measured, peer: Measured | None) -> list[Row]:
    """The rows of one room, each beside the peer's figure."""

    def row(measure: str, name: str, unit: str, target: str = "", met: bool | None = None) -> Row:
        value, other = getattr(ours, name), getattr(peer, name) if peer else None
        ratio = value / other if other else None
        return Row(f"{room}: {measure} (peer: socket.io)", value, unit, other, ratio, target, met)

    return [
        row("events lost", "lost", "events", "0", ours.lost == 0),
        row("clients dropped", "dropped", "clients", "0", ours.dropped == 0),
        row("delay, p50", "p50", "ms"),
        row("delay, p99", "p99", "ms", f"<= {goal:.0f}", ours.p99 <= goal),
        row("server CPU", "cpu", "s"),
        row("server memory", "memory", "MiB"),
    ]


if __name__ == "__main__":
    print(as_text(run()))
