"""How backfills and schedules look in a terminal."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from server.extensions import db
from server.market.backfilling import Backfills
from server.market.tables import CANCELLED, PENDING, MarketJob


def run_shown(backfills: Backfills, job: MarketJob, owner: str) -> MarketJob | None:
    """Run a backfill with a progress bar. Ctrl-C ends it after its page, CANCELLED; once more, at once."""
    columns = (
        TextColumn(f"{job.ticker} {job.interval}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %  {task.fields[fetched]:,} candles"),
        TimeRemainingColumn(),
    )
    job_id, console = job.id, Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as bar, _ended_by_ctrl_c(console) as stopping:
        task = bar.add_task("", total=100, fetched=0)
        try:
            ended = replace(backfills, stopping=stopping).run(
                job_id,
                owner,
                patient=False,
                on_progress=lambda done: bar.update(task, completed=done.percentage, fetched=done.fetched),
            )
        except KeyboardInterrupt:
            # The worker that takes it over when its lease ends is not to go on with it.
            db.session.rollback()
            backfills.jobs.cancel(job_id)
            raise
    # Handed back to the workers, who are not to go on with what its user ended.
    return backfills.jobs.cancel(job_id) if ended is not None and ended.status == PENDING else ended


def outcome(job: MarketJob) -> str:
    """What came of a backfill, in a line."""
    counts = job.counts
    left = ", ".join(each["source"] for each in counts.get("left", ()))
    source = counts.get("source") or "no source (nothing was missing)"
    line = (
        f"{job.ticker} {job.interval}: {job.status}, {counts.get('stored', 0):,} candles new or changed "
        f"from {source}{f' ({left} failed)' if left else ''}, "
        f"{counts.get('filled', 0):,} filled flat, {counts.get('missing', 0):,} missing at the source"
    )
    return line + ("; the same command goes on where this ended" if job.status == CANCELLED else "")


def jobs_table(jobs: Iterable[MarketJob]) -> Table:
    """The last jobs."""
    table = Table("job", "series", "status", "done", "stored", "error")
    for job in jobs:
        error = job.error["message"] if job.error else ""
        stored = f"{job.counts.get('stored', 0):,}"
        series, done = f"{job.ticker} {job.interval}", f"{job.percentage:.0f} %"
        table.add_row(job.id, series, job.status, done, stored, escape(error))
    return table


def schedules_table(schedules: Iterable[Mapping[str, Any]]) -> Table:
    """Every schedule with its last run."""
    table = Table("name", "does", "last run")
    for each in schedules:
        run = each["last_run"]
        last = "never" if run is None else f"{run['status']} {run['finished_at'] or ''}\n{_came_of(run)}"
        table.add_row(each["name"], f"{each['does']}: {each['when']}", escape(last))
    return table


def _came_of(run: Mapping[str, Any]) -> str:
    """The end of a schedule's run in a few words; `--run` and the API tell it by series."""
    if run["error"]:
        return str(run["error"]["message"])
    return ", ".join(
        f"{name.replace('_', ' ')}: {_shown(told)}" for name, told in (run["result"] or {}).items()
    )


def _shown(told: Any) -> str:
    if not isinstance(told, list | dict):
        return str(told)
    failed = sum("error" in each for each in told.values()) if isinstance(told, dict) else 0
    return f"{len(told)} ({failed} failed)" if failed else str(len(told))


@contextmanager
def _ended_by_ctrl_c(console: Console) -> Iterator[Callable[[], bool]]:
    """Within the block the first Ctrl-C or SIGTERM only makes the answer of what it gives true."""
    asked = threading.Event()

    def ask(*_: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()
        console.print("It ends after its present page; Ctrl-C once more ends it at once.")

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
