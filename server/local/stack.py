"""The local stack: the servers it is not given, the services, a first training, and an orderly end."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from server.config import PROJECT_ROOT, Settings
from server.local import processes
from server.local.catching_up import catch_up
from server.local.dashboard import build_if_needed
from server.local.environment import announced, environment_of, kept_secret
from server.local.first_run import can_train, start_first_training
from server.local.postgres import EmbeddedPostgres
from server.local.processes import StackError
from server.local.services import log_of, services_of
from server.local.supervisor import Supervisor
from server.local.terminal import LogView, say
from server.local.valkey import EmbeddedValkey

READY_SECONDS = 120.0
PREPARE_SECONDS = 300.0
POLL_SECONDS = 0.2
Stopping = Callable[[], bool]


class StopAsked(StackError):
    """The person wants no further step; what was started ends."""


class LocalStack:
    """Everything under ``folder``. Settings without a database or Redis URL ask for embedded servers.

    ``stopping`` is asked between steps and while waiting: true ends the stack in an orderly way.
    """

    def __init__(self, settings: Settings, folder: Path, stopping: Stopping) -> None:
        self._given = settings
        self._folder = folder
        self._logs = folder / "logs"
        self._stopping = stopping
        self.supervisor: Supervisor | None = None

    def run(self) -> None:
        """Start everything, show its logs, and come back when all of it has ended.

        Raises :class:`StackError` with what a person needs to know when the stack cannot go on.
        """
        refuse_taken_port(self._given.host, self._given.port)
        keep_last_logs(self._logs)
        build_if_needed(self._logs, self._stopping)
        try:
            with self._servers() as (settings, servers):
                environment = self._environment(settings)
                with announced(self._folder, environment):
                    self._step("Preparing the database ...")
                    prepare_database(self._logs, environment, self._stopping)
                    self._serve(settings, environment, servers)
        except StopAsked:
            return

    def run_command(self, arguments: Sequence[str]) -> int:
        """Run a ``flask`` command on the data while the services are down; its exit status."""
        with self._servers() as (settings, _servers):
            command = [sys.executable, "-m", "flask", "--app", str(PROJECT_ROOT / "wsgi.py"), *arguments]
            environment = self._environment(settings)
            return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603

    def _step(self, sentence: str) -> None:
        """Say what comes next. Raises :class:`StopAsked` instead when nothing should."""
        if self._stopping():
            raise StopAsked("Stopping ...")
        say(sentence)

    @contextmanager
    def _servers(self) -> Iterator[tuple[Settings, list[EmbeddedPostgres | EmbeddedValkey]]]:
        settings = self._given
        servers: list[EmbeddedPostgres | EmbeddedValkey] = []
        try:
            if not settings.database_url:
                self._step("Starting the embedded PostgreSQL ...")
                postgres = EmbeddedPostgres(self._folder / "postgres", log_of(self._logs, "postgres"))
                servers.append(postgres)
                postgres.start()
                settings = replace(settings, database_url=postgres.url)
            if not settings.redis_url:
                self._step("Starting the embedded Valkey ...")
                valkey = EmbeddedValkey(self._folder / "valkey", log_of(self._logs, "valkey"))
                servers.append(valkey)
                valkey.start()
                settings = replace(settings, redis_url=valkey.url)
            yield settings, servers
        finally:
            for server in reversed(servers):
                server.stop()

    def _environment(self, settings: Settings) -> dict[str, str]:
        metrics = self._folder / "metrics"
        shutil.rmtree(metrics, ignore_errors=True)
        metrics.mkdir(parents=True)
        settings = replace(
            settings,
            secret_key=os.environ.get("SECRET_KEY") or kept_secret(self._folder),
            prometheus_multiproc_dir=str(metrics),
            # Here the web process answers for all, and several workers cannot listen on one port.
            worker_metrics_port=0,
            log_format="console" if settings.log_format == "auto" else settings.log_format,
        )
        # TensorFlow's greetings would bury what matters.
        return environment_of(settings, {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ})

    def _serve(
        self,
        settings: Settings,
        environment: dict[str, str],
        servers: list[EmbeddedPostgres | EmbeddedValkey],
    ) -> None:
        services = services_of(settings, self._folder)
        supervisor = self.supervisor = Supervisor(services, self._logs, environment, say)
        self._step("Starting web, workers and beat ...")
        view = LogView({service.name: log_of(self._logs, service.name) for service in services})
        try:
            supervisor.start()
            if self._wait_until_ready(settings, supervisor):
                view.skip()
                self._greet(settings)
                self._watch(supervisor, servers, view)
            say("Stopping ...")
        finally:
            supervisor.stop()
        view.show_new()

    def _wait_until_ready(self, settings: Settings, supervisor: Supervisor) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while not can_train(settings):
            if self._stopping():
                return False
            if time.monotonic() > deadline:
                raise StackError(
                    f"The server was not ready after {READY_SECONDS:.0f} seconds; the end of its log:\n"
                    f"{processes.tail(log_of(self._logs, 'web'))}"
                )
            supervisor.check()
            time.sleep(POLL_SECONDS)
        return True

    def _greet(self, settings: Settings) -> None:
        url = settings.own_url()
        say(f"\nReady on {url} - API documentation on {url}/api/v1/docs - Ctrl-C stops everything.")
        if not self._given.database_url:
            start_first_training(settings, self._folder)
        catch_up(settings)

    def _watch(
        self, supervisor: Supervisor, servers: list[EmbeddedPostgres | EmbeddedValkey], view: LogView
    ) -> None:
        while not self._stopping():
            view.show_new()
            for server in servers:
                if server.process().poll() is not None:
                    end = processes.tail(server.log)
                    raise StackError(f"{server.log.stem} stopped by itself; the end of its log:\n{end}")
            supervisor.check()
            time.sleep(POLL_SECONDS)


def refuse_taken_port(host: str, port: int) -> None:
    """Raise :class:`StackError`, with the remedy, when the web process could not listen."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            remedy = _remedies(host, port).get(error.errno or 0, "Set HOST to an address of this machine")
            raise StackError(f"Port {port} on {host} cannot be used ({error.strerror}). {remedy}") from error


def _remedies(host: str, port: int) -> dict[int, str]:
    return {
        errno.EADDRINUSE: (
            f"Stop the program that listens there, or choose another port: make run PORT={port + 1}"
        ),
        errno.EACCES: f"Choose a port from 1024 up: make run PORT={port + 5000}",
    }


def keep_last_logs(logs: Path) -> None:
    """Put the logs of the previous run aside, one generation, so that they cannot grow for ever."""
    logs.mkdir(parents=True, exist_ok=True)
    for log in logs.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))


def prepare_database(logs: Path, environment: dict[str, str], stopping: Stopping = lambda: False) -> None:
    """Migrate and load the sample: each is done whole or not at all, so it may be ended at any moment.

    Raises :class:`StackError` with the end of the log, :class:`StopAsked`.
    """
    log = log_of(logs, "prepare")
    process = processes.spawn(
        [sys.executable, "-m", "server.local.prepare"],
        log,
        environment={**environment, "ASYNC_MODE": "threading"},
        folder=PROJECT_ROOT,
    )
    deadline = time.monotonic() + PREPARE_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if stopping():
            processes.stop(process)
            raise StopAsked("Stopping ...")
        time.sleep(POLL_SECONDS)
    if processes.stop(process) != 0:
        raise StackError(f"The database could not be prepared; the end of {log}:\n{processes.tail(log)}")
