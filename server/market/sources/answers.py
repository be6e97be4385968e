"""Checks on what a source answered, before anything uses it. Pure calculations on rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from server.market.candles import COLUMNS, Candles, iso_time
from server.market.sources.contract import Row, SourceAnswerUnusable

MILLISECONDS = 1000


def read_candles(rows: Any, step: int, exchange_time: float, source: str) -> Candles:
    """The closed candles of an answer: rows of open time (ms), open, high, low, close, volume.

    A candle is closed when it ended by ``exchange_time``, the source's own time in seconds. A row that
    says the same twice counts once. Raises :class:`SourceAnswerUnusable`, naming the row, when one is no
    sound candle on the grid of ``step`` seconds, when they are not in order, or contradict each other.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise _unusable(source, f"candles are {type(rows).__name__}, not rows")
    sound = [read_row(row, step, source) for row in rows]
    return _as_columns(_in_order([row for row in sound if row[0] + step <= exchange_time], source))


def read_row(row: Any, step: int, source: str) -> Row:
    """One candle of an answer, sound; its time in seconds. Raises :class:`SourceAnswerUnusable`."""
    if (
        not isinstance(row, Sequence)
        or len(row) < len(COLUMNS)
        or not all(map(_is_finite, row[: len(COLUMNS)]))
    ):
        raise _unusable(source, f"{_shown(row)} is not six finite numbers")
    milliseconds, opened, high, low, close, volume = row[: len(COLUMNS)]
    if milliseconds <= 0 or milliseconds % (step * MILLISECONDS):
        raise _unusable(source, f"the time {milliseconds} is not on the grid of {step} seconds")
    timestamp = int(milliseconds) // MILLISECONDS
    if not 0 < low <= min(opened, close) or max(opened, close) > high or volume < 0:
        raise _unusable(source, f"the candle of {iso_time(timestamp)} cannot be: {_shown(row[1:])}")
    return (timestamp, float(opened), float(high), float(low), float(close), float(volume))


def read_price(value: Any, source: str) -> float:
    """A price that can be one. Raises :class:`SourceAnswerUnusable`."""
    if not _is_finite(value) or value <= 0:
        raise _unusable(source, f"{_shown(value)} is no price")
    return float(value)


def _in_order(rows: Sequence[Row], source: str) -> list[Row]:
    kept: list[Row] = []
    for row in rows:
        if kept and row[0] <= kept[-1][0]:
            if row == kept[-1]:
                continue
            fault = "twice, with different numbers" if row[0] == kept[-1][0] else "after a later one"
            raise _unusable(source, f"the candle of {iso_time(row[0])} comes {fault}")
        kept.append(row)
    return kept


def _as_columns(rows: Sequence[Row]) -> Candles:
    table = np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))
    timestamp, *numbers = (np.ascontiguousarray(column) for column in table.T)
    return Candles(timestamp.astype(np.int64), *numbers)


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: Any) -> str:
    return repr(value)[:120]


def _unusable(source: str, fault: str) -> SourceAnswerUnusable:
    return SourceAnswerUnusable(
        f"{source} sent candles that cannot be used: {fault}", source=source, fault=fault
    )
