"""Gaps: candles that a series should hold between its first and its last, and does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.market.candles import Candles


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


def flat_candles(candles: Candles, step: int, most: int) -> Candles:
    """What stands for the candles that are missing in gaps of at most ``most`` candles, oldest first.

    Nothing was traded there: each is flat at the close before it, with volume 0.
    """
    opens = candles.timestamp
    missing = np.diff(opens) // step - 1
    before = np.flatnonzero((missing > 0) & (missing <= most))
    rows = np.repeat(before, missing[before])
    # 1, 2, ... within each gap.
    nth = np.arange(len(rows)) - np.repeat(np.cumsum(missing[before]) - missing[before], missing[before]) + 1
    close = candles.close[rows]
    return Candles(opens[rows] + nth * step, close, close, close, close, np.zeros(len(rows)))
