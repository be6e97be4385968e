"""Running a deployment from the command line: backup, restore, retention and the doctor."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import with_appcontext
from rich.console import Console
from rich.markup import escape

from server import adapters
from server.operations import backup as backups
from server.operations import doctor as doctors
from server.operations import restore as restores
from server.operations import retention, terminal
from server.operations.findings import PROBLEM
from server.operations.manifest import DUMP_NAME, Manifest

console = Console()


@click.command("backup")
@click.argument("path", type=click.Path(path_type=Path), required=False)
@click.option("--list", "list_only", is_flag=True, help="Show what the backup at PATH holds.")
@click.option("--verify", is_flag=True, help="Read the backup at PATH and compare every byte.")
@with_appcontext
def backup(path: Path | None, list_only: bool, verify: bool) -> None:
    """Write database and models to one file, PATH (default: crypto-predict-TIME.backup)."""
    if list_only or verify:
        _look(path, verify)
        return
    target = path or Path(f"crypto-predict-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup")
    with terminal.bytes_shown({}) as on_step:
        manifest = backups.make(target, adapters.artifacts(), on_step)
    console.print(terminal.backup_described(manifest))
    console.print(f"{escape(str(target))}: {target.stat().st_size:,} bytes", soft_wrap=True)


def _look(path: Path | None, verify: bool) -> None:
    if path is None:
        raise click.UsageError("Name the backup to look at: flask backup PATH --list")
    with restores.opened(path) as reader:
        if verify:
            with terminal.bytes_shown({"verify": reader.manifest.content_bytes}) as on_step:
                reader.verify(lambda size: on_step("verify", size))
        console.print(terminal.backup_described(reader.manifest))
    if verify:
        console.print(f"{escape(str(path))} is whole: every byte is as it was written", soft_wrap=True)


@click.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Put it in place of rows that are there; they are lost.")
@with_appcontext
def restore(path: Path, replace: bool) -> None:
    """Bring back the backup at PATH: all of it, or nothing."""
    with restores.opened(path) as reader, terminal.bytes_shown(_totals(reader.manifest)) as on_step:
        restored = restores.restore(reader, adapters.artifacts(), on_step, replace=replace)
    console.print(terminal.backup_described(restored.manifest))
    if restored.migrated_from:
        console.print(f"Migrations behind {restored.migrated_from} were run on top.")
    console.print("Restored. Start web processes and workers again.")


def _totals(manifest: Manifest) -> dict[str, int]:
    dump = sum(entry.bytes for entry in manifest.entries if entry.name == DUMP_NAME)
    return {
        "verify": manifest.content_bytes,
        "database": dump,
        "models": manifest.content_bytes - dump,
    }


@click.command("retention")
@click.option("--apply", is_flag=True, help="Delete; without it the command only says what would go.")
@with_appcontext
def retention_command(apply: bool) -> None:
    """Show, or delete, what is older than the RETENTION settings keep."""
    settings = adapters.settings()
    if apply:
        gone = retention.tidy(settings, adapters.artifacts(), adapters.checkpoints)
    else:
        gone = retention.due(settings)
    verb = "deleted" if apply else "would be deleted"
    for what, count in gone.items():
        rule = retention.rule_of(what, settings)
        console.print(f"{count:,} {what} {verb} ({rule})", soft_wrap=True, highlight=False)


@click.command("doctor")
@click.option("--online", is_flag=True, help="Ask the exchanges too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@with_appcontext
def doctor(online: bool, as_json: bool) -> None:
    """Check this deployment and say in words what is wrong and what to do; exit status 1 for a problem."""
    findings = doctors.examine(online=online)
    healthy = all(finding.status != PROBLEM for finding in findings)
    if as_json:
        document = {"healthy": healthy, "findings": [finding.to_json() for finding in findings]}
        click.echo(json.dumps(document, indent=2))
    else:
        console.print(terminal.findings_table(findings))
        console.print(terminal.summary(findings))
    sys.exit(0 if healthy else 1)


CLI_COMMANDS = (backup, restore, retention_command, doctor)
