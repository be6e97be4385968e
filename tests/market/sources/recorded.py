"""What the local exchange has to answer: the candles of the sample."""

from __future__ import annotations

import numpy as np

from server.market.candles import COLUMNS, Candles
from tests.candles import sample_candles

EXCHANGES = ("binance", "kraken", "coinbase")


def recorded(since: int, until: int) -> Candles:
    """The sample's candles with ``since <= open < until``."""
    sample = sample_candles()
    first, end = np.searchsorted(sample.timestamp, [since, until])
    return sample[int(first) : int(end)]


def assert_same(found: Candles, expected: Candles) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
