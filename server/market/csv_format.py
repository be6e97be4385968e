"""What a CSV file of candles looks like: its delimiter, its columns and how it writes times."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.market.candles import COLUMNS

DELIMITERS = (",", ";", "\t", "|")
PREAMBLE_ROWS = 5
"""Rows in which the header is looked for: some exchanges put their address above it."""
BAD_TIME = np.iinfo(np.int64).min
"""Stands for a time that cannot be read."""

# By preference: a file with an epoch and a written date means the same by both.
_TIME_NAMES = (
    "unix", "timestamp", "unixtimestamp", "unixtime", "epoch", "ts", "opentime", "opentimestamp",
    "datetime", "date", "time",
)  # fmt: skip
_PRICE_NAMES = {"open": ("open", "o"), "high": ("high", "h"), "low": ("low", "l"), "close": ("close", "c")}
_KLINE_FIELDS = 12
_KLINE_CLOSE_TIME = 6
_EPOCH_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
_LONGEST_EPOCH = {"s": 1e11, "ms": 1e14, "us": 1e17}


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How to read one file. ``columns`` maps each candle column to its field's position.

    ``header_lines`` physical lines precede the data, every row has ``fields`` fields, times are
    written as ``time_unit``: ``s``, ``ms`` or ``us`` since the Unix epoch, or ``iso``.
    """

    delimiter: str
    columns: dict[str, int]
    fields: int
    header_lines: int
    time_unit: str


def recognise(head: Sequence[str], ticker: str) -> CsvFormat:
    """The format of a file from its first lines.

    Raises :class:`InvalidInput` when the lines name no candle columns, or only some of them.
    """
    for delimiter in DELIMITERS:
        reader = csv.reader(head, delimiter=delimiter)
        rows = [(reader.line_num, row) for row in reader if row]
        for position, (line, row) in enumerate(rows[:PREAMBLE_ROWS]):
            columns = _header_columns(row, ticker)
            if columns:
                times = [
                    data[columns["timestamp"]] for _, data in rows[position + 1 :] if len(data) == len(row)
                ]
                return CsvFormat(delimiter, columns, len(row), line, _time_unit(times))
        if rows and _is_kline(rows[0][1]):
            columns = {name: position for position, name in enumerate(COLUMNS)}
            return CsvFormat(delimiter, columns, _KLINE_FIELDS, 0, _time_unit([rows[0][1][0]]))
    first = next((line.strip() for line in head if line.strip()), "")
    raise InvalidInput(
        "The file has no header that names time, open, high, low, close and volume, and its rows are not "
        f"Binance klines (12 fields); add a header line. It starts with {first[:80]!r}",
        field="file",
        value=first[:80],
    )


def read_times(values: Sequence[str], unit: str) -> NDArray[np.int64]:
    """Microseconds since the Unix epoch, ``BAD_TIME`` where a value is no time after 1970.

    Written times without an offset are UTC; others are converted to it.
    """
    if unit == "iso":
        return np.array([_iso_time(value) for value in values], dtype=np.int64)
    microseconds = _EPOCH_UNITS[unit]
    return np.array([_epoch_time(value, microseconds) for value in values], dtype=np.int64)


def read_numbers(values: Sequence[str]) -> NDArray[np.float64]:
    """Finite numbers as they are, NaN for everything else."""
    try:
        numbers = np.array([float(value) for value in values])
    except ValueError:
        numbers = np.array([_number(value) for value in values])
    numbers[~np.isfinite(numbers)] = math.nan
    return numbers


def _header_columns(row: Sequence[str], ticker: str) -> dict[str, int]:
    """Positions of the candle columns; empty when the row is no header at all."""
    names = [re.sub(r"[^a-z0-9]", "", field.lower()) for field in row]
    base = ticker.split("-")[0].lower()
    wanted = {
        "timestamp": _TIME_NAMES,
        **_PRICE_NAMES,
        "volume": ("volume", "vol", "v", "basevolume", "volumefrom", f"volume{base}", f"vol{base}"),
    }
    found = {
        column: next((names.index(name) for name in known if name in names), None)
        for column, known in wanted.items()
    }
    columns = {column: position for column, position in found.items() if position is not None}
    if len(columns) < 3:
        return {}
    _refuse_unclear(row, names, columns)
    return columns


def _refuse_unclear(row: Sequence[str], names: Sequence[str], columns: dict[str, int]) -> None:
    missing = [column for column in COLUMNS if column not in columns]
    repeated = [column for column, position in columns.items() if names.count(names[position]) > 1]
    if missing or repeated:
        fault = f"no column for {', '.join(missing)}" if missing else f"two columns for {', '.join(repeated)}"
        raise InvalidInput(
            f"The header has {fault}; its columns are {', '.join(field.strip() for field in row)}. "
            f"Rename them to {', '.join(COLUMNS)}",
            field="file",
            value=list(row),
        )


def _is_kline(row: Sequence[str]) -> bool:
    """Binance's headerless order: 12 numbers, the seventh the last instant of the candle."""
    if len(row) != _KLINE_FIELDS or not all(math.isfinite(_number(value)) for value in row):
        return False
    opened, closes = float(row[0]), float(row[_KLINE_CLOSE_TIME])
    return _LONGEST_EPOCH["s"] < opened < closes


def _time_unit(values: Sequence[str]) -> str:
    """Decided once a file, by the first value that is a time: a stray digit must not change the unit."""
    for value in values:
        number = _number(value)
        if number > 0:
            return next((unit for unit, longest in _LONGEST_EPOCH.items() if number < longest), "us")
        if _iso_time(value) != BAD_TIME:
            break
    return "iso"


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        return math.nan


def _epoch_time(value: str, microseconds: int) -> int:
    """An epoch in units of ``microseconds``, which may carry a fraction (``1609459200.0``)."""
    try:
        number: float = int(value)
    except ValueError:
        number = _number(value)
    return round(number * microseconds) if 0 < number * microseconds < _LONGEST_EPOCH["us"] else BAD_TIME


def _iso_time(value: str) -> int:
    try:
        moment = datetime.fromisoformat(value.strip().removesuffix(" UTC"))
    except ValueError:
        return BAD_TIME
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    microseconds = round(moment.timestamp() * 1_000_000)
    return microseconds if microseconds > 0 else BAD_TIME
