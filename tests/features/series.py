"""Candle series for tests: a deterministic random walk, with edits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from server.market.candles import Candles

HOUR = 3600


def walk(rows: int, seed: int = 0, interval_seconds: int = HOUR) -> Candles:
    """``rows`` hourly candles without a gap, prices around 100."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.01, rows)))
    opening = np.concatenate((close[:1], close[:-1]))
    high = np.maximum(opening, close) * (1 + rng.uniform(0, 0.005, rows))
    low = np.minimum(opening, close) * (1 - rng.uniform(0, 0.005, rows))
    timestamp = 1_500_000_000 // interval_seconds * interval_seconds + interval_seconds * np.arange(rows)
    return Candles(timestamp.astype(np.int64), opening, high, low, close, rng.uniform(0, 1e6, rows))


def with_other_rows(candles: Candles, first: int, factor: float) -> Candles:
    """The same candles up to ``first``; from there on prices and volumes are multiplied."""
    changed = {}
    for name in ("open", "high", "low", "close", "volume"):
        column = getattr(candles, name).copy()
        column[first:] *= factor
        changed[name] = column
    return replace(candles, **changed)
