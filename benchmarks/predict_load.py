"""Asks a server the same again and again, in its own process: ``python -m benchmarks.predict_load JSON``.

Plain sockets and little parsing, for the client shares the server's cores. *Open loop* (with a
``rate``): each request has a time at which it is due, whatever became of those before it, and its
latency counts from then; one that finds all connections busy waits here and its wait counts.
*Closed loop*: each connection asks again as soon as it is answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from benchmarks.http_answer import answer_in, post
from benchmarks.product import output_of

PATIENCE_SECONDS = 60.0
NO_ANSWER = "none"


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of whom. ``rate``: requests a second; ``None``: as fast as answers come."""

    host: str
    port: int
    path: str
    body: str
    seconds: float
    connections: int
    rate: float | None = None


@dataclass(slots=True)
class Tally:
    """What came back. ``statuses`` counts answers, and those that never came as ``none``.

    ``latencies``: milliseconds of the answers with status 200. ``seconds`` until the last answer,
    ``cpu_seconds`` of this process meanwhile. ``sample``: the body of the last answer.
    """

    statuses: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    sample: str = ""

    @property
    def answered(self) -> int:
        """How many answers were 200."""
        return self.statuses.get("200", 0)

    @property
    def failed(self) -> int:
        """How many requests were answered otherwise, or not at all."""
        return sum(self.statuses.values()) - self.answered

    @property
    def per_second(self) -> float:
        """Answers with status 200 a second."""
        return self.answered / self.seconds


def offer(load: Load) -> Tally:
    """Offer ``load`` from a process of its own."""
    return Tally(**json.loads(output_of(["-m", "benchmarks.predict_load", json.dumps(asdict(load))])))


class Connection(asyncio.Protocol):
    """One connection, at most one request on its way. ``due``: when the one on its way was due."""

    def __init__(self, answered: Callable[[float, int, bytes], None], free: Callable[[Connection], None],
                 lost: Callable[[float | None], None]) -> None:  # fmt: skip
        self._answered, self._free, self._lost = answered, free, lost
        self._due: float | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._free(self)

    @property
    def usable(self) -> bool:
        """Whether it can take a request."""
        return not self._transport.is_closing()

    def ask(self, request: bytes, due: float) -> None:
        """Send a request."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        answer = answer_in(self._received)
        if answer is None or self._due is None:
            return
        due, self._due = self._due, None
        self._received.clear()
        self._answered(due, answer.status, answer.body)
        if answer.closes:
            self._transport.close()
        else:
            self._free(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost(self._due)


class Client:
    """The connections of one load, and the requests that wait for one of them."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._request = post(load.host, load.port, load.path, load.body)
        self._loop = asyncio.get_running_loop()
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._open = 0
        self._reopening: set[asyncio.Task[None]] = set()
        self._ends = float("inf")
        self._last = self._start = 0.0
        self._statuses: Counter[str] = Counter()
        self._tally = Tally()

    async def run(self) -> Tally:
        """Connect, offer the load, and wait for the answers."""
        await asyncio.gather(*(self._connect() for _ in range(self._load.connections)))
        cpu = time.process_time()
        self._start = self._last = self._loop.time()
        self._ends = self._start + self._load.seconds
        if self._load.rate is None:
            await self._keep_asking()
        else:
            await self._ask_when_due(self._load.rate)
        await self._collect()
        self._tally.statuses = {status: count for status, count in self._statuses.items() if count}
        self._tally.seconds = self._last - self._start
        self._tally.cpu_seconds = time.process_time() - cpu
        return self._tally

    async def _ask_when_due(self, rate: float) -> None:
        for number in range(round(rate * self._load.seconds)):
            due = self._start + number / rate
            if (early := due - self._loop.time()) > 0:
                await asyncio.sleep(early)
            self._want(due)

    async def _keep_asking(self) -> None:
        for _ in range(self._load.connections):
            self._want(self._loop.time())
        await asyncio.sleep(self._load.seconds)

    async def _collect(self) -> None:
        until = self._loop.time() + PATIENCE_SECONDS
        while self._open and self._loop.time() < until:
            await asyncio.sleep(0.01)
        self._statuses[NO_ANSWER] += self._open
        for task in self._reopening:
            task.cancel()

    def _want(self, due: float) -> None:
        self._open += 1
        self._waiting.append(due)
        self._send()

    def _send(self) -> None:
        while self._waiting and self._idle:
            connection = self._idle.popleft()
            if connection.usable:
                connection.ask(self._request, self._waiting.popleft())

    async def _connect(self) -> None:
        await self._loop.create_connection(
            lambda: Connection(self._note, self._take_back, self._replace), self._load.host, self._load.port
        )

    def _note(self, due: float, status: int, body: bytes) -> None:
        self._last = self._loop.time()
        self._open -= 1
        self._statuses[str(status)] += 1
        self._tally.sample = body.decode()
        if status == 200:
            self._tally.latencies.append(1e3 * (self._last - due))
        self._ask_again()

    def _ask_again(self) -> None:
        if self._load.rate is None and self._loop.time() < self._ends:
            self._want(self._loop.time())

    def _take_back(self, connection: Connection) -> None:
        self._idle.append(connection)
        self._send()

    def _replace(self, due: float | None) -> None:
        """A connection ended: its request has failed, another connection takes its place."""
        if due is not None:
            self._open -= 1
            self._statuses[NO_ANSWER] += 1
            self._ask_again()
        if self._loop.time() < self._ends or self._waiting:
            task = self._loop.create_task(self._connect())
            self._reopening.add(task)
            task.add_done_callback(self._reopening.discard)


async def _offered(load: Load) -> Tally:
    return await Client(load).run()


def main(request: dict[str, Any]) -> None:
    """Offer the load that ``request`` describes and print what came back as JSON."""
    print(json.dumps(asdict(asyncio.run(_offered(Load(**request))))))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
