"""``flask market replay``."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from server.config import Settings
from server.market import store
from server.market.candles import INTERVAL_SECONDS, Candles, iso_time
from server.market.csv_import import NO_GZIP, read_csv, unzipped
from server.market.replaying import replay
from server.market.sources.contract import Row
from server.realtime.publisher import RedisPublisher


@click.command("replay")
@click.argument("ticker")
@click.option("--interval", type=click.Choice(list(INTERVAL_SECONDS)), default="1h", show_default=True)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play this CSV (also .gz), and store each candle as it ends. Default: show what is stored.",
)
@click.option("--last", type=click.IntRange(min=1), help="Play the newest so many candles only.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=3600.0,
    show_default=True,
    help="How many times as fast as it happened.",
)
@with_appcontext
def replay_command(ticker: str, interval: str, file: Path | None, last: int | None, speed: float) -> None:
    """Play candles of TICKER as if they arrived now: rooms see them, and followed series are forecast."""
    settings: Settings = current_app.config["SETTINGS"]
    try:
        candles = _candles(ticker, interval, file)
        candles = candles[-last:] if last else candles
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(f"{ticker} {interval}", total=len(candles))

            def show(row: Row) -> None:
                bar.update(task, advance=1, description=f"{ticker} {interval} {iso_time(row[0])}")

            publisher = RedisPublisher(settings.redis_database(0))
            mark = f"replay of {file.name}" if file else None
            replay((ticker, interval), candles, speed, settings, publisher, show, stored_as=mark)
    except NO_GZIP as error:
        raise click.ClickException(f"{file} is no whole gzip file: {error}") from error
    kept = f"stored as {mark}" if mark else "which were stored already"
    Console().print(f"Played {len(candles):,} candles of {ticker} {interval}, {kept}.")


def _candles(ticker: str, interval: str, file: Path | None) -> Candles:
    if file is None:
        store.require_series(ticker, interval)
        return store.load_candles(ticker, interval)
    with file.open("rb") as raw:
        return read_csv(unzipped(raw, file), ticker, interval, file.name, now=time.time())
