"""How a training looks in a terminal: a live bar, then the model beside the naive forecast."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column, Table

from server.realtime.rooms import TRAINING_PROGRESS, TRAINING_UPDATE

ROWS = (
    ("mae", "mean absolute error (price)", "{:,.4f}"),
    ("rmse", "root mean squared error (price)", "{:,.4f}"),
    ("mape", "mean absolute percentage error", "{:.4f}"),
    ("r2_return", "R2 of the return", "{:.4f}"),
    ("mase", "MASE", "{:.4f}"),
    ("directional_accuracy", "direction right", "{:.2%}"),
    ("skill", "skill against naive", "{:+.2%}"),
    ("dm_p_value", "Diebold-Mariano p", "{:.3f}"),
    ("coverage_80", "covered by the 80 % interval", "{:.1%}"),
    ("coverage_95", "covered by the 95 % interval", "{:.1%}"),
)


class LiveTraining:
    """Draws the followed events of one session."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.last: dict[str, Any] | None = None

    def show(self, messages: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any] | None:
        """Draw until the messages end; the event that ended the session."""
        columns = (
            SpinnerColumn(),
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>5.1f} %"),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console) as bar:
            task = bar.add_task("waiting", total=100.0, note="")
            for name, payload in messages:
                if name == TRAINING_UPDATE:
                    self.last = payload
                    self._event(bar, task, payload)
                elif name == TRAINING_PROGRESS:
                    bar.update(task, completed=payload["progress"], description=_batch(payload))
        return self.last

    def _event(self, bar: Progress, task: TaskID, event: dict[str, Any]) -> None:
        data = event["data"]
        match event["type"]:
            case "queued":
                bar.update(task, description=f"queued, position {data['queue_position']}")
            case "started":
                bar.update(task, description=f"started, attempt {data['attempt']}")
            case "requeued":
                bar.console.print(
                    f"[yellow]requeued:[/] {data['reason']}, goes on after epoch {data['epoch']}"
                )
            case "stage":
                bar.update(task, completed=event["progress"], description=data["stage"].replace("_", " "))
            case "epoch":
                bar.update(task, completed=event["progress"], description=_epoch(data), note=_losses(data))
            case "completed":
                bar.update(task, completed=100.0, description="completed", note="")


def _batch(progress: dict[str, Any]) -> str:
    return f"{_epoch(progress)} batch {progress['batch']}/{progress['batches']}"


def _epoch(data: dict[str, Any]) -> str:
    return f"epoch {data['epoch']}/{data['total_epochs']}"


def _losses(data: dict[str, Any]) -> str:
    return f"loss {data['loss']:.5f}  val {data['val_loss']:.5f}  ETA {data['eta_seconds']:.0f} s"


def sessions_table(shown: Sequence[dict[str, Any]], total: int) -> Table:
    """Two lines per session, so that its id stays whole on a narrow terminal: what is trained is below it."""
    table = Table(
        Column("session", no_wrap=True),
        "status",
        Column("epoch", justify="right", no_wrap=True),
        Column("created (UTC)", no_wrap=True),
        title=f"{len(shown)} of {total} sessions",
        box=SIMPLE_HEAD,
        pad_edge=False,
    )
    for session in shown:
        kind = f"{session['ticker']} {session['interval']} {session['model_type']}"
        epochs = f"{session['progress']['epoch']}/{session['progress']['total_epochs']}"
        created = session["created_at"][:16].replace("T", " ")
        table.add_row(f"{session['session_id']}\n{kind}", session["status"], epochs, created)
    return table


def comparison(metrics: dict[str, Any], baseline: dict[str, Any]) -> Table:
    """The model beside the naive and the drift forecast on the same test rows."""
    table = Table(title=f"Test part, {metrics['rows']:,} forecasts, scored once")
    for heading in ("", "model", "naive", "drift"):
        table.add_column(heading, justify="left" if not heading else "right")
    reports = (metrics["overall"], baseline["overall"], baseline["drift"])
    for name, label, form in ROWS:
        cells = [_cell(report.get(name), form) for report in reports]
        table.add_row(label, *cells)
    return table


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
