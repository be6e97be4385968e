"""Real candles as an exchange would show them at a moment: closed ones whole, the open one as far as it is.

What happens inside a recorded candle is not known, so it is traded four times, in equal parts: at its
open, its low and its high (the nearer one first), and its close.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from server.market.candles import INTERVAL_SECONDS

Row = tuple[int, float, float, float, float, float]
"""Open time in seconds, open, high, low, close, volume."""

TRADES = 4
_JUST_BEFORE_THE_END = 0.999


class Tape:
    """The recorded candles of one coin, oldest first, ``step`` seconds each."""

    def __init__(self, rows: NDArray[np.float64], step: int) -> None:
        self.rows = rows
        self.step = step
        self.opens = rows[:, 0].astype(np.int64)
        self._coarse: dict[int, NDArray[np.float64]] = {}

    @property
    def first(self) -> int:
        return int(self.opens[0])

    @property
    def last(self) -> int:
        return int(self.opens[-1])

    def offers(self, step: int) -> bool:
        """Whether candles of ``step`` seconds can be made of the recorded ones."""
        return step >= self.step and step % self.step == 0

    def candles(self, step: int, start: float, end: float, now: float, most: int | None = None) -> list[Row]:
        """The first ``most`` candles with ``start <= open < end``; at ``now`` the last may be open."""
        rows = self._resampled(step)
        first, last, ended = np.searchsorted(rows[:, 0], [start, end, math.floor(now) - step + 1])
        found = [_row(values) for values in rows[first : min(last, ended)][:most]]
        if len(found) == most:
            return found
        growing = self.candle_at(step, now)
        if growing and start <= growing[0] < end:
            found.append(growing)
        return found

    def candle_at(self, step: int, now: float) -> Row | None:
        """The candle of ``step`` seconds that is open at ``now``; None while it has no trade."""
        start = int(now // step * step)
        left, right = np.searchsorted(self.opens, [start, int(now) + 1])
        parts = [self.rows[row] for row in range(left, right) if self.opens[row] + self.step <= now]
        if right > left and self.opens[right - 1] + self.step > now:
            parts.append(self._growing(right - 1, now))
        if not parts:
            return None
        return _row(_merged(np.array(parts), start))

    def trades(self, after: float, until: float) -> Iterator[tuple[float, float, float]]:
        """Time, price and amount of the trades with ``after < time <= until``, in order."""
        for row in self._rows_between(after, until):
            prices = _path(self.rows[row])
            amount = float(self.rows[row, 5]) / TRADES
            for number, price in enumerate(prices):
                moment = float(self.opens[row]) + self.step * number / TRADES
                if after < moment <= until:
                    yield moment, price, amount

    def endings(self, step: int, after: float, until: float) -> Iterator[tuple[float, Row]]:
        """Each candle of ``step`` seconds with ``after < end <= until``: its end, and the candle."""
        rows = self._resampled(step)
        first, last = np.searchsorted(rows[:, 0], [after - step, until - step], side="right")
        for values in rows[first:last]:
            yield float(values[0]) + step, _row(values)

    def _rows_between(self, after: float, until: float) -> range:
        left, right = np.searchsorted(self.opens, [after - self.step, until], side="right")
        return range(int(left), int(right))

    def _growing(self, row: int, now: float) -> NDArray[np.float64]:
        values = self.rows[row]
        count = min(TRADES, int((now - self.opens[row]) / self.step * TRADES) + 1)
        if now >= self.opens[row] + self.step * _JUST_BEFORE_THE_END:
            return values
        prices = _path(values)[:count]
        return np.array(
            [values[0], prices[0], max(prices), min(prices), prices[-1], values[5] * count / TRADES]
        )

    def _resampled(self, step: int) -> NDArray[np.float64]:
        if step == self.step:
            return self.rows
        if step not in self._coarse:
            buckets = self.opens // step * step
            edges = np.flatnonzero(np.diff(buckets, prepend=buckets[0] - 1))
            parts = np.split(self.rows, edges[1:])
            self._coarse[step] = np.array([_merged(part, int(part[0, 0] // step * step)) for part in parts])
        return self._coarse[step]


def read_tape(path: Path, interval: str) -> Tape:
    """The tape of a CSV file, gzipped or not, with columns timestamp, open, high, low, close, volume."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt") as file:
        rows = [
            [datetime.fromisoformat(row["timestamp"]).timestamp()]
            + [float(row[name]) for name in ("open", "high", "low", "close", "volume")]
            for row in csv.DictReader(file)
        ]
    return Tape(np.array(rows), INTERVAL_SECONDS[interval])


def shifted(tape: Tape, seconds: int) -> Tape:
    """The same prices at other times."""
    rows = tape.rows.copy()
    rows[:, 0] += seconds
    return Tape(rows, tape.step)


def _merged(part: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    high, low, volume = part[:, 2].max(), part[:, 3].min(), part[:, 5].sum()
    return np.array([start, part[0, 1], high, low, part[-1, 4], volume])


def _path(values: NDArray[np.float64]) -> list[float]:
    _, opened, high, low, close, _ = (float(value) for value in values)
    return [opened, low, high, close] if close >= opened else [opened, high, low, close]


def _row(values: NDArray[np.float64]) -> Row:
    opened, *rest = values
    return (int(opened), *(float(value) for value in rest))  # type: ignore[return-value]
