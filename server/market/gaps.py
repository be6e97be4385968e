"""Gaps: candles that a series should hold between its first and its last, and does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Gap:
    """A run of missing candles; ``first`` and ``last`` are the opens (seconds, UTC) that are missing."""

    first: int
    last: int
    candles: int


@dataclass(frozen=True, slots=True)
class GapReport:
    """Every gap of one series between its first and last candle (opens in seconds, UTC), oldest first."""

    ticker: str
    interval: str
    first: int
    last: int
    rows: int
    missing: int
    gaps: tuple[Gap, ...]


def find_gaps(timestamp: NDArray[np.int64], step: int) -> tuple[Gap, ...]:
    """Gaps of strictly increasing opens ``(rows,)`` on a grid of ``step`` seconds, oldest first."""
    before = np.flatnonzero(np.diff(timestamp) > step)
    return tuple(
        Gap(first=int(left) + step, last=int(right) - step, candles=int(right - left) // step - 1)
        for left, right in zip(timestamp[before], timestamp[before + 1], strict=True)
    )
