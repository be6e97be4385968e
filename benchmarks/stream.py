"""Live candles: from the exchange's wire to a client's `market_update`, and what 100 tickers cost.

The local exchange plays 100 markets, each with a frame a second and a candle that ends every four; a
bare WebSocket client beside the stream process notes when each frame was on the wire. A growing candle
that came within a quarter of a second of the one before is left out: it waits by design.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import numpy as np
import psutil
import socketio
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
Key = tuple[str, str, bool]
"""Ticker, open, and whether the candle is meant as it ended."""


class Wire:
    """When each candle was first seen on the exchange's own wire, and each change of it."""

    def __init__(self, exchange: RunningExchange, codes: list[str]) -> None:
        self.moments: dict[tuple[Any, ...], float] = {}
        self._last: dict[str, tuple[float, int]] = {}
        url = exchange.url.replace("http", "ws", 1)
        self._socket = websocket.create_connection(f"{url}/stream.binance.com:9443/ws/bench", timeout=1)
        names = [f"{code.lower()}usdt@kline_{INTERVAL}" for code in codes]
        self._socket.send(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}))
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                message = json.loads(self._socket.recv())
            except websocket.WebSocketTimeoutException:
                continue
            if "k" in message:
                self._note(message["s"].removesuffix("USDT"), message["k"], time.perf_counter())

    def _note(self, code: str, candle: dict[str, Any], now: float) -> None:
        ticker, opened = f"{code}-USD", int(candle["t"]) // 1000
        before, growing = self._last.get(ticker, (0.0, opened))
        if opened > growing:
            # A candle has ended when the next one begins.
            self.moments[(ticker, iso_time(growing), True)] = now
        self._last[ticker] = (now, opened)
        if now - before > SHOWN_EVERY_SECONDS:
            state = (ticker, iso_time(opened), False, float(candle["c"]), float(candle["v"]))
            self.moments.setdefault(state, now)


@contextmanager
def heard(stack: Stack, tickers: list[str]) -> Iterator[dict[tuple[Any, ...], float]]:
    """When a client in the rooms of ``tickers`` heard of each state of each candle."""
    moments: dict[tuple[Any, ...], float] = {}
    client = socketio.Client(reconnection=False)

    def note(update: dict[str, Any]) -> None:
        now, candle = time.perf_counter(), update["candle"]
        state = (update["ticker"], candle["timestamp"], update["closed"])
        moments.setdefault(state if update["closed"] else (*state, candle["close"], candle["volume"]), now)

    client.on("market_update", note)
    client.connect(stack.base_url, transports=["websocket"])
    for ticker in tickers:
        client.call("join_market", {"ticker": ticker, "interval": INTERVAL})
    try:
        yield moments
    finally:
        client.disconnect()


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
        heard(stack, tickers) as moments,
    ):
        wait_until_streaming(moments, tickers)
        moments.clear()
        wire.moments.clear()
        process = psutil.Process(stack.pid("stream"))
        before, began = process.cpu_times(), time.perf_counter()
        time.sleep(seconds)
        after, lasted = process.cpu_times(), time.perf_counter() - began
        memory = process.memory_info().rss / 2**20
        cores = (after.user + after.system - before.user - before.system) / lasted
        return _rows(count, cores, memory, _delays(dict(wire.moments), dict(moments)), lasted)


def wait_until_streaming(
    moments: dict[tuple[Any, ...], float], tickers: list[str], seconds: float = 180.0
) -> None:
    """Until a candle of every ticker has ended; the first checks are over by then."""
    deadline = time.monotonic() + seconds
    while len({state[0] for state in list(moments) if state[2]}) < len(tickers):
        if time.monotonic() > deadline:
            raise TimeoutError(f"no candle of every ticker within {seconds} s")
        time.sleep(0.2)
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
