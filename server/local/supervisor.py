"""Keeps a set of services running: starts them, replaces one that died, stops all of them together."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from server.local import processes
from server.local.processes import StackError
from server.local.services import Service, log_of

# Asked to end, a training writes its checkpoint and hands its run back; that takes a moment.
STOP_SECONDS = 20.0
# A service that dies more often than this in a minute has a cause that a restart does not remove.
RESTARTS_PER_MINUTE = 3


class Supervisor:
    """The running processes of ``services``; ``report`` gets a sentence whenever one was replaced."""

    def __init__(
        self,
        services: Iterable[Service],
        logs: Path,
        environment: Mapping[str, str],
        report: Callable[[str], None],
    ) -> None:
        self.services = {service.name: service for service in services}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = logs
        self._environment = environment
        self._report = report
        self._deaths: dict[str, list[float]] = {name: [] for name in self.services}

    def start(self) -> None:
        """Start every service."""
        for name in self.services:
            self.start_service(name)

    def start_service(self, name: str) -> None:
        """Start one service that does not run."""
        self.processes[name] = self.services[name].start(self._logs, self._environment)

    def check(self) -> None:
        """Replace every service that died. Raises :class:`StackError` when one dies again and again."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self._replace(name, process)

    def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Ask every service to end, wait for all of them together, kill what is left of their groups."""
        running = list(self.processes.values())
        for process in running:
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + seconds
        for process in running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        self.kill()
        self.processes.clear()

    def kill(self) -> None:
        """End every service at once, with its children."""
        for process in self.processes.values():
            processes.kill_group(process.pid)
            process.wait()

    def _replace(self, name: str, dead: subprocess.Popen[bytes]) -> None:
        processes.kill_group(dead.pid)
        log = log_of(self._logs, name)
        story = f"{name} stopped by itself (code {dead.returncode}); the end of {log}:\n{processes.tail(log)}"
        now = time.monotonic()
        self._deaths[name] = [moment for moment in self._deaths[name] if now - moment < 60] + [now]
        if len(self._deaths[name]) > RESTARTS_PER_MINUTE:
            raise StackError(f"{story}\nIt keeps stopping, so the stack stops too.")
        self._report(f"{story}\nStarting {name} again.")
        self.start_service(name)
