"""Rewrite the README's configuration reference from ``Settings``: ``make docs``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import Field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, get_type_hints

from server.config import Settings

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- settings: made by `make docs` -->", "<!-- /settings -->"
GROUPS = {
    "app_env": "The server",
    "rate_limit_enabled": "Rate limits",
    "max_training_sessions": "Trainings",
    "follow": "Followed series",
    "prediction_sweep_seconds": "Forecasts and live figures",
    "model_cache_size": "Served models",
    "market_sources": "Sources of candles",
    "stream_stale_seconds": "Live candles",
    "market_flat_candles": "Stored candles",
    "retention_session_days": "Retention",
    "log_level": "Logs and metrics",
    "otel_exporter_otlp_endpoint": "Traces",
}
"""The first setting of each group, in the order of ``Settings``, and the group's heading."""
_KINDS = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    list[str]: "list, by commas",
}
_HINTS = get_type_hints(Settings)


def settings_table() -> str:
    """Every setting in groups with its kind, default and meaning, as Markdown tables."""
    parts = []
    for heading, specs in _grouped():
        rows = ["| variable | kind | default | meaning |", "|---|---|---|---|", *map(_row, specs)]
        parts.append(f"**{heading}**\n\n" + "\n".join(rows))
    return "\n\n".join(parts)


def with_table(readme: str) -> str:
    """``readme`` with the tables between its markers made anew."""
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    made = f"{BEGIN}\n{settings_table()}\n{END}"
    return between.sub(lambda _: made, readme)


def _grouped() -> Iterator[tuple[str, list[Field[Any]]]]:
    specs = list(fields(Settings))
    names = [spec.name for spec in specs]
    starts = [names.index(first) for first in GROUPS]
    for heading, (start, end) in zip(GROUPS.values(), pairwise([*starts, len(specs)]), strict=True):
        yield heading, specs[start:end]


def _row(spec: Field[Any]) -> str:
    default = ",".join(spec.default) if isinstance(spec.default, tuple) else spec.default
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    cell = f"`{shown}`" if shown else ""
    meaning = spec.metadata["help"].replace("|", chr(92) + "|")
    return f"| `{spec.name.upper()}` | {_KINDS[_HINTS[spec.name]]} | {cell} | {meaning} |"


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
