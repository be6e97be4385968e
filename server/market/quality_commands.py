"""``flask market quality``, ``coins``, ``coin`` and ``clean``."""

from __future__ import annotations

from contextlib import closing

import click
from flask import current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from server.config import Settings
from server.market import cleaning, discovery, quality, store
from server.market.candles import INTERVAL_SECONDS, iso_time
from server.market.courtesy.breaker import CourtesyUnknown
from server.market.sources.order import Sources
from server.market.terminal import coins_table, quality_table


@click.command("quality")
@click.argument("ticker", required=False)
@click.option("--interval", type=click.Choice(list(INTERVAL_SECONDS)), help="Of this interval only.")
@click.option("--audit", is_flag=True, help="Judge all candles anew first.")
@with_appcontext
def quality_command(ticker: str | None, interval: str | None, audit: bool) -> None:
    """Show what is stored of TICKER, or of all: what is missing, what stands out, how fresh it is."""
    series = [
        (each.ticker, each.interval)
        for each in store.list_series()
        if ticker in (None, each.ticker) and interval in (None, each.interval)
    ]
    if not series:
        raise click.ClickException("Nothing is stored of that; `flask market tickers` lists what is.")
    if audit:
        for each in series:
            quality.audit(*each)
    Console().print(quality_table([quality.report(*each) for each in series]))


@click.command("coins")
@click.argument("search", required=False)
@click.option("--tradable", is_flag=True, help="Those only that a configured exchange trades.")
@click.option("--limit", type=click.IntRange(1, 250), default=20, show_default=True)
@with_appcontext
def coins_command(search: str | None, tradable: bool, limit: int) -> None:
    """List coins by market cap; `flask market schedules --run discovery` asks for them now."""
    found, total = discovery.page(search, tradable, 1, limit)
    Console().print(coins_table(found))
    Console().print(f"{len(found)} of {total:,} coins")


@click.command("coin")
@click.argument("coin_id")
@with_appcontext
def coin_command(coin_id: str) -> None:
    """Ask CoinGecko what is known of COIN_ID, such as bitcoin; `flask market coins` lists the ids."""
    try:
        with closing(Sources(current_app.config["SETTINGS"]).coins()) as coins:
            coin = coins.fetch_coin(coin_id)
    except RedisError as error:
        raise click.ClickException(CourtesyUnknown(error).message) from error
    known = {
        "symbol": coin.symbol,
        "since": coin.genesis_date,
        "homepage": coin.homepage,
        "categories": ", ".join(coin.categories),
    }
    console = Console()
    console.print(f"{escape(coin.name)} ({coin.coin_id})")
    for name, value in known.items():
        console.print(f"{name}: {escape(value or 'unknown')}", soft_wrap=True)
    if coin.description:
        console.print(escape(coin.description))


@click.command("clean")
@click.option("--dry-run", is_flag=True, help="Show what would go, and delete nothing.")
@with_appcontext
def clean_command(dry_run: bool) -> None:
    """Delete old candles of fine intervals as MARKET_KEEP_DAYS_1M, _5M and _15M say."""
    settings: Settings = current_app.config["SETTINGS"]
    exchanges = Sources(settings).exchanges()
    done = (
        [(plan, 0) for plan in cleaning.plans(settings, exchanges)]
        if dry_run
        else cleaning.clean(settings, exchanges)
    )
    if not done:
        Console().print("No series of an interval that is cleaned is stored.")
        return
    numbers = (Column(name, no_wrap=True) for name in ("days kept", "would go" if dry_run else "deleted"))
    table = Table(Column("series", no_wrap=True), *numbers, "before", Column("kept for", overflow="fold"))
    for plan, deleted in done:
        before, rows = iso_time(int(plan.before.timestamp())), plan.rows if dry_run else deleted
        series = f"{plan.ticker} {plan.interval}"
        table.add_row(series, str(plan.keep_days), f"{rows:,}", before, plan.held_by or "")
    Console().print(table)


QUALITY_COMMANDS = (quality_command, coins_command, coin_command, clean_command)
