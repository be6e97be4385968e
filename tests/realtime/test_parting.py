"""How fast a process that stops lets its clients go."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import gevent

from server.realtime.parting import let_go


@dataclass
class Client:
    """Takes its time to close."""

    closed: list[float]
    seconds: float = 0.0

    def close(self, wait: bool, abort: bool) -> None:
        assert (wait, abort) == (False, True), "a goodbye would be obeyed, and the client would stay away"
        gevent.sleep(self.seconds)
        self.closed.append(time.monotonic())


@dataclass
class Engine:
    """A server with clients."""

    sockets: dict[str, Any] = field(default_factory=dict)


def seconds_for(count: int, seconds: float = 0.0) -> float:
    closed: list[float] = []
    let_go(Engine({str(number): Client(closed, seconds) for number in range(count)}))  # type: ignore[arg-type]
    assert len(closed) == count
    return closed[-1] - closed[0]


def test_clients_go_no_faster_than_another_process_takes_them_in() -> None:
    assert seconds_for(41) >= 0.35


def test_a_late_start_is_made_up_for_by_a_few_clients_only() -> None:
    closed: list[float] = []
    slow = {"slow": Client(closed, 0.5)}
    let_go(Engine(slow | {str(number): Client(closed) for number in range(30)}))  # type: ignore[arg-type]
    assert closed[-1] - closed[0] >= 0.2
