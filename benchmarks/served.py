"""Another server of the same network, while it is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.config import PROJECT_ROOT
from server.local import processes
from server.local.services import log_of

HOST = "127.0.0.1"
START_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Where a peer listens, and what it is asked with."""

    port: int
    path: str

    def forecast(self, body: str) -> NDArray[np.float64]:
        """What it answers to one request, ``(1, horizon)``; raises ``RuntimeError`` for an error answer."""
        connection = HTTPConnection(HOST, self.port, timeout=60)
        connection.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{self.path}: {answer.status} {read.decode(errors='replace')}")
        return np.asarray(json.loads(read)["predictions"], dtype=np.float64)


@contextmanager
def running_peer(
    name: str, command: Sequence[str], port: int, path: str, folder: Path, environment: dict[str, str]
) -> Iterator[Peer]:
    """Start ``command`` in the project's folder, wait until it listens, stop it at the end."""
    log = log_of(folder, name)
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", **environment}
    process = processes.spawn(command, log, environment=quiet, folder=PROJECT_ROOT)
    try:
        processes.wait_until(lambda: _answers(port), process, log, START_SECONDS)
        yield Peer(port, path)
    finally:
        processes.stop(process)


def _answers(port: int) -> bool:
    """Whether something answers HTTP there, whatever it says."""
    connection = HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except OSError:
        return False
    finally:
        connection.close()
    return True
