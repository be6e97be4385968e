"""Candles to measure with: the shipped sample, and as many rows as asked for made of it."""

from __future__ import annotations

import csv
import gzip
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.market.candles import COLUMNS, Candles
from server.market.sample import FOLDER

SAMPLE = FOLDER / "BTC-USD_1h.csv.gz"


def sample() -> Candles:
    """The shipped BTC-USD candles of one hour."""
    with gzip.open(SAMPLE, "rt") as file:
        rows = list(csv.DictReader(file))
    opens = [int(datetime.fromisoformat(row["timestamp"]).timestamp()) for row in rows]
    prices = (np.array([float(row[name]) for row in rows]) for name in COLUMNS[1:])
    return Candles(np.array(opens, dtype=np.int64), *prices)


def repeated_sample(rows: int) -> Candles:
    """``rows`` gap-free candles of one minute with the sample's hourly returns, end to end.

    Real returns, repeated, less their mean (or the price would grow without bound): good for
    measuring time and memory, for nothing else. Ranges and volumes are those of the same rows.
    """
    real = sample()
    returns = np.diff(np.log(real.close))
    returns -= returns.mean()
    row = np.arange(rows) % len(returns)
    close = real.close[0] * np.exp(np.cumsum(returns[row]))
    start = int(real.timestamp[0])

    def scaled(column: NDArray[np.float64]) -> NDArray[np.float64]:
        price: NDArray[np.float64] = close * (column / real.close)[1:][row]
        return price

    return Candles(
        timestamp=start + 60 * np.arange(rows, dtype=np.int64),
        open=scaled(real.open),
        high=scaled(real.high),
        low=scaled(real.low),
        close=close,
        volume=real.volume[1:][row],
    )


def write_csv(candles: Candles, path: Path) -> None:
    """Write candles as the CSV that ``flask market import`` reads."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(zip(*(getattr(candles, name).tolist() for name in COLUMNS), strict=True))
