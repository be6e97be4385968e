"""The part of a series that is asked for, and what has to be loaded before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.market import store
from server.market.candles import COLUMNS, Candles
from server.market.pairs import common_closes

Columns = tuple[NDArray[Any], ...]
"""The opens (seconds, UTC) first; each ``(rows,)``, oldest first."""
Read = Callable[[datetime | None, datetime | None, int], Columns]
"""Start, end, limit: the first ``limit`` rows after ``start``, or the last before ``end``."""


@dataclass(frozen=True, slots=True)
class Range:
    """At most ``limit`` candles with ``start <= open < end``: the first; without ``start`` the last."""

    start: datetime | None
    end: datetime | None
    limit: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """Rows with their past: those asked for begin at ``first``."""

    columns: Columns
    first: int

    @property
    def rows(self) -> int:
        """Rows loaded, the past included."""
        return len(self.columns[0])

    def missing(self, step: int) -> int:
        """Candles missing between the first and the last row, on a grid of ``step`` seconds."""
        opens = self.columns[0]
        return 0 if not self.rows else int(opens[-1] - opens[0]) // step + 1 - self.rows


def load(asked: Range, warm_up: int, read: Read) -> Loaded:
    """The rows asked for and ``warm_up`` rows before them, as far as they exist."""
    if asked.start is None:
        columns = read(None, asked.end, asked.limit + warm_up)
        return Loaded(columns, max(0, len(columns[0]) - asked.limit))
    before = read(None, asked.start, warm_up) if warm_up else None
    found = read(asked.start, asked.end, asked.limit)
    if before is None:
        return Loaded(found, 0)
    joined = tuple(np.concatenate(pair) for pair in zip(before, found, strict=True))
    return Loaded(joined, len(before[0]))


def series_reader(ticker: str, interval: str) -> Read:
    """Reads the columns of :class:`Candles` of one series."""

    def read(start: datetime | None, end: datetime | None, limit: int) -> Columns:
        return columns_of(store.query_candles(ticker, interval, start, end, limit))

    return read


def pair_reader(ticker: str, other: str, interval: str) -> Read:
    """Reads times and both closes of the candles that two series have in common."""

    def read(start: datetime | None, end: datetime | None, limit: int) -> Columns:
        found = common_closes(ticker, other, interval, start, end, limit)
        return found.timestamp, found.close, found.other

    return read


def columns_of(candles: Candles) -> Columns:
    """The columns of candles in their own order."""
    return tuple(getattr(candles, name) for name in COLUMNS)
