"""Coarser candles from finer ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from server.errors import InvalidInput
from server.market.candles import Candles, require_interval


@dataclass(frozen=True, slots=True)
class Resampled:
    """Coarse candles, and how many buckets were left out because a finer candle was missing in them."""

    candles: Candles
    incomplete: int


def resampling_ratio(interval: str, coarser: str) -> int:
    """How many candles of ``interval`` make one of ``coarser``.

    Raises :class:`InvalidInput` unless ``coarser`` is a whole multiple greater than one.
    """
    fine, coarse = require_interval(interval), require_interval(coarser)
    if coarse <= fine or coarse % fine:
        raise InvalidInput(
            f"resample {coarser!r} is not coarser than interval {interval!r}; choose a longer one",
            field="resample",
            value=coarser,
        )
    return coarse // fine


def resample(candles: Candles, interval: str, coarser: str) -> Resampled:
    """Candles of a coarser interval: first open, highest high, lowest low, last close, summed volume.

    Buckets start at multiples of the coarser interval since the Unix epoch (UTC). A bucket with a
    missing candle is left out and counted, never guessed: its high, low and volume are unknown.
    """
    ratio = resampling_ratio(interval, coarser)
    if not len(candles):
        return Resampled(candles, 0)
    bucket = candles.timestamp // require_interval(coarser)
    first = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    count = np.diff(first, append=len(bucket))
    whole = count == ratio
    coarse = Candles(
        timestamp=candles.timestamp[first][whole],
        open=candles.open[first][whole],
        high=np.maximum.reduceat(candles.high, first)[whole],
        low=np.minimum.reduceat(candles.low, first)[whole],
        close=candles.close[first + count - 1][whole],
        volume=np.add.reduceat(candles.volume, first)[whole],
    )
    return Resampled(coarse, int(np.count_nonzero(~whole)))
