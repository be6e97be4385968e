"""Real candles for tests: the shipped sample, read once a process."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from functools import cache

import numpy as np

from server.market.candles import Candles
from server.market.sample import FOLDER


@cache
def sample_candles(ticker: str = "BTC-USD") -> Candles:
    """All shipped hourly candles of ``ticker``."""
    with gzip.open(FOLDER / f"{ticker}_1h.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    timestamp = [int(datetime.fromisoformat(row["timestamp"]).timestamp()) for row in rows]
    prices = (
        np.array([float(row[name]) for row in rows]) for name in ("open", "high", "low", "close", "volume")
    )
    return Candles(np.array(timestamp, dtype=np.int64), *prices)
