"""``flask models``: the registry from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from rich.console import Console
from rich.markup import escape

from server import adapters
from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS
from server.registry import archive, listing, models, retention, terminal
from server.registry.announcements import announce
from server.registry.tables import STATUSES

console = Console()
models_cli = AppGroup("models", help="Trained models: list, activate, carry to another server, prune.")

_model_id = click.argument("model_id")


def _of_kind(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--model", "model_type", type=click.Choice(MODEL_TYPES), help="Only this network."),
        click.option("--interval", type=click.Choice(list(INTERVAL_SECONDS)), help="Only this interval."),
        click.option("--ticker", help="Only this ticker, such as BTC-USD."),
        click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True),
    ):
        command = option(command)
    return command


def _given(**filters: str | None) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


@models_cli.command("list")
@_of_kind
@click.option("--status", type=click.Choice(STATUSES), help="Only these.")
@click.option(
    "--sort", default=listing.NEWEST_FIRST, show_default=True, help="A metric; - before it: largest first."
)
def list_models(limit: int, sort: str, **filters: str | None) -> None:
    """List models beside the naive forecast on the same test rows."""
    rows, total = listing.page(_given(**filters), sort, page=1, page_size=limit)
    console.print(terminal.models_table([listing.summary(row) for row in rows], total))


@models_cli.command("show")
@_model_id
def show(model_id: str) -> None:
    """Show one model: where it comes from, how it did, why it has its status."""
    shown = listing.details(models.get(model_id))
    console.print(terminal.description(shown))
    console.print(terminal.steps_table(shown))


@models_cli.command("activate")
@_model_id
def activate(model_id: str) -> None:
    """Make a model the active one of its kind; an archived one is rolled back to."""
    model = models.activate(model_id, adapters.artifacts(), announce)
    console.print(f"{model.id} (version {model.version}) is the active model of {models.Kind.of(model)}")


@models_cli.command("delete")
@_model_id
def delete(model_id: str) -> None:
    """Remove a model and its artifact; refused while it is active."""
    models.delete(model_id, adapters.artifacts())
    console.print(f"{model_id} deleted")


@models_cli.command("prune")
@click.option(
    "--keep",
    type=click.IntRange(min=0),
    required=True,
    help="Newest candidates and archived models kept of each ticker, interval and network.",
)
@click.option("--dry-run", is_flag=True, help="Say what would go, delete nothing.")
def prune(keep: int, dry_run: bool) -> None:
    """Delete old models with their artifacts, never an active one."""
    found = retention.prunable(keep)
    if dry_run:
        for model in found:
            console.print(f"{model.id}  {models.Kind.of(model)} version {model.version}, {model.status}")
        console.print(f"{len(found)} models would be deleted")
        return
    deleted = retention.prune([model.id for model in found], adapters.artifacts())
    console.print(f"{deleted} models deleted")


@models_cli.command("export")
@_model_id
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export(model_id: str, file: Path | None) -> None:
    """Write a model to FILE (default: MODEL_ID.tar), which must not exist yet."""
    target = file or Path(f"{model_id}.tar")
    packed = archive.export_model(model_id, adapters.artifacts())
    try:
        with target.open("xb") as written:
            written.write(packed)
    except OSError as error:
        raise click.ClickException(f"{target} cannot be written: {error.strerror}") from error
    console.print(f"{model_id} exported to {escape(str(target))}, {len(packed):,} bytes", soft_wrap=True)


@models_cli.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_command(file: Path) -> None:
    """Store and register the model of FILE: active when it is the first of its kind, else a candidate."""
    model = archive.import_model(file.read_bytes(), adapters.artifacts(), announce)
    imported = f"{model.id} imported as version {model.version} of {models.Kind.of(model)}"
    console.print(f"{imported}, {model.status}: {model.reason}", soft_wrap=True)


@models_cli.command("history")
@_of_kind
def history(limit: int, **filters: str | None) -> None:
    """List which model was active since when, newest first."""
    rows, total = models.history(_given(**filters), page=1, page_size=limit)
    console.print(terminal.history_table([listing.activation(row) for row in rows], total))
