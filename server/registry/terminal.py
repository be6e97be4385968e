"""How models look in a terminal: always beside the naive forecast."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Column, Table

SHOWN = (
    ("rmse", "{:,.4g}"),
    ("skill", "{:+.2%}"),
    ("directional_accuracy", "{:.1%}"),
    ("dm_p_value", "{:.3f}"),
    ("coverage_80", "{:.1%}"),
    ("coverage_95", "{:.1%}"),
)


def models_table(shown: Sequence[dict[str, Any]], total: int) -> Table:
    """Two lines per model: its figures, and below them those of naive on the same test rows.

    ``right``: share of directions forecast right; ``in 80``: share of outcomes within the 80 % interval.
    """
    table = Table(
        title=f"{len(shown)} of {total} models", box=SIMPLE_HEAD, padding=(0, 1, 1, 0), pad_edge=False
    )
    table.add_column("model", min_width=32, overflow="fold")
    table.add_column("", no_wrap=True)
    for heading in ("RMSE", "skill", "right", "in 80", "in 95"):
        table.add_column(heading, justify="right", no_wrap=True)
    for model in shown:
        reports = (model["metrics"]["overall"], model["baseline"]["overall"])
        figures = ("rmse", "skill", "directional_accuracy", "coverage_80", "coverage_95")
        cells = ["\n".join(_cell(report, name) for report in reports) for name in figures]
        named = f"{_kind(model)} v{model['version']}, {model['status']}"
        table.add_row(f"{model['model_id']}\n{named}", "model\nnaive", *cells)
    return table


def description(shown: dict[str, Any]) -> Table:
    """What one model is, in words."""
    table = Table("", Column(overflow="fold"), show_header=False, title=f"Model {shown['model_id']}")
    data = shown["data"]
    for label, value in (
        ("kind", _kind(shown)),
        ("version", shown["version"]),
        ("status", f"{shown['status']}: {shown['reason']}"),
        ("lookback, horizon", f"{shown['lookback']}, {shown['horizon']} candles"),
        ("candles", f"{data['rows']:,}, {data['start']} to {data['end']}"),
        ("fingerprint", data["fingerprint"]),
        ("size", f"{shown['size_bytes']:,} bytes"),
        ("created", shown["created_at"]),
        ("activated", shown["activated_at"] or "-"),
        ("fault", (shown["fault"] or {}).get("message", "-")),
        ("drift", shown["drift"] or "-"),
    ):
        table.add_row(label, escape(str(value)))
    return table


def steps_table(shown: dict[str, Any]) -> Table:
    """The test part overall and step by step, the naive forecast beside it."""
    metrics, baseline = shown["metrics"], shown["baseline"]
    title = f"Test part, {metrics['rows']:,} forecasts, scored once"
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("step", "RMSE", "naive's", "skill", "direction", "p", "covers 80", "covers 95"):
        table.add_column(heading, justify="right", overflow="fold")
    pairs = [("all", metrics["overall"], baseline["overall"])]
    pairs += [
        (str(step["step"]), step, naive)
        for step, naive in zip(metrics["steps"], baseline["steps"], strict=True)
    ]
    for label, step, naive in pairs:
        first, *others = (_cell(step, name) for name, _ in SHOWN)
        table.add_row(label, first, _cell(naive, "rmse"), *others)
    return table


def history_table(shown: Sequence[dict[str, Any]], total: int) -> Table:
    """One row per change of the active model of a kind."""
    table = Table(title=f"{len(shown)} of {total} activations")
    table.add_column("active model, since", no_wrap=True)
    table.add_column("why, and the one before", overflow="fold")
    for row in shown:
        table.add_row(
            f"{row['model_id']}\n{_kind(row)}\n{row['activated_at']}",
            f"{escape(row['reason'])}\nbefore: {row['previous_model_id'] or 'none'}",
        )
    return table


def _kind(shown: dict[str, Any]) -> str:
    return f"{shown['ticker']} {shown['interval']} {shown['model_type']}"


def _cell(report: dict[str, Any], name: str) -> str:
    value = report.get(name)
    return "-" if value is None else dict(SHOWN)[name].format(value)
