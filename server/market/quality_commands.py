"""``flask market quality``, ``coins``, ``coin`` and ``clean``."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from redis.exceptions import RedisError
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from server.config import Settings
from server.errors import ServerError
from server.market import cleaning, discovery, quality, store
from server.market.candles import INTERVAL_SECONDS, iso_time
from server.market.courtesy.breaker import CourtesyUnknown
from server.market.sources.order import Sources


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
    names = (
        "series",
        "candles",
        "missing",
        "gaps",
        "flat",
        "jumps",
        "wicks",
        "deviate",
        "overdue",
        "audited",
    )
    table = Table(*names)
    for each in series:
        if audit:
            quality.audit(*each)
        table.add_row(*_quality_cells(quality.report(*each)))
    Console().print(table)


@click.command("coins")
@click.argument("search", required=False)
@click.option("--tradable", is_flag=True, help="Those only that a configured exchange trades.")
@click.option("--limit", type=click.IntRange(1, 250), default=20, show_default=True)
@with_appcontext
def coins_command(search: str | None, tradable: bool, limit: int) -> None:
    """List coins by market cap; `flask market schedules --run discovery` asks for them now."""
    found, total = discovery.page(search, tradable, 1, limit)
    table = Table("rank", "coin", "id", "name", "market cap (USD)", "ticker", "traded at", "of")
    for coin in found:
        rank, cap = coin["market_cap_rank"], coin["market_cap"]
        table.add_row(
            "" if rank is None else str(rank),
            escape(coin["symbol"]),
            escape(coin["coin_id"]),
            escape(coin["name"]),
            "unknown" if cap is None else f"{cap:,.0f}",
            coin["ticker"] or "",
            ", ".join(coin["sources"]),
            coin["updated_at"],
        )
    Console().print(table)
    Console().print(f"{len(found)} of {total:,} coins")


@click.command("coin")
@click.argument("coin_id")
@with_appcontext
def coin_command(coin_id: str) -> None:
    """Ask CoinGecko what is known of COIN_ID, such as bitcoin; `flask market coins` lists the ids."""
    try:
        with closing(Sources(current_app.config["SETTINGS"]).coins()) as coins:
            coin = coins.fetch_coin(coin_id)
    except ServerError as error:
        raise click.ClickException(error.message) from error
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
    try:
        done = (
            [(plan, 0) for plan in cleaning.plans(settings, exchanges)]
            if dry_run
            else cleaning.clean(settings, exchanges)
        )
    except ServerError as error:
        raise click.ClickException(error.message) from error
    if not done:
        Console().print("No series of an interval that is cleaned is stored.")
        return
    table = Table("series", "days kept", "before", "kept for", "would go" if dry_run else "deleted")
    for plan, deleted in done:
        before, rows = iso_time(int(plan.before.timestamp())), plan.rows if dry_run else deleted
        series = f"{plan.ticker} {plan.interval}"
        table.add_row(series, str(plan.keep_days), before, plan.held_by or "", f"{rows:,}")
    Console().print(table)


def _quality_cells(report: Mapping[str, Any]) -> tuple[str, ...]:
    counts = [report["flags"]["counts"][kind] for kind in ("jump", "wick", "deviates")]
    return (
        f"{report['ticker']} {report['interval']}",
        *(f"{report[name]:,}" for name in ("rows", "missing", "gaps", "flat")),
        *("not looked for" if count is None else f"{count:,}" for count in counts),
        f"{report['freshness']['overdue']:,}",
        report["audit"]["audited_at"] if report["audit"] else "never",
    )


QUALITY_COMMANDS = (quality_command, coins_command, coin_command, clean_command)
