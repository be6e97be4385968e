"""The web process while a training takes the machine: does it answer, and does it keep its sockets?

A real LSTM training on the shipped candles runs in the worker, on the same cores as web process,
database, probes and clients. The peer is the same web process in the same run, before the training.
"""

from __future__ import annotations

import threading
import time
from http.client import HTTPConnection
from statistics import quantiles

from benchmarks.product import Poster, running_product
from benchmarks.report import Row, as_text, quick
from benchmarks.room_clients import RoomClients
from tests.stack import Stack

CLIENTS = 50
GOAL_MS = 50.0
PROBE_SECONDS = 0.02
# Enough work for as long as is measured; the training is cancelled then.
TRAINING = {"ticker": "BTC-USD", "model_type": "LSTM", "lookback": 60, "epochs": 1000, "seed": 1}


def run() -> list[Row]:
    """Probe the idle server, then the same server while it trains with 50 clients watching."""
    seconds = 3.0 if quick() else 10.0
    with running_product() as stack:
        before = probe(stack, seconds)
        poster = Poster(stack)
        session_id = str(poster.call("POST", "/train", TRAINING)["session_id"])
        stack.wait_for_status(session_id, "IN_PROGRESS")
        with RoomClients(stack.settings.port, CLIENTS, session_id, range(1, 10_000)) as room:
            room.connect()
            during = probe_with(room, stack, seconds)
            uneven = room.uneven
            dropped = room.dropped
        poster.call("DELETE", f"/train/{session_id}/cancel")
    idle, busy = (quantiles(delays, n=100) for delays in (before, during))
    return [
        _delay("p50", busy[49], idle[49], None),
        _delay("p95", busy[94], idle[94], busy[94] < GOAL_MS),
        _delay("p99", busy[98], idle[98], None),
        Row("training: sockets dropped", dropped, f"of {CLIENTS}", goal="0", met=dropped == 0),
        Row("training: sockets without all events", uneven, f"of {CLIENTS}", goal="0", met=uneven == 0),
    ]


def _delay(name: str, busy: float, idle: float, met: bool | None) -> Row:
    goal = "" if met is None else f"< {GOAL_MS:.0f}"
    return Row(f"training: /health/live {name} (peer: idle)", busy, "ms", idle, busy / idle, goal, met)


def probe(stack: Stack, seconds: float) -> list[float]:
    """Ask ``/health/live`` for ``seconds``, a new connection each time; the delays in milliseconds."""
    delays = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        start = time.monotonic()
        connection = HTTPConnection(stack.settings.host, stack.settings.port, timeout=30)
        connection.request("GET", "/health/live")
        answer = connection.getresponse()
        answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"/health/live answered {answer.status}")
        delays.append((time.monotonic() - start) * 1000)
        time.sleep(PROBE_SECONDS)
    return delays


def probe_with(room: RoomClients, stack: Stack, seconds: float) -> list[float]:
    """Probe while the room's clients listen."""
    listening = threading.Thread(target=room.listen, args=(seconds, False))
    listening.start()
    delays = probe(stack, seconds)
    listening.join()
    room.listen(1.0, until_complete=False)
    return delays


if __name__ == "__main__":
    print(as_text(run()))
