"""Web processes side by side behind nginx, each to be killed and restarted by itself."""

from __future__ import annotations

import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from server.config import Settings
from server.local import processes
from server.local.environment import environment_of
from server.local.services import Service, log_of
from server.local.supervisor import Supervisor
from tests.production.nginx import nginx_service, write_configuration
from tests.stack import Stack

START_SECONDS = 60.0
# Longer than gunicorn has for letting go of its clients.
STOP_SECONDS = 65.0


@dataclass(slots=True)
class Cluster:
    """Running web processes, ``web1`` and so on, and their nginx. ``port`` is nginx's."""

    settings: Settings
    folder: Path
    port: int
    web_ports: dict[str, int]
    supervisor: Supervisor
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.names = tuple(self.web_ports)

    @property
    def url(self) -> str:
        """Where nginx listens, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start everything; returns when all of it answers."""
        self.supervisor.start()
        for name in self.names:
            self.wait_for(name)
        self.wait_for("nginx", self.port)

    def wait_for(self, name: str, port: int = 0) -> None:
        """Until a web process answers its liveness probe."""
        port, process = port or self.web_ports[name], self.supervisor.processes[name]
        processes.wait_until(lambda: answers(port), process, log_of(self.folder, name), START_SECONDS)

    def pid(self, name: str) -> int:
        """The process id of a web process' worker, which serves; gunicorn is its parent."""
        return next(iter(psutil.Process(self.supervisor.processes[name].pid).children())).pid

    def kill(self, name: str) -> None:
        """``kill -9`` of a web process, gunicorn and all."""
        process = self.supervisor.processes.pop(name)
        processes.kill_group(process.pid)
        process.wait()

    def stop(self, name: str) -> None:
        """SIGTERM, as a deployment stops a container; returns when it has ended."""
        processes.stop(self.supervisor.processes.pop(name), patience=STOP_SECONDS)

    def start_again(self, name: str) -> None:
        """Start a web process that was killed or stopped; returns when it answers."""
        self.supervisor.start_service(name)
        self.wait_for(name)

    def restart_all(self) -> None:
        """One web process after the other, the next one when nginx has sent the last something to answer."""
        for name in self.names:
            self.stop(name)
            self.start_again(name)
            self.wait_until_routed(name)

    def wait_until_routed(self, name: str) -> None:
        """Until nginx sends requests to a web process again: it avoids for a moment one that refused."""
        read, mark = len(self.log("nginx")), f'"web":"127.0.0.1:{self.web_ports[name]}","web_s"'

        def is_routed() -> bool:
            return answers(self.port) and mark in self.log("nginx")[read:]

        processes.wait_until(
            is_routed, self.supervisor.processes["nginx"], log_of(self.folder, "nginx"), START_SECONDS
        )

    def reload(self, name: str) -> None:
        """SIGHUP to gunicorn: a new worker takes over; returns when the old one has ended."""
        old = psutil.Process(self.pid(name))
        os.kill(self.supervisor.processes[name].pid, signal.SIGHUP)
        old.wait(START_SECONDS)

    def log(self, name: str) -> str:
        """What a process has written so far."""
        return log_of(self.folder, name).read_text(errors="replace")


def answers(port: int) -> bool:
    """Whether a liveness probe is answered there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
            return True
    except OSError:
        return False


def web_service(name: str, port: int, *variables: str) -> Service:
    """The web process as the stack starts it, on a port of its own; ``variables`` as ``NAME=value``."""
    gunicorn = (sys.executable, "-m", "gunicorn", "wsgi:app")
    return Service(name, ("/usr/bin/env", f"PORT={port}", *variables, *gunicorn))


def behind_nginx(stack: Stack) -> Cluster:
    """Start a second web process beside that of ``stack`` and nginx before both; they stop with it."""
    port, second = processes.free_port(), processes.free_port()
    web_ports = {"web": stack.settings.port, "web2": second}
    write_configuration(stack.folder / "nginx", web_ports.values(), port)
    # Its numbers are its own, as in a container of its own.
    own = f"PROMETHEUS_MULTIPROC_DIR={stack.folder}/metrics-web2"
    for service in (web_service("web2", second, own), nginx_service(stack.folder / "nginx")):
        stack.supervisor.services[service.name] = service
        stack.supervisor.start_service(service.name)
    cluster = Cluster(stack.settings, stack.folder, port, web_ports, stack.supervisor)
    cluster.wait_for("web2")
    cluster.wait_for("nginx", port)
    return cluster


@contextmanager
def running_cluster(folder: Path, settings: Settings, count: int = 2, **variables: str) -> Iterator[Cluster]:
    """``count`` web processes and nginx in front of them; ``variables`` are those of nginx's templates."""
    port = processes.free_port()
    web_ports = {f"web{number}": processes.free_port() for number in range(1, count + 1)}
    settings = replace(settings, async_mode="gevent", proxy_hops=1)
    environment = environment_of(settings, os.environ)
    # The tests' own warnings filter is not for the processes under test.
    environment.pop("PYTHONWARNINGS", None)
    variables = {"MAX_BODY_BYTES": str(settings.max_body_bytes), **variables}
    write_configuration(folder / "nginx", web_ports.values(), port, **variables)
    services = [web_service(*each) for each in web_ports.items()] + [nginx_service(folder / "nginx")]
    supervisor = Supervisor(services, folder, environment, report=sys.stderr.write)
    cluster = Cluster(settings, folder, port, web_ports, supervisor)
    try:
        cluster.start()
        yield cluster
    finally:
        supervisor.stop()
