"""How backups, restores and checks look in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console, Group
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)
from rich.table import Column, Table
from rich.text import Text

from server.operations.findings import OK, PROBLEM, Finding
from server.operations.manifest import Manifest

OnStep = Callable[[str, int], None]
_STYLES = {OK: "green", PROBLEM: "bold red"}


@contextmanager
def bytes_shown(totals: dict[str, int]) -> Iterator[OnStep]:
    """A bar for each step, on standard error; ``totals`` are the bytes of those whose size is known."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def on_step(step: str, size: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step, total=totals.get(step))
            bar.update(tasks[step], advance=size)

        yield on_step


def backup_described(manifest: Manifest) -> Group:
    """What a backup holds, and what it lacks."""
    table = Table("table", "rows", title=f"Backup of {manifest.created_at}")
    for name, rows in manifest.tables.items():
        table.add_row(name, f"{rows:,}")
    parts: list[Table | Text] = [
        table,
        Text(
            f"{len(manifest.models)} models, {manifest.content_bytes:,} bytes, "
            f"migration {manifest.migration}, version {manifest.product_version}, "
            f"PostgreSQL {manifest.postgres}"
        ),
    ]
    parts += [
        Text(f"The artifact of model {model_id} is not in it: {reason}", style="yellow")
        for model_id, reason in manifest.left_out.items()
    ]
    return Group(*parts)


def findings_table(findings: Sequence[Finding]) -> Table:
    """One row per check, its remedy below what it found."""
    table = Table("check", Column(no_wrap=True), Column("found", overflow="fold"))
    for finding in findings:
        remedy = f"\n[dim]{escape(finding.remedy)}[/]" if finding.remedy else ""
        style = _STYLES.get(finding.status, "yellow")
        table.add_row(finding.check, f"[{style}]{finding.status}[/]", escape(finding.sentence) + remedy)
    return table


def summary(findings: Sequence[Finding]) -> str:
    """All findings in a sentence."""
    problems = sum(finding.status == PROBLEM for finding in findings)
    warnings = sum(finding.status not in (OK, PROBLEM) for finding in findings)
    return f"{len(findings)} checks: {problems} problems, {warnings} warnings"
