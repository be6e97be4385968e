"""Two web processes behind nginx, and all at once: sockets, REST, trainings, and a rolling restart.

3,000 WebSocket clients in 30 rooms at 5 events a second each, 40 REST requests a second (a session's status,
500 candles, a forecast, the readiness probe), then two trainings beside them, then both web processes
restarted one after the other. A delay counts from before an event is stored to a client's `recv`, a REST
latency from the moment at which its request was due. Clients, publisher, databases and all servers share the
cores.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import psutil

from benchmarks.load_clients import Crowd, Report
from benchmarks.load_requests import RestMix, mix_for
from benchmarks.load_rows import CATCH_UP_GOAL, Measured, Size, rows_of
from benchmarks.predictions import ASKED
from benchmarks.product import SHIPPED, Poster, wait_until_warm
from benchmarks.report import Row, as_text, quick
from benchmarks.trained_model import TRAINING
from server.app import create_app
from server.config import PROJECT_ROOT
from server.local.environment import environment_of
from server.local.postgres import EmbeddedPostgres
from server.realtime.publisher import RedisPublisher
from server.training import lease, sessions
from tests.production.cluster import Cluster, behind_nginx
from tests.stack import Stack, running_stack
from tests.training.conftest import wanted

MEBIBYTE = 1024 * 1024
# What a room's session may take; nobody renews its lease.
LEASE_SECONDS = 3600.0


QUICK = Size(clients=600, rooms=30, seconds=8.0)


def run(size: Size | None = None) -> list[Row]:
    """One run from nothing to the end."""
    size = size or (QUICK if quick() else Size())
    began = time.monotonic()
    with running() as (stack, cluster):
        start = time.monotonic() - began
        wait_until_warm(stack)
        measured = measure(stack, cluster, size, start)
    return rows_of(size, measured)


@contextmanager
def running() -> Iterator[tuple[Stack, Cluster]]:
    """The product with a second web process, behind nginx."""
    with tempfile.TemporaryDirectory(prefix="crypto-predict-bench-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
        postgres.start()
        try:
            # The rooms' sessions count as running, and nobody trains them.
            overrides = {**SHIPPED, "proxy_hops": 1, "max_training_sessions": 1000}
            with running_stack(folder / "stack", postgres, "load", **overrides) as stack:
                yield stack, behind_nginx(stack)
        finally:
            postgres.stop()


def measure(stack: Stack, cluster: Cluster, size: Size, start: float) -> Measured:
    """All phases, one after the other."""
    poster = Poster(stack)
    train(stack, poster, 1)
    leases = held_sessions(stack, size.rooms)
    crowd = Crowd(cluster.port, size.clients, [each.session_id for each in leases])
    with ExitStack() as ending:
        clients = ending.enter_context(started("load_clients", json.dumps(asdict(crowd))))
        if read(clients) != "joined":
            raise RuntimeError("the clients did not join; their errors are above")
        tokens = [f"{each.session_id}:{each.token}" for each in leases]
        publisher = ending.enter_context(started("load_publisher", str(size.rate), *tokens, stack=stack))
        read(publisher)
        rest = RestMix(cluster.port, mix_for(leases[0].session_id, ASKED))
        measured = Measured(start, Report(), rest.phases)

        def begin(phase: str) -> None:
            write(clients, f"phase {phase}")
            rest.begin_phase(phase)

        begin("warming")
        ending.enter_context(rest)
        time.sleep(3.0)
        begin("steady")
        measured.cpu, measured.memory = cost(cluster, size.seconds)
        begin("training")
        train(stack, poster, 2)
        # The trainer's child is replaced after its training: loading Keras takes a core for seconds.
        begin("settling")
        wait_until_warm(stack)
        begin("restart")
        began = time.monotonic()
        cluster.restart_all()
        measured.restart = time.monotonic() - began
        time.sleep(CATCH_UP_GOAL)
        published = json.loads(finished(publisher))
        write(clients, json.dumps(published["last"]))
        measured.report = Report(**json.loads(read(clients)))
        measured.published, measured.behind = published["count"], published["behind"]
    return measured


def train(stack: Stack, poster: Poster, count: int) -> None:
    """Train ``count`` small networks, one after the other as the one worker takes them."""
    asked = [poster.call("POST", "/train", {**TRAINING, "seed": seed}) for seed in range(1, count + 1)]
    for each in asked:
        stack.wait_for_status(each["session_id"], "COMPLETED", seconds=300)


def held_sessions(stack: Stack, count: int) -> list[lease.Lease]:
    """Running sessions whose leases are held here, as a worker holds them; nothing is trained."""
    quiet = {"async_mode": "threading", "log_level": "WARNING", "prometheus_multiproc_dir": ""}
    app = create_app(replace(stack.settings, **quiet))
    publisher = RedisPublisher(stack.settings.redis_database(0))
    held = []
    with app.app_context():
        for _ in range(count):
            session = sessions.start(wanted(epochs=1000), stack.settings, publisher, lambda _: None)
            held.append(lease.claim(session.id, "load", LEASE_SECONDS, publisher))
    return [each for each in held if each is not None]


def cost(cluster: Cluster, seconds: float) -> tuple[float, float]:
    """What web processes and nginx take in the next ``seconds``: cores, MiB at the end."""
    parents = [psutil.Process(cluster.supervisor.processes[name].pid) for name in (*cluster.names, "nginx")]
    family = [each for parent in parents for each in (parent, *parent.children(recursive=True))]
    before = sum(sum(each.cpu_times()[:2]) for each in family)
    time.sleep(seconds)
    after = sum(sum(each.cpu_times()[:2]) for each in family)
    return (after - before) / seconds, sum(each.memory_info().rss for each in family) / MEBIBYTE


@contextmanager
def started(module: str, *arguments: str, stack: Stack | None = None) -> Iterator[subprocess.Popen[str]]:
    """A module of the benchmarks in a process of its own, to be written to and read from."""
    process = subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        cwd=PROJECT_ROOT,
        env=environment_of(stack.settings, os.environ) if stack else None,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def write(process: subprocess.Popen[str], line: str) -> None:
    """One line to its stdin."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def read(process: subprocess.Popen[str]) -> str:
    """The next line of its stdout."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finished(process: subprocess.Popen[str]) -> str:
    """What it says when its stdin ends."""
    return process.communicate(timeout=60)[0].strip().splitlines()[-1]


def main() -> None:
    """``python -m benchmarks.load``: one run of any size, printed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--clients", type=int)
    parser.add_argument("--rooms", type=int)
    parser.add_argument("--seconds", type=float, help="of the phase in which nothing else happens")
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK.clients} clients, {QUICK.seconds:.0f} s"
    )
    options = vars(parser.parse_args())
    size = QUICK if options.pop("quick") else Size()
    given = {name: value for name, value in options.items() if value is not None}
    print(as_text(run(Size(**{**asdict(size), **given}))))


if __name__ == "__main__":
    main()
