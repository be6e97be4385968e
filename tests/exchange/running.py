"""The local exchange as a process of its own, and the hand that turns its controls."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from server.config import PROJECT_ROOT


@dataclass(frozen=True, slots=True)
class RunningExchange:
    """A local exchange that answers at ``url``."""

    url: str

    def fault(self, kind: str, times: int | None = 1, where: str = "", **parameters: Any) -> None:
        """Make a fault due; see ``tests.exchange.faults`` for the kinds and their parameters."""
        self._post("fault", {"kind": kind, "times": times, "where": where, **parameters})

    def calm(self) -> None:
        """Call off all faults."""
        self._post("calm", {})

    def set_clock(self, now: float | None = None, speed: float | None = None) -> None:
        """Jump to ``now`` (seconds since 1970), run at ``speed``; None keeps what it is."""
        self._post("clock", {"now": now, "speed": speed})

    def drop(self, where: str = "") -> int:
        """Cut the open sockets of hosts that contain ``where``; how many there were."""
        return int(self._post("drop", {"where": where})["dropped"])

    def delist(self, code: str, where: str = "") -> None:
        """Trade a coin no longer, on the venues whose REST host contains ``where``."""
        self._post("delist", {"code": code, "where": where})

    def relist(self) -> None:
        """Trade every coin again that was traded at first."""
        self._post("relist", {})

    def forget_calls(self) -> None:
        """Start the list of calls anew."""
        self._post("forget", {})

    def state(self) -> dict[str, Any]:
        """``now``, ``speed``, ``sockets``, ``subscriptions``, ``calls`` (host and path each), ``coins``."""
        with urllib.request.urlopen(f"{self.url}/control", timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        return state

    def calls(self, where: str = "") -> list[str]:
        """Host and path of every REST call that contains ``where``, in order."""
        return [call for call in self.state()["calls"] if where in call]

    def _post(self, act: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.url}/control/{act}", json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            result: dict[str, Any] = json.load(answer)
        return result


@contextmanager
def running_exchange(*arguments: str) -> Iterator[RunningExchange]:
    """Start ``python -m tests.exchange`` with ``arguments``; stop it at the end."""
    command = [sys.executable, "-m", "tests.exchange", *arguments]
    with subprocess.Popen(command, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield RunningExchange(json.loads(process.stdout.readline())["url"])
        finally:
            process.terminate()
