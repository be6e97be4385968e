"""What tests of backfills have in common: the series, the hours before noon, and who is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from server.market import store
from tests.candles import sample_candles

HOUR = 3600
NOON = 1_530_446_400
"""2018-07-01T12:00:00Z, in the middle of the sample."""
SERIES = ("BTC-USD", "1h")
OTHER = ("ETH-USD", "1h")


@dataclass
class Told:
    """A publisher that keeps what it was given."""

    messages: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def publish(self, room: str, event: str, payload: Any) -> None:
        self.messages.append((room, event, dict(payload)))


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hours_ago(hours: int) -> datetime:
    return at(NOON - hours * HOUR)


def equals_the_source(ticker: str, since: int, until: int) -> bool:
    found = store.load_candles(ticker, "1h")
    sample = sample_candles() if ticker == "BTC-USD" else sample_candles(ticker)
    first, end = np.searchsorted(sample.timestamp, [since, until])
    return bool(np.array_equal(found.close, sample.close[first:end]))
