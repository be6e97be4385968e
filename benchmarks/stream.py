"""Live candles: from the exchange's wire to a client's `market_update`, and what 100 tickers cost.

The local exchange plays 100 markets, each with a frame a second and a candle that ends every four; a
bare WebSocket client beside the stream process notes when each frame was on the wire, another one when the
web process told it. A growing candle that came within a quarter of a second of the one before is left out:
it waits by design.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from typing import Any

import numpy as np
import psutil
import websocket

from benchmarks.product import running_product
from benchmarks.report import Row, quick
from server.market.candles import INTERVAL_SECONDS, iso_time
from server.market.streaming.prices import SHOWN_EVERY_SECONDS
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.streaming.storm import INTERVAL
from tests.stack import Stack

STEP = INTERVAL_SECONDS[INTERVAL]
CANDLE_SECONDS = 4.0
GOAL_MILLISECONDS = 150.0
GOAL_CORES = 0.5
ENGINE_PING, ENGINE_PONG = "2", "3"
UPDATE, REFUSAL = '42["market_update",', '42["error_update",'
Key = tuple[str, str, bool]
"""Ticker, open, and whether the candle is meant as it ended."""


class Listener:
    """A bare WebSocket client: what came, and when. It is read afterwards, for that takes time as well."""

    def __init__(self, url: str) -> None:
        self.frames: list[tuple[float, str]] = []
        self.socket = websocket.create_connection(url, timeout=1)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)

    def listen(self) -> None:
        """From now on."""
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self.socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                text = str(self.socket.recv())
            except websocket.WebSocketTimeoutException:
                continue
            self.frames.append((time.perf_counter(), text))
            if text == ENGINE_PING:
                self.socket.send(ENGINE_PONG)


class Wire(Listener):
    """The exchange's own wire."""

    def __init__(self, exchange: RunningExchange, codes: list[str]) -> None:
        url = exchange.url.replace("http", "ws", 1)
        super().__init__(f"{url}/stream.binance.com:9443/ws/bench")
        names = [f"{code.lower()}usdt@kline_{INTERVAL}" for code in codes]
        self.socket.send(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))
        self.listen()

    def moments(self, since: float) -> dict[tuple[Any, ...], float]:
        """When each candle that came after ``since`` was first seen, and each change of it."""
        moments: dict[tuple[Any, ...], float] = {}
        last: dict[str, tuple[float, int]] = {}
        for now, text in list(self.frames):
            message = json.loads(text)
            if "k" not in message:
                continue
            candle, ticker = message["k"], f"{message['s'].removesuffix('USDT')}-USD"
            opened = int(candle["t"]) // 1000
            before, growing = last.get(ticker, (0.0, opened))
            last[ticker] = (now, opened)
            if now < since:
                continue
            if opened > growing:
                # A candle has ended when the next one begins.
                moments[(ticker, iso_time(growing), True)] = now
            if now - before > SHOWN_EVERY_SECONDS:
                state = (ticker, iso_time(opened), False, float(candle["c"]), float(candle["v"]))
                moments.setdefault(state, now)
        return moments


class Rooms(Listener):
    """A client in the rooms of ``tickers``."""

    def __init__(self, stack: Stack, tickers: list[str]) -> None:
        url = stack.base_url.replace("http", "ws", 1)
        super().__init__(f"{url}/socket.io/?EIO=4&transport=websocket")
        for answer in ("0", "40"):
            if answer == "40":
                self.socket.send("40")
            if not str(self.socket.recv()).startswith(answer):
                raise RuntimeError("the web process does not greet as Socket.IO does")
        for ticker in tickers:
            self.socket.send("42" + json.dumps(["join_market", {"ticker": ticker, "interval": INTERVAL}]))
        self.listen()

    def moments(self, since: float) -> dict[tuple[Any, ...], float]:
        """When the client first heard of each state of each candle, after ``since``."""
        moments: dict[tuple[Any, ...], float] = {}
        for now, text in list(self.frames):
            if text.startswith(REFUSAL):
                raise RuntimeError(f"a room was not joined: {text}")
            if now < since or not text.startswith(UPDATE):
                continue
            update = json.loads(text[2:])[1]
            candle = update["candle"]
            state = (update["ticker"], candle["timestamp"], update["closed"])
            moments.setdefault(
                state if update["closed"] else (*state, candle["close"], candle["volume"]), now
            )
        return moments


def run() -> list[Row]:
    """Stream, listen, and compare the moments."""
    count, seconds = (10, 10.0) if quick() else (100, 60.0)
    codes = ["BTC", *(f"C{number:03}" for number in range(count - 1))]
    tickers = [f"{code}-USD" for code in codes]
    sample = () if INTERVAL == "1m" else ("--sample",)
    speed = str(STEP / CANDLE_SECONDS)
    with (
        running_exchange("--extra", str(count), "--speed", speed, *sample) as exchange,
        running_product(
            stream_followed=True,
            market_backfill_on_start=False,
            market_sources=["binance"],
            market_rates=["binance=1000 per second"],
            exchange_urls=[f"binance={exchange.url}"],
            follow=[f"{ticker} {INTERVAL}" for ticker in tickers],
        ) as stack,
        closing(Wire(exchange, codes)) as wire,
        closing(Rooms(stack, tickers)) as rooms,
    ):
        wait_until_streaming(rooms, tickers)
        process = psutil.Process(stack.pid("stream"))
        before, began = process.cpu_times(), time.perf_counter()
        time.sleep(seconds)
        after, lasted = process.cpu_times(), time.perf_counter() - began
        memory = process.memory_info().rss / 2**20
        cores = (after.user + after.system - before.user - before.system) / lasted
        return _rows(count, cores, memory, _delays(wire.moments(began), rooms.moments(began)), lasted)


def wait_until_streaming(rooms: Rooms, tickers: list[str], seconds: float = 180.0) -> None:
    """Until a candle of every ticker has ended; the first checks are over by then."""
    deadline = time.monotonic() + seconds
    while len({state[0] for state in rooms.moments(0.0) if state[2]}) < len(tickers):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no candle of every ticker within {seconds} s")
        time.sleep(1)
    time.sleep(2 * CANDLE_SECONDS)


def _delays(
    wire: dict[tuple[Any, ...], float], moments: dict[tuple[Any, ...], float]
) -> dict[bool, list[float]]:
    """Milliseconds from the wire to the client, of candles that ended (True) and that grow (False)."""
    delays: dict[bool, list[float]] = {True: [], False: []}
    for state, moment in wire.items():
        if state in moments:
            delays[state[2]].append((moments[state] - moment) * 1000)
    return delays


def _rows(
    count: int, cores: float, memory: float, delays: dict[bool, list[float]], seconds: float
) -> list[Row]:
    rows = []
    for ended, name in ((True, "ended candle"), (False, "growing candle")):
        p50, p99 = np.percentile(delays[ended], [50, 99])
        note = f"{len(delays[ended]):,} candles of {count} tickers in {seconds:.0f} s"
        rows.append(Row(f"{name}, wire to client, p50", p50, "ms", note=note))
        met = bool(p99 <= GOAL_MILLISECONDS)
        rows.append(
            Row(f"{name}, wire to client, p99", p99, "ms", goal=f"<= {GOAL_MILLISECONDS:.0f}", met=met)
        )
    rows.append(
        Row(
            f"stream process, {count} tickers",
            cores,
            "cores",
            goal=f"< {GOAL_CORES}",
            met=cores < GOAL_CORES,
            note="ended candles are compared with the source and stored in the same time",
        )
    )
    rows.append(Row("stream process, memory", memory, "MiB"))
    return rows
