"""What can be wrong with a row of candles, found a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.market.candles import COLUMNS, Candles
from server.market.csv_format import BAD_TIME, CsvFormat, read_numbers, read_times

KINDS = {
    "wrong_field_count": "the row has more or fewer fields than the header",
    "bad_time": "not a time after 1970, neither an epoch nor ISO 8601",
    "off_grid": "the time is not a multiple of the interval",
    "bad_number": "empty, NaN, infinite or not a number",
    "price_not_positive": "a price must be above zero",
    "negative_volume": "a volume must not be negative",
    "high_below_low": "the high is below the low",
    "outside_range": "the price lies outside the row's low and high",
    "unfinished": "the candle closes in the future",
    "duplicate": "an earlier sound row has the same time",
}
"""Every kind of problem, with what it means."""

LONGEST_VALUE = 80
"""Characters of a faulty text that a problem quotes."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of one line; ``line`` counts from 1, ``value`` quotes the file."""

    line: int
    kind: str
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Finding:
    """All rows of a chunk with one fault: ``rows`` are positions in the chunk."""

    kind: str
    field: str
    rows: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows of a file as columns ``(rows,)``: line numbers, the texts, and what they mean.

    ``microseconds`` are opens since the Unix epoch; numbers that cannot be read are NaN.
    """

    lines: NDArray[np.int64]
    texts: Mapping[str, Sequence[str]]
    whole: Mask
    microseconds: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.lines)

    def problem(self, finding: Finding, row: int) -> Problem:
        """The finding in one row, with the line and the text that show it."""
        text = self.texts[finding.field][row] if finding.field else ""
        return Problem(int(self.lines[row]), finding.kind, finding.field, text[:LONGEST_VALUE])

    def candles(self, rows: NDArray[np.intp]) -> Candles:
        """The candles of some rows, in the order given."""
        prices = {name: numbers[rows] for name, numbers in self.numbers.items()}
        return Candles(timestamp=self.microseconds[rows] // 1_000_000, **prices)


def read_chunk(lines: Sequence[int], rows: list[list[str]], form: CsvFormat) -> Chunk:
    """Rows of fields as columns; a row with the wrong number of fields becomes an empty one."""
    whole = np.array([len(row) == form.fields for row in rows])
    if not whole.all():
        rows = [row if len(row) == form.fields else [""] * form.fields for row in rows]
    fields = list(zip(*rows, strict=True))
    texts = {name: fields[form.columns[name]] for name in COLUMNS}
    return Chunk(
        lines=np.array(lines, dtype=np.int64),
        texts=texts,
        whole=whole,
        microseconds=read_times(texts["timestamp"], form.time_unit),
        numbers={name: read_numbers(texts[name]) for name in COLUMNS[1:]},
    )


class Checker:
    """Finds the faults of a file's rows, chunk after chunk, and remembers which times it has seen.

    One byte for each candle that could exist between 1970 and ``now`` marks the times seen, in
    memory that is only touched where the file has candles: any order of rows costs the same.
    """

    def __init__(self, step: int, now: float) -> None:
        self._step = step
        self._now = now
        self._seen = np.zeros(int(now) // step + 1, dtype=np.bool_)

    def check(self, chunk: Chunk) -> tuple[list[Finding], NDArray[np.intp]]:
        """Every fault, and the positions of the rows that have none."""
        faults = [
            Finding(kind, field, np.flatnonzero(mask & chunk.whole))
            for kind, field, mask in self._faults(chunk)
        ]
        faults.append(Finding("wrong_field_count", "", np.flatnonzero(~chunk.whole)))
        sound = np.ones(len(chunk), dtype=np.bool_)
        for fault in faults:
            sound[fault.rows] = False
        kept, repeated = self._first_of_their_time(chunk, np.flatnonzero(sound))
        faults.append(Finding("duplicate", "timestamp", repeated))
        return [fault for fault in faults if len(fault.rows)], kept

    def timestamps(self) -> NDArray[np.int64]:
        """Opens of all sound candles so far, ascending, in seconds."""
        return np.flatnonzero(self._seen).astype(np.int64) * self._step

    def _faults(self, chunk: Chunk) -> Iterator[tuple[str, str, Mask]]:
        yield from self._time_faults(chunk.microseconds)
        for name, numbers in chunk.numbers.items():
            yield "bad_number", name, np.isnan(numbers)
            # Comparisons with NaN are false: a number that cannot be read has that one fault only.
            low_bound = numbers < 0 if name == "volume" else numbers <= 0
            yield "negative_volume" if name == "volume" else "price_not_positive", name, low_bound
        high, low = chunk.numbers["high"], chunk.numbers["low"]
        yield "high_below_low", "high", high < low
        for name in ("open", "close"):
            price = chunk.numbers[name]
            yield "outside_range", name, (high >= low) & ((price > high) | (price < low))

    def _time_faults(self, microseconds: NDArray[np.int64]) -> Iterator[tuple[str, str, Mask]]:
        step = self._step * 1_000_000
        readable = microseconds != BAD_TIME
        yield "bad_time", "timestamp", ~readable
        yield "off_grid", "timestamp", readable & (microseconds % step != 0)
        yield "unfinished", "timestamp", readable & (microseconds > self._now * 1_000_000 - step)

    def _first_of_their_time(
        self, chunk: Chunk, rows: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        slots = chunk.microseconds[rows] // (self._step * 1_000_000)
        first = np.zeros(len(rows), dtype=np.bool_)
        first[np.unique(slots, return_index=True)[1]] = True
        first &= ~self._seen[slots]
        self._seen[slots] = True
        return rows[first], rows[~first]
