"""``flask market``, ``follow`` and ``unfollow``: import files, see what is stored, say what to forecast."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from marshmallow import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from server.market import backfilling, follows, jobs, schedules, store, stored_gaps, tasks
from server.market.candles import INTERVAL_SECONDS, iso_time
from server.market.csv_import import LISTED, NO_GZIP, ImportReport, UnsoundFile, import_csv, unzipped
from server.market.moments import Moment
from server.market.quality_commands import QUALITY_COMMANDS
from server.market.replay_command import replay_command
from server.market.sample import load_sample
from server.market.tables import CANCELLED
from server.market.terminal import jobs_table, outcome, run_shown, schedules_table, series_table
from server.observability.logs import log_to_stdout
from server.observability.metrics import serve_worker_metrics
from server.realtime.publisher import RedisPublisher

ENDED_BY_CTRL_C = 130
"""What shells report of a program that an interrupt ended: what stands behind `&&` does not run."""

market = AppGroup("market", help="Candles: import files, see what is stored.")

_ticker = click.option("--ticker", required=True, help="BASE-QUOTE in upper case, such as BTC-USD.")
_interval = click.option("--interval", required=True, type=click.Choice(list(INTERVAL_SECONDS)))
_followed_interval = click.option(
    "--interval", type=click.Choice(list(INTERVAL_SECONDS)), default="1h", show_default=True
)


@market.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_ticker
@_interval
@click.option("--source", help="Where the numbers come from; kept on every row. Default: the file's name.")
@click.option("--skip-bad", is_flag=True, help="Store the sound rows of a file that has bad ones.")
def import_command(file: Path, ticker: str, interval: str, source: str | None, skip_bad: bool) -> None:
    """Store the candles of a CSV file (also .gz): all of it, or nothing when a row has a fault."""
    try:
        report = _import(file, ticker, interval, source or file.name, skip_bad)
    except UnsoundFile as error:
        _show_problems(error.report)
        raise click.ClickException(error.message) from error
    except NO_GZIP as error:
        raise click.ClickException(f"{file} is no whole gzip file: {error}") from error
    _show_problems(report)
    _show_import(report)


@market.command("tickers")
def tickers_command() -> None:
    """List every series that is stored."""
    Console().print(series_table(store.list_series()))


@market.command("gaps")
@_ticker
@_interval
def gaps_command(ticker: str, interval: str) -> None:
    """List the candles that are missing inside a series."""
    report = stored_gaps.gap_report(ticker, interval)
    table = Table("first missing", "last missing", "candles")
    for gap in report.gaps:
        table.add_row(iso_time(gap.first), iso_time(gap.last), str(gap.candles))
    if report.gaps:
        Console().print(table)
    Console().print(f"{ticker} {interval}: {report.rows:,} candles, {report.missing:,} missing")


@market.command("load-sample")
def load_sample_command() -> None:
    """Load the shipped sample, unless its series have candles already."""
    reports = load_sample(now=time.time())
    for report in reports:
        _show_import(report)
    if not reports:
        Console().print("Every series of the sample is stored already.")


@market.command("backfill")
@click.argument("ticker")
@_followed_interval
@click.option("--since", required=True, help="First candle, ISO 8601 time or date (UTC).")
@click.option("--until", help="Candles before this time only; default: up to now.")
@click.option("--refresh", is_flag=True, help="Replace what the exchange corrected since.")
def backfill_command(ticker: str, interval: str, since: str, until: str | None, refresh: bool) -> None:
    """Fetch the candles of TICKER that are missing, here and now; ended early, the next one goes on."""
    backfills = tasks.process_backfills()
    end = None if until is None else _moment(until, "until")
    begin = _moment(since, "since")
    asked = backfilling.ask_for(backfills.jobs, ticker, interval, begin, end, refresh=refresh)
    ended = run_shown(backfills, asked, tasks.new_owner())
    if ended is None:
        raise click.ClickException("Another process took the job over; `flask market jobs` shows it.")
    if ended.error is not None:
        kept = f"{ended.counts.get('stored', 0):,} candles were stored before"
        raise click.ClickException(f"{ended.error['message']} ({kept})")
    Console().print(outcome(ended), soft_wrap=True)
    if ended.status == CANCELLED:
        click.get_current_context().exit(ENDED_BY_CTRL_C)


@market.command("jobs")
def jobs_command() -> None:
    """List the last backfills."""
    Console().print(jobs_table(jobs.listing(limit=20)))


@market.command("cancel")
@click.argument("job_id")
def cancel_command(job_id: str) -> None:
    """End the backfill JOB_ID after its present page, or before it begins; what it stored stays."""
    job = tasks.process_jobs().cancel(job_id)
    when = "is cancelled" if job.status == CANCELLED else "ends after its present page"
    Console().print(f"The backfill of {job.ticker} {job.interval} {when}.")


@market.command("schedules")
@click.option("--run", "name", metavar="NAME", help="Run this one now, here, and show what came of it.")
def schedules_command(name: str | None) -> None:
    """List what is done again and again, and how the last run of each ended."""
    if name is None:
        Console().print(schedules_table(schedules.listing()))
        return
    run = schedules.run(name, tasks.process_backfills(), tasks.new_owner())
    Console().print_json(data=run)
    if run["error"]:
        raise click.ClickException(run["error"]["message"])


@market.command("stream")
def stream_command() -> None:
    """Store and show live candles of the followed series until stopped; several processes share the work."""
    # Imported here: other commands and the web process have no use for it.
    from server.market.stream import stream_until_stopped

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    log_to_stdout()
    serve_worker_metrics(app.config["SETTINGS"])
    stream_until_stopped(app, RedisPublisher(app.config["SETTINGS"].redis_database(0)))


@click.command("follow")
@click.argument("ticker", required=False)
@_followed_interval
@with_appcontext
def follow_command(ticker: str | None, interval: str) -> None:
    """Forecast TICKER, such as BTC-USD, on each closed candle; without TICKER: list what is followed."""
    if ticker is None:
        _show_followed()
        return
    follows.follow(ticker, interval)
    nothing = "" if store.has_series(ticker, interval) else ", of which no candle is stored yet"
    Console().print(f"Following {ticker} {interval}{nothing}.")


@click.command("unfollow")
@click.argument("ticker")
@_followed_interval
@with_appcontext
def unfollow_command(ticker: str, interval: str) -> None:
    """Forecast TICKER on each closed candle no longer."""
    follows.unfollow(ticker, interval)
    Console().print(f"{ticker} {interval} is no longer followed.")


def _show_followed() -> None:
    table = Table("ticker", "interval", "newest candle", "followed by")
    for each in follows.listing():
        newest = "none stored" if each.newest is None else iso_time(int(each.newest.timestamp()))
        table.add_row(each.ticker, each.interval, newest, "setting FOLLOW" if each.by_setting else "command")
    Console().print(table)


def _moment(written: str, name: str) -> datetime:
    try:
        found: datetime = Moment().deserialize(written)
    except ValidationError as error:
        raise click.BadParameter(str(error.messages[0]), param_hint=f"--{name}") from error
    return found


def _import(file: Path, ticker: str, interval: str, source: str, skip_bad: bool) -> ImportReport:
    columns = (TextColumn(f"{ticker} {interval}"), BarColumn(), TextColumn("{task.fields[rows]:,} rows"))
    with (
        file.open("rb") as raw,
        Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar,
    ):
        task = bar.add_task("", total=os.fstat(raw.fileno()).st_size, rows=0)
        return import_csv(
            unzipped(raw, file),
            ticker,
            interval,
            source,
            now=time.time(),
            skip_bad=skip_bad,
            on_progress=lambda rows: bar.update(task, completed=raw.tell(), rows=rows),
        )


def _show_problems(report: ImportReport) -> None:
    if not report.problem_counts:
        return
    headings = ("line", "problem", "column", Column("value", overflow="fold"))
    table = Table(*headings, title=f"{report.ticker} {report.interval}")
    for problem in report.problems:
        table.add_row(str(problem.line), problem.kind, problem.field, escape(problem.value))
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 100)
    console.print(table)
    if report.problem_counts.total() > LISTED:
        console.print(f"The first {LISTED} of {report.problem_counts.total():,} problems.")
    console.print(", ".join(f"{kind}: {count:,}" for kind, count in report.problem_counts.items()))


def _show_import(report: ImportReport) -> None:
    first, last = (iso_time(time) for time in (report.first, report.last) if time is not None)
    Console().print(
        f"{report.ticker} {report.interval}: {report.rows_stored:,} candles stored "
        f"({report.rows_changed:,} new or changed), {first} .. {last}, "
        f"{report.missing:,} missing in {report.gap_count:,} gaps, rows {report.order}"
    )


for quality_command in (*QUALITY_COMMANDS, replay_command):
    market.add_command(quality_command)

CLI_COMMANDS = (market, follow_command, unfollow_command)
