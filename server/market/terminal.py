"""How series, backfills and schedules look in a terminal; ids and numbers stay whole in 80 columns."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from server.extensions import db
from server.market.backfilling import Backfills
from server.market.candles import iso_time
from server.market.store import Series
from server.market.tables import CANCELLED, PENDING, MarketJob

FLAGS_SHOWN = ("jump", "wick", "deviates")


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
    """The last jobs: the id, and below it the series."""
    table = _narrow_table("job", "status", "done", "stored", last="error")
    for job in jobs:
        error = job.error["message"] if job.error else ""
        stored = f"{job.counts.get('stored', 0):,}"
        named, done = f"{job.id}\n{job.ticker} {job.interval}", f"{job.percentage:.0f} %"
        table.add_row(named, job.status, done, stored, escape(error))
    return table


def series_table(stored: Iterable[Series]) -> Table:
    """Every series that is stored."""
    table = _narrow_table("series", "candles", "first (UTC)", "last (UTC)", last="sources")
    for each in stored:
        first, last = (_minute(iso_time(moment)) for moment in (each.first, each.last))
        sources = escape(", ".join(each.sources))
        table.add_row(f"{each.ticker} {each.interval}", f"{each.rows:,}", first, last, sources)
    return table


def quality_table(reports: Iterable[Mapping[str, Any]]) -> Table:
    """What is known against each series, and below its name since when."""
    counted = ("candles", "missing", "gaps", "flat", "jumps", "wicks", "deviate", "overdue")
    numbers = (Column(name, justify="right", overflow="fold") for name in counted)
    table = Table(Column("series", no_wrap=True), *numbers, box=SIMPLE_HEAD, pad_edge=False, padding=0)
    for report in reports:
        audited = _minute(report["audit"]["audited_at"])[:10] if report["audit"] else "never"
        flags = report["flags"]["counts"]
        table.add_row(
            f"{report['ticker']} {report['interval']}\naudited {audited}",
            *(f"{report[name]:,}" for name in ("rows", "missing", "gaps", "flat")),
            *("not looked for" if flags[kind] is None else f"{flags[kind]:,}" for kind in FLAGS_SHOWN),
            f"{report['freshness']['overdue']:,}",
        )
    return table


def coins_table(coins: Iterable[Mapping[str, Any]]) -> Table:
    """Coins by market cap; below the id when they were asked for, below the ticker where it is traded."""
    table = _narrow_table("rank", "id", "market cap (USD)", last="coin, traded as")
    for coin in coins:
        rank, cap = coin["market_cap_rank"], coin["market_cap"]
        traded = f"{coin['ticker']} at {', '.join(coin['sources'])}" if coin["ticker"] else ""
        table.add_row(
            "" if rank is None else str(rank),
            f"{escape(coin['coin_id'])}\nof {_minute(coin['updated_at'])}",
            "unknown" if cap is None else f"{cap:,.0f}",
            f"{escape(coin['symbol'])}, {escape(coin['name'])}\n{traded}",
        )
    return table


def _narrow_table(*headings: str, last: str) -> Table:
    """A table whose last column alone gives way, by folding."""
    whole = (Column(heading, no_wrap=True) for heading in headings)
    return Table(*whole, Column(last, overflow="fold"), box=SIMPLE_HEAD, pad_edge=False)


def _minute(moment: str) -> str:
    """``2019-01-31T12:00:00Z`` as ``2019-01-31 12:00``."""
    return moment[:16].replace("T", " ")


def schedules_table(schedules: Iterable[Mapping[str, Any]]) -> Table:
    """Every schedule with its last run."""
    table = Table("name", Column("does", overflow="fold"), Column("last run", overflow="fold"))
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
