"""Training from the command line: ``flask train`` and ``flask sessions``."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask.cli import AppGroup, with_appcontext
from rich.console import Console

from server import adapters
from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS
from server.training import sessions
from server.training.follow import TrainingClient
from server.training.terminal import LiveTraining, comparison, sessions_table

console = Console()
sessions_cli = AppGroup("sessions", help="Look at, cancel and prune training sessions.")


@click.command("train")
@click.argument("ticker", required=False)
@click.option("--model", "model_type", type=click.Choice(MODEL_TYPES), default="LSTM", show_default=True)
@click.option("--interval", type=click.Choice(list(INTERVAL_SECONDS)), default="1h", show_default=True)
@click.option("--start-date", help="First candle, ISO 8601; default: the first one stored.")
@click.option("--end-date", help="Last candle, ISO 8601; default: the last one stored.")
@click.option("--lookback", type=int, default=30, show_default=True, help="Candles that a forecast sees.")
@click.option("--horizon", type=int, default=1, show_default=True, help="Candles ahead, all at once.")
@click.option("--epochs", type=int, default=20, show_default=True)
@click.option("--batch-size", type=int, default=32, show_default=True)
@click.option("--learning-rate", type=float, default=1e-3, show_default=True)
@click.option("--patience", type=int, help="Epochs without improvement after which to stop.")
@click.option("--seed", type=int, help="Same seed, same weights.")
@click.option("--follow/--no-follow", default=False, help="Stay and watch.")
@click.option("--attach", metavar="SESSION_ID", help="Watch a session that exists instead of starting one.")
@click.option("--server", metavar="URL", help="The server to ask; default: this machine's.")
@with_appcontext
def train(ticker: str | None, attach: str | None, follow: bool, server: str | None, **params: Any) -> None:
    """Train a network on TICKER, such as BTC-USD."""
    if (ticker is None) == (attach is None):
        raise click.UsageError("Name a TICKER to train, or --attach a SESSION_ID to watch: one of the two.")
    client = TrainingClient(server or adapters.server_url())
    session_id = attach or _start(client, ticker, params)
    if follow or attach:
        sys.exit(_watch(client, session_id))


def _start(client: TrainingClient, ticker: str | None, params: dict[str, Any]) -> str:
    body = {name: value for name, value in {"ticker": ticker, **params}.items() if value is not None}
    started = client.start(body)
    session_id: str = started["session_id"]
    sentence = f"session [bold]{session_id}[/]  watch it with: flask train --attach {session_id}"
    console.print(sentence, soft_wrap=True)
    return session_id


def _watch(client: TrainingClient, session_id: str) -> int:
    """Follow to the end; the exit status: 0 completed, 1 failed, 2 cancelled, 130 left running."""
    screen = LiveTraining(console)
    try:
        last = screen.show(client.follow(session_id))
    except KeyboardInterrupt:
        return _interrupted(client, session_id)
    if last is None:
        return 1
    return _report(last)


def _interrupted(client: TrainingClient, session_id: str) -> int:
    if click.confirm("\nCancel the training?", default=False):
        client.cancel(session_id)
        console.print("cancelled")
        return 2
    console.print(f"It goes on. Watch it again with: flask train --attach {session_id}", soft_wrap=True)
    return 130


def _report(last: dict[str, Any]) -> int:
    data = last["data"]
    if last["type"] == "completed":
        console.print(comparison(data["metrics"], data["baseline"]))
        console.print(f"model {data['model_id']}, best epoch {data['best_epoch']} of {data['epochs']}")
        # A run that completed before models were registered has none.
        if model := data.get("model"):
            console.print(f"version {model['version']}, {model['status']}: {model['reason']}")
        return 0
    if last["type"] == "failed":
        console.print(f"[red]failed[/] ({data['error_code']}): {data['message']}")
        return 1
    console.print("[yellow]cancelled[/]")
    return 2


@sessions_cli.command("list")
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
def list_sessions(limit: int) -> None:
    """List sessions, newest first."""
    rows, total = sessions.history({}, page=1, page_size=limit)
    console.print(sessions_table([sessions.snapshot(row) for row in rows], total))


@sessions_cli.command("cancel")
@click.argument("session_id")
def cancel(session_id: str) -> None:
    """Cancel a waiting or running session."""
    sessions.cancel(session_id, adapters.publisher())
    console.print(f"{session_id} cancelled")


@sessions_cli.command("prune")
@click.option("--older-than-days", type=click.IntRange(min=0), default=30, show_default=True)
@click.option(
    "--keep", type=click.IntRange(min=0), default=20, show_default=True, help="Newest ended ones kept."
)
@click.option("--dry-run", is_flag=True, help="Say what would go, delete nothing.")
def prune(older_than_days: int, keep: int, dry_run: bool) -> None:
    """Delete ended sessions with their events and checkpoints. Models stay."""
    ids = sessions.prunable(older_than_days, keep)
    if dry_run:
        console.print(f"{len(ids)} sessions would be deleted")
        return
    for session_id in ids:
        adapters.checkpoints(session_id).clear()
    console.print(f"{sessions.prune(ids)} sessions deleted")


CLI_COMMANDS = (train, sessions_cli)
