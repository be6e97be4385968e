"""How fast candles of an exchange are stored, and how fast a year of them is read.

*Stored*: a backfill job of candles of one minute from the local exchange (a process of its own, which
sends 1,000 a page as Binance does, without a limit on calls), with all that a job does: every answer
checked, rows compared with what is stored, outliers flagged, the version raised, progress noted. The peer
is the loop that one writes first: ccxt's `fetch_ohlcv`, then `INSERT ... ON CONFLICT DO UPDATE` page by
page by psycopg2, on the same exchange, database and table; both in turn, the median of their rounds.
*Read*: one client on one connection asks for 8,760 hourly candles, each time up to another moment, so that
no answer is at hand; the peer is one statement by psycopg2
and `json.dumps` under gevent's server, asked alternately with the product.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psycopg2
from flask import Flask
from psycopg2.extras import execute_values

from benchmarks.product import running_product
from benchmarks.report import Row, quick
from benchmarks.series import repeated_sample
from benchmarks.served import running_peer
from server.app import create_app
from server.config import Settings
from server.local.processes import free_port
from server.market.candles import COLUMNS, Candles, iso_time
from tests.exchange.running import RunningExchange, running_exchange
from tests.stack import Stack

STORE_GOAL, READ_GOAL = 20_000, 15.0
YEAR, PAGE, MINUTE = 8_760, 1_000, 60
YEAR_OF_CANDLES = f"/api/v1/market/candles?ticker=BTC-USD&interval=1h&limit={YEAR}"
BEFORE = 1_735_689_000
"""A time after the sample's last candle."""
TICKER = "BTC-USD"
_UPSERT = """
    INSERT INTO candles (timestamp, open, high, low, close, volume, ticker, interval, source) VALUES %s
    ON CONFLICT (ticker, interval, timestamp) DO UPDATE
    SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, source = excluded.source
"""


def run() -> list[Row]:
    """Candles a second, and milliseconds of an answer."""
    candles = repeated_sample(20_000 if quick() else 200_000)
    with (
        _exchange_of(candles) as exchange,
        running_product(rate_limit_enabled=False, market_backfill_on_start=False) as stack,
    ):
        return [_stored(stack, exchange, candles), *_read(stack)]


