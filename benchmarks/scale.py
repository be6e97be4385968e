"""How cost grows with the candles: importing them, and a whole training on them.

There is no series of a million candles in the product, so the input is made: the shipped sample's real
hourly returns, less their mean, repeated end to end as candles of one minute. It is good for measuring
cost and for nothing else. *Import*: the whole command `flask market import FILE`, its start included; its
peer is PostgreSQL's own `COPY` of the same file into a table of the same shape, nothing checked.
*Training*: every step of a run from stored candles to the artifact (CNN, lookback 60, batch 256, 1 epoch)
in a fresh process; memory is the most that it ever held (VmHWM), TensorFlow and the application included.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psycopg2

from benchmarks.product import fresh_process, output_of
from benchmarks.report import Row, quick
from benchmarks.series import repeated_sample, write_csv
from server.config import Settings
from server.local.environment import environment_of
from server.local.postgres import EmbeddedPostgres
from server.local.stack import prepare_database
from server.local.valkey import EmbeddedValkey

IMPORT_GOAL = 50_000.0
MEMORY_GOAL = 2_500.0
LINEAR = 12.0
TRAINING = {
    "interval": "1m", "model_type": "CNN", "lookback": 60, "horizon": 1, "epochs": 1, "batch_size": 256,
    "learning_rate": 1e-3, "patience": None, "seed": 7,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """What one size cost; seconds and megabytes."""

    rows: int
    importing: float
    copying: float
    training: float
    before: float
    peak: float


def run() -> list[Row]:
    """Rows a second, seconds and megabytes for 10^4, 10^5 and 10^6 candles."""
    sizes = (1_000, 10_000) if quick() else (10_000, 100_000, 1_000_000)
    with _database() as (folder, environment):
        measured = [_measure(rows, folder, environment) for rows in sizes]
    return [*_import_rows(measured), *_memory_rows(measured), *_time_rows(measured)]


@contextmanager
def _database() -> Iterator[tuple[Path, dict[str, str]]]:
    """A migrated database, and the environment in which commands use it."""
    with tempfile.TemporaryDirectory(prefix="crypto-predict-bench-") as name:
        folder = Path(name)
        postgres = EmbeddedPostgres(folder / "postgres", folder / "postgres.log")
        valkey = EmbeddedValkey(folder / "valkey", folder / "valkey.log")
        postgres.start()
        valkey.start()
        try:
            settings = Settings(
                app_env="test", database_url=postgres.url, redis_url=valkey.url,
                artifact_url=(folder / "artifacts").as_uri(), async_mode="threading",
            )  # fmt: skip
            environment = environment_of(settings, {})
            prepare_database(folder, environment)
            yield folder, environment
        finally:
            valkey.stop()
            postgres.stop()


def _measure(rows: int, folder: Path, environment: dict[str, str]) -> Measured:
    ticker, file = f"ROWS{rows}-USD", folder / f"{rows}.csv"
    write_csv(repeated_sample(rows), file)
    copying = _copy(file, environment["DATABASE_URL"])
    started = time.perf_counter()
    command = ["-m", "flask", "--app", "wsgi", "market", "import", str(file)]
    output_of([*command, "--ticker", ticker, "--interval", "1m"], environment)
    importing = time.perf_counter() - started
    run = fresh_process("stored_series", {**TRAINING, "ticker": ticker}, environment)
    return Measured(rows, importing, copying, run["seconds"], run["before"], run["peak"])


def _copy(file: Path, url: str) -> float:
    """Seconds for the database's own way to read this file."""
    with closing(psycopg2.connect(url.replace("+psycopg2", ""))) as connection, connection.cursor() as cursor:
        columns = (
            "timestamp bigint PRIMARY KEY, open float8, high float8, low float8, close float8, volume float8"
        )
        cursor.execute(f"CREATE TABLE bare_copy ({columns})")
        connection.commit()
        started = time.perf_counter()
        with file.open() as text:
            cursor.copy_expert("COPY bare_copy FROM STDIN WITH (FORMAT csv, HEADER)", text)
        connection.commit()
        seconds = time.perf_counter() - started
        cursor.execute("DROP TABLE bare_copy")
        connection.commit()
    return seconds


def _import_rows(measured: list[Measured]) -> list[Row]:
    found = []
    for size in measured:
        speed, copied = size.rows / size.importing, size.rows / size.copying
        last = size is measured[-1]
        goal, met = (f"at least {IMPORT_GOAL:,.0f}", speed >= IMPORT_GOAL) if last else ("", None)
        name = f"flask market import, {size.rows:,} rows; peer: bare COPY"
        found.append(Row(name, speed, "rows/s", copied, speed / copied, goal, met))
    return found


def _memory_rows(measured: list[Measured]) -> list[Row]:
    rows = []
    for place, size in enumerate(measured):
        smaller = measured[place - 1] if place else None
        last = size is measured[-1]
        goal, met = (f"below {MEMORY_GOAL:,.0f} MB", size.peak < MEMORY_GOAL) if last else ("", None)
        name = f"peak memory of a training, {size.rows:,} candles"
        note = f"{size.before:,.0f} MB of it before the run began"
        if smaller:
            name += f"; peer: {smaller.rows:,}"
            rows.append(Row(name, size.peak, "MB", smaller.peak, size.peak / smaller.peak, goal, met, note))
        else:
            rows.append(Row(name, size.peak, "MB", note=note))
    return rows


def _time_rows(measured: list[Measured]) -> list[Row]:
    """Ten times the candles in ten times the seconds, and less while fixed costs weigh."""
    rows = [Row(f"seconds of a training, {measured[0].rows:,} candles", measured[0].training, "s")]
    for smaller, size in pairwise(measured):
        name = f"seconds of a training, {size.rows:,} candles; peer: {smaller.rows:,}"
        ratio = size.training / smaller.training
        goal = f"linear: at most {LINEAR:.0f} x"
        rows.append(Row(name, size.training, "s", smaller.training, ratio, goal, ratio <= LINEAR))
    return rows
