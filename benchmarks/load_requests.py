"""A mix of REST requests at an even rate, whatever becomes of those before, while something else goes on."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

_CALLERS = 8
# Within the limits of requests a minute that the product ships with, for each of its callers.
_PER_CALLER = 5.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the mix; ``body`` as JSON makes it a POST."""

    path: str
    body: str = ""


@dataclass(slots=True)
class Answered:
    """What became of the requests of one phase: milliseconds of those that were answered well."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class RestMix:
    """Callers of different addresses, which take turns through ``mix``; a context manager.

    A latency counts from the moment at which its request was due. ``phases``: what came of them, by the
    phase in which they were due.
    """

    def __init__(self, port: int, mix: list[Asked]) -> None:
        self._port, self._mix = port, mix
        self._ends = threading.Event()
        self.phase = ""
        self.phases: dict[str, Answered] = {}
        self._callers = [
            threading.Thread(target=self._call_all, args=(number,), daemon=True) for number in range(_CALLERS)
        ]

    def __enter__(self) -> RestMix:
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        for caller in self._callers:
            caller.join()

    def begin_phase(self, name: str) -> None:
        """Count under ``name`` from now on."""
        self.phases[name] = Answered()
        self.phase = name

    def _call_all(self, caller: int) -> None:
        line = self._line(caller)
        began = time.monotonic() + caller / _CALLERS / _PER_CALLER
        number = 0
        while not self._ends.wait(max(0.0, began + number / _PER_CALLER - time.monotonic())):
            due, phase = began + number / _PER_CALLER, self.phases[self.phase]
            asked = self._mix[(caller + number) % len(self._mix)]
            number += 1
            try:
                status = self._ask(line, asked)
            except (OSError, HTTPException) as error:
                line.close()
                line, status = self._line(caller), repr(error)
            if status == "200":
                phase.latencies.append(1e3 * (time.monotonic() - due))
            else:
                phase.failures.append(f"{asked.path}: {status}")
        line.close()

    def _line(self, caller: int) -> HTTPConnection:
        return HTTPConnection(
            "127.0.0.1", self._port, timeout=30, source_address=(f"127.0.2.{caller + 1}", 0)
        )

    def _ask(self, line: HTTPConnection, asked: Asked) -> str:
        headers = {"Content-Type": "application/json"} if asked.body else {}
        line.request("POST" if asked.body else "GET", asked.path, asked.body or None, headers)
        answer = line.getresponse()
        answer.read()
        return str(answer.status)


def mix_for(session_id: str, forecast: dict[str, object]) -> list[Asked]:
    """A session's status, candles, a forecast, and the probe of a load balancer."""
    return [
        Asked(f"/api/v1/train/{session_id}/status"),
        Asked("/api/v1/market/candles?ticker=BTC-USD&interval=1h&limit=500"),
        Asked("/api/v1/predict", json.dumps(forecast)),
        Asked("/health/ready"),
    ]
