"""An hour of live candles at 60 times their speed with random faults: does the store equal the source?

A coin each from Binance, Kraken and Coinbase. Every fault of the local exchange, on its answers and its
sockets, at random; the database is taken away and a stream process killed (a second one goes on) now and
then. Where no candles by the minute
are at hand it is 60 hours of hourly ones.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from flask_migrate import upgrade

from benchmarks.report import Row, quick
from server.config import PROJECT_ROOT, Settings
from server.local import processes
from server.local.postgres import EmbeddedPostgres
from server.local.valkey import EmbeddedValkey
from server.market import follows
from tests.applications import application
from tests.exchange.running import RunningExchange, running_exchange
from tests.market.streaming.processes import database_away, stream_process, wait_until
from tests.market.streaming.storm import (
    INTERVAL,
    PLAYED,
    STEP,
    TICKERS,
    Storm,
    stored,
    stream_settings_of,
    wait_for_equality,
)

DATABASE = "faults"
ROUNDS = 6


def run() -> list[Row]:
    """Blow a storm over the stream and compare."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="crypto-predict-bench-")))
        postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
        valkey = EmbeddedValkey(folder / "valkey", folder / "valkey.log")
        for server in (postgres, valkey):
            server.start()
            stack.callback(server.stop)
        postgres.create_database(DATABASE)
        exchange = stack.enter_context(running_exchange(*PLAYED, "--extra", "2"))
        plain = Settings(
            app_env="test",
            secret_key="a key for measurements alone",  # noqa: S106 - no secret
            database_url=postgres.url_of(DATABASE),
            redis_url=valkey.url,
            async_mode="threading",
            log_format="json",
        )
        settings = stream_settings_of(plain, exchange)
        app = stack.enter_context(application(settings))
        stack.enter_context(app.app_context())
        upgrade(str(PROJECT_ROOT / "migrations"))
        for ticker in TICKERS.values():
            follows.follow(ticker, INTERVAL)
        return _measure(replace(settings), exchange, postgres, folder)


def _measure(
    settings: Settings, exchange: RunningExchange, postgres: EmbeddedPostgres, folder: Path
) -> list[Row]:
    seconds = 12.0 if quick() else 60.0
    storm = Storm(exchange, seed=int(time.time()))
    logs: list[Path] = []
    with ExitStack() as running:

        def start() -> processes.subprocess.Popen[bytes]:
            logs.append(folder / f"stream{len(logs)}.log")
            return running.enter_context(stream_process(settings, logs[-1]))

        present, spare = start(), start()
        wait_until(lambda: all(len(stored(each)) > 3 for each in TICKERS.values()), 60, "the first candles")
        began = exchange.state()["now"]
        for number in range(ROUNDS):
            storm.blow(seconds / ROUNDS * 0.7)
            if number % 2:
                processes.kill_group(present.pid)
                present, spare = spare, start()
            with database_away(postgres.url, DATABASE):
                storm.blow(seconds / ROUNDS * 0.3)
        until = exchange.state()["now"]
        took = sum(wait_for_equality(until, 120, logs, each) for each in TICKERS.values())
        opens = [opened for each in TICKERS.values() for opened in stored(each)]
        candles = sum(began <= opened <= until - STEP for opened in opens)
    faults = ", ".join(f"{count} faults of {name}" for name, count in storm.faults.items())
    note = f"{faults}, {ROUNDS} lost databases, {ROUNDS // 2} killed processes"
    return [
        Row("candles that differ from the source", 0, f"of {candles}", goal="0", met=True, note=note),
        Row("equal so long after the last fault", took, "s"),
    ]
