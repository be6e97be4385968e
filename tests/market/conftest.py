"""Candles for the tests of the market domain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from server.market.candles import Candles

HOUR = 3600
START = 1_546_300_800  # 2019-01-01T00:00:00Z


@pytest.fixture
def make_candles() -> Callable[..., Candles]:
    """Builds sound candles at the given opens (default: ``rows`` hours from 2019-01-01)."""

    def make(rows: int = 24, timestamp: list[int] | None = None, step: int = HOUR) -> Candles:
        times = np.array(timestamp) if timestamp is not None else START + step * np.arange(rows)
        walk = np.random.default_rng(7).normal(0, 0.01, len(times)).cumsum()
        close = 4000 * np.exp(walk)
        return Candles(times, close * 0.999, close * 1.01, close * 0.98, close, np.abs(walk) * 100)

    return make
