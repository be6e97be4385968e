"""Origins of windows, and their split by time. A window is never stored, only its last row."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.features.build import WARM_UP_ROWS

Rows = NDArray[np.int64]

SHARES: Final = {"train": 65, "validation": 10, "calibration": 10, "test": 15}
"""Parts in time order and their share of the origins, in percent."""

FEWEST_ORIGINS: Final = 200
"""Fewest origins of all parts together: leaves 20 to calibrate on, and a 95 % quantile needs 19."""

FEWEST_PER_PART: Final = 19


@dataclass(frozen=True, slots=True)
class Split:
    """Origins by part, each ascending; ``excluded`` were left out: their rows span a gap in time."""

    train: Rows
    validation: Rows
    calibration: Rows
    test: Rows
    excluded: int


def rows_needed(lookback: int, horizon: int, first_row: int = WARM_UP_ROWS) -> int:
    """Fewest gap-free candles from which a training with this lookback and horizon can be made."""
    edges = lookback + horizon - 1
    between = (len(SHARES) - 1) * (lookback + horizon)
    return first_row + edges + between + FEWEST_ORIGINS


def split_by_time(
    timestamp: NDArray[np.int64], interval_seconds: int, lookback: int, horizon: int, first_row: int
) -> Split:
    """Split origins by time, ``lookback + horizon`` rows apart: no part sees a row of another.

    ``first_row`` is the first row a window may contain. Origins whose window or targets span a
    missing candle are left out. Raises :class:`InvalidInput` when too few candles remain.
    """
    needed = rows_needed(lookback, horizon, first_row)
    if len(timestamp) < needed:
        raise _too_few(len(timestamp), needed, lookback, horizon, "")
    first, last = first_row + lookback - 1, len(timestamp) - 1 - horizon
    blocks = _blocks(first, last, between=lookback + horizon)
    kept = {
        name: _without_gaps(block, timestamp, interval_seconds, lookback, horizon)
        for name, block in blocks.items()
    }
    excluded = sum(len(blocks[name]) - len(kept[name]) for name in SHARES)
    if min(len(block) for block in kept.values()) < FEWEST_PER_PART:
        reason = f", and {excluded} windows span missing candles"
        raise _too_few(len(timestamp), needed + excluded, lookback, horizon, reason)
    return Split(**kept, excluded=excluded)


def _blocks(first: int, last: int, between: int) -> dict[str, Rows]:
    """Consecutive blocks of origins ``first .. last``, sized by share, ``between`` rows left out."""
    usable = last - first + 1 - between * (len(SHARES) - 1)
    bounds = np.cumsum([0, *SHARES.values()]) * usable // 100
    return {
        name: np.arange(first + start + between * position, first + stop + between * position)
        for position, (name, (start, stop)) in enumerate(zip(SHARES, pairwise(bounds), strict=True))
    }


def _without_gaps(
    origins: Rows, timestamp: NDArray[np.int64], interval_seconds: int, lookback: int, horizon: int
) -> Rows:
    span = timestamp[origins + horizon] - timestamp[origins - lookback + 1]
    whole: Rows = origins[span == (lookback + horizon - 1) * interval_seconds]
    return whole


def _too_few(candles: int, needed: int, lookback: int, horizon: int, reason: str) -> InvalidInput:
    return InvalidInput(
        f"{candles} candles are too few for lookback={lookback} and horizon={horizon}: at least {needed} "
        f"are needed{reason}. Choose a longer range, a finer interval or a shorter lookback",
        error_code="too_few_candles",
        candles=candles,
        needed=needed,
        lookback=lookback,
        horizon=horizon,
    )