@contextmanager
def _exchange_of(candles: Candles) -> Iterator[RunningExchange]:
    """The local exchange with these candles; its clock stands where the last of them has ended."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "candles.csv"
        opens, *numbers = (getattr(candles, name).tolist() for name in COLUMNS)
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([COLUMNS, *zip(map(iso_time, opens), *numbers, strict=True)])
        with running_exchange("--candles", str(path), "--interval", "1m") as exchange:
            exchange.set_clock(now=float(candles.timestamp[-1] + MINUTE), speed=0)
            yield exchange


def _stored(stack: Stack, exchange: RunningExchange, candles: Candles) -> Row:
    settings = replace(
        stack.settings,
        async_mode="threading",
        prometheus_multiproc_dir="",
        market_sources=["binance"],
        exchange_urls=[f"binance={exchange.url}"],
        market_rates=["binance=1000000 per second"],
    )
    app = create_app(settings)
    rounds: dict[Callable[..., None], list[float]] = {_backfill: [], _plain_loop: []}
    for _ in range(2 if quick() else 6):
        for work, taken in rounds.items():
            _forget(settings)
            began = time.perf_counter()
            work(app, settings, exchange, candles)
            taken.append(len(candles) / (time.perf_counter() - began))
            _require_all(settings, len(candles))
    # The first round loads ccxt and its list of markets.
    ours, plain = (median(taken[1:]) for taken in rounds.values())
    name = "candles backfilled a second; peer: ccxt and INSERT ... ON CONFLICT"
    goal, note = f"at least {STORE_GOAL:,}", f"{len(candles):,} candles of 1m a round"
    return Row(name, ours, "1/s", plain, ours / plain, goal, ours >= STORE_GOAL, note)


def _backfill(app: Flask, _: Settings, __: RunningExchange, candles: Candles) -> None:
    # Loads ccxt.
    from server.market import backfilling, tasks

    with app.app_context():
        backfills = tasks.process_backfills()
        since = datetime.fromtimestamp(int(candles.timestamp[0]), UTC)
        job = backfilling.ask_for(backfills.jobs, TICKER, "1m", since)
        ended = backfills.run(job.id, tasks.new_owner(), patient=False)
        if ended is None or ended.status != "COMPLETED":
            raise RuntimeError(f"the backfill ended {ended and ended.status}: {ended and ended.error}")


def _plain_loop(app: Flask, settings: Settings, exchange: RunningExchange, candles: Candles) -> None:
    from server.market.sources.exchanges import new_exchange

    if "plain_binance" not in app.extensions:
        app.extensions["plain_binance"] = new_exchange("binance", exchange.url, 10.0)
    binance = app.extensions["plain_binance"]
    since, end = int(candles.timestamp[0]) * 1000, int(candles.timestamp[-1] + MINUTE) * 1000
    with closing(_connected(settings)) as connection, connection.cursor() as cursor:
        while since < end:
            rows = binance.fetch_ohlcv("BTC/USDT", "1m", since, PAGE)
            sent = [
                (datetime.fromtimestamp(row[0] / 1000, UTC), *row[1:], TICKER, "1m", "binance")
                for row in rows
                if row[0] < end
            ]
            execute_values(cursor, _UPSERT, sent, page_size=PAGE)
            connection.commit()
            since = rows[-1][0] + MINUTE * 1000


def _forget(settings: Settings) -> None:
    with closing(_connected(settings)) as connection, connection.cursor() as cursor:
        for table in ("candles", "candle_flags", "series_versions", "series_quality"):
            cursor.execute(f"DELETE FROM {table} WHERE interval = '1m'")  # noqa: S608 - named above
        connection.commit()


def _require_all(settings: Settings, rows: int) -> None:
    with closing(_connected(settings)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM candles WHERE interval = '1m'")
        (found,) = cursor.fetchone()
    if found != rows:
        raise RuntimeError(f"{found} of {rows} candles were stored")


def _connected(settings: Settings) -> Any:
    return psycopg2.connect(_plain_url(settings))


def _plain_url(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg2://", "postgresql://", 1)


def _read(stack: Stack) -> list[Row]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.candles_peer", str(port), _plain_url(stack.settings)]
    with (
        tempfile.TemporaryDirectory() as folder,
        running_peer("candles", command, port, "/", Path(folder), {}),
        closing(HTTPConnection(stack.settings.host, stack.settings.port, timeout=60)) as ours,
        closing(HTTPConnection("127.0.0.1", port, timeout=60)) as peer,
    ):
        taken = [(_asked(ours, call), _asked(peer, call)) for call in range(20 if quick() else 500)][3:]
    mine, plain = np.percentile(np.array(taken), [50, 99], axis=0).T
    name, goal = f"{YEAR:,} hourly candles over HTTP", f"at most {READ_GOAL:.0f} ms"
    return [
        Row(
            f"{name}, {which}; peer: psycopg2 and json.dumps",
            float(ours_ms),
            "ms",
            float(peer_ms),
            float(ours_ms / peer_ms),
            goal,
            bool(ours_ms <= READ_GOAL),
        )
        for which, ours_ms, peer_ms in zip(("p50", "p99"), mine, plain, strict=True)
    ]


def _asked(connection: HTTPConnection, call: int) -> float:
    path = f"{YEAR_OF_CANDLES}&end={iso_time(BEFORE - call)}"
    began = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    taken = (time.perf_counter() - began) * 1000
    if answer.status != 200 or body.count(b"volume") != YEAR:
        raise RuntimeError(f"GET {YEAR_OF_CANDLES}: {answer.status} {body[:300]!r}")
    return taken
