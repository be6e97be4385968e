"""What a benchmark reports: one row a figure, with its peer of the same run and its goal."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, log10

HEADINGS = ("measure", "value", "unit", "peer", "ratio", "goal", "")
_NUMERIC = (False, True, False, True, True, False, False)


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    ``peer``: what the alternative named in ``name`` took in the same run, in the same unit.
    ``ratio``: ``value / peer``. ``goal``: in words; ``met`` says whether it was reached, ``None``
    that the figure is for information. ``note``: what a reader has to know to judge the figure.
    """

    name: str
    value: float | str
    unit: str
    peer: float | str | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None
    note: str = ""

    def cells(self) -> tuple[str, ...]:
        """The row as text, a cell for each of :data:`HEADINGS`."""
        verdict = {None: "", True: "met", False: "missed"}[self.met]
        ratio = "" if self.ratio is None else f"{self.ratio:.3f} x"
        return (self.name, number(self.value), self.unit, number(self.peer), ratio, self.goal, verdict)


def quick() -> bool:
    """Whether to try the benchmarks out (``--quick``): few repeats, small sizes, no figures to quote."""
    return os.environ.get("BENCH_QUICK") == "1"


def number(value: float | str | None) -> str:
    """Three significant digits, thousands separated; text as it is, nothing for ``None``."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    decimals = 2 if value == 0 else max(0, 2 - floor(log10(abs(value))))
    return f"{value:,.{decimals}f}"


def as_text(rows: Sequence[Row]) -> str:
    """An aligned table for a terminal, notes below it."""
    table = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    lines = [_aligned(line, widths) for line in table]
    return "\n".join([lines[0], "-" * sum(widths), *lines[1:], *(f"  {note}" for note in _notes(rows))])


def as_markdown(rows: Sequence[Row]) -> str:
    """The same table in Markdown."""
    rule = ["---:" if numeric else "---" for numeric in _NUMERIC]
    lines = [_piped(HEADINGS), _piped(rule), *(_piped(row.cells()) for row in rows)]
    notes = [f"- {note}" for note in _notes(rows)]
    return "\n".join([*lines, "", *notes] if notes else lines)


def _aligned(cells: Iterable[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell.rjust(width) if numeric else cell.ljust(width)
        for cell, width, numeric in zip(cells, widths, _NUMERIC, strict=True)
    ).rstrip()


def _piped(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _notes(rows: Sequence[Row]) -> list[str]:
    return [f"{row.name}: {row.note}" for row in rows if row.note]
