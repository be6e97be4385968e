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

from server.market.backfilling import Backfills
from server.market.tables import PENDING, MarketJob


def run_shown(backfills: Backfills, job: MarketJob, owner: str) -> MarketJob | None:
    """Run a backfill with a progress bar; Ctrl-C ends it after its page, CANCELLED."""
    columns = (
        TextColumn(f"{job.ticker} {job.interval}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %  {task.fields[fetched]:,} candles"),
        TimeRemainingColumn(),
    )
    job_id = job.id
    with (
        _ended_by_ctrl_c() as stopping,
        Progress(*columns, console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("", total=100, fetched=0)
        ended = replace(backfills, stopping=stopping).run(
            job_id,
            owner,
            patient=False,
            on_progress=lambda done: bar.update(task, completed=done.percentage, fetched=done.fetched),
        )
    # Handed back to the workers, who are not to go on with what its user ended.
    return backfills.jobs.cancel(job_id) if ended is not None and ended.status == PENDING else ended


def outcome(job: MarketJob) -> str:
    """What came of a backfill, in a line."""
    counts = job.counts
    return (
        f"{job.ticker} {job.interval}: {job.status}, {counts.get('stored', 0):,} candles new or changed "
        f"from {counts.get('source') or 'no source (nothing was missing)'}, "
        f"{counts.get('filled', 0):,} filled flat, {counts.get('missing', 0):,} missing at the source"
    )


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
    table = Table("name", "does", "when", "last run", "ended")
    for each in schedules:
        last = each["last_run"] or {"status": "never", "finished_at": None}
        table.add_row(each["name"], each["does"], each["when"], last["status"], last["finished_at"] or "")
    return table


@contextmanager
def _ended_by_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Within the block Ctrl-C and SIGTERM only make the answer of what it gives true."""
    asked = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: asked.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
