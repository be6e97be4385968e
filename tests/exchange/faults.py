"""What this exchange does wrong on demand: each fault a number of times, or until it is called off."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.exchange.tape import Row

ANSWER_FAULTS = {"status", "slow", "drip", "cut", "malformed", "wrong_shape"}
"""Faults of a whole answer: status, retry_after; seconds; seconds a byte; the rest take no parameter."""
CANDLE_FAULTS = {"missing", "duplicate", "out_of_order", "wrong_price", "not_a_number", "off_grid", "jump"}
"""Faults of the candles inside an answer or a frame."""
SOCKET_FAULTS = {"refuse", "silence", "garbage"}
"""Faults of sockets; dropping those that are open is an act, not a fault: see ``/control/drop``."""
KINDS = ANSWER_FAULTS | CANDLE_FAULTS | SOCKET_FAULTS


@dataclass(slots=True)
class Fault:
    """One fault for paths that contain ``where``; ``times`` None: until called off."""

    kind: str
    times: int | None = 1
    where: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)


class Faults:
    """The faults that are due."""

    def __init__(self) -> None:
        self._due: list[Fault] = []

    def add(self, kind: str, times: int | None = 1, where: str = "", **parameters: Any) -> None:
        """Make a fault due. Raises ``ValueError`` for a kind that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"no fault is called {kind!r}; there are {', '.join(sorted(KINDS))}")
        self._due.append(Fault(kind, times, where, parameters))

    def clear(self) -> None:
        self._due.clear()

    def take(self, kinds: set[str], where: str) -> Fault | None:
        """The oldest fault of one of ``kinds`` that is due at ``where``, counted as done once more."""
        for fault in self._due:
            if fault.kind in kinds and fault.where in where:
                if fault.times is not None:
                    fault.times -= 1
                    if not fault.times:
                        self._due.remove(fault)
                return fault
        return None

    def spoil(self, rows: list[Row], where: str) -> list[Row]:
        """The candles with a fault that is due; as they are when none is."""
        fault = self.take(CANDLE_FAULTS, where) if rows else None
        return rows if fault is None else _SPOILERS[fault.kind](rows, fault)


def _position(rows: list[Row], fault: Fault) -> int:
    return min(int(fault.parameters.get("position", len(rows) // 2)), len(rows) - 1)


def _missing(rows: list[Row], fault: Fault) -> list[Row]:
    at = _position(rows, fault)
    return rows[:at] + rows[at + int(fault.parameters.get("candles", 1)) :]


def _duplicate(rows: list[Row], fault: Fault) -> list[Row]:
    at = _position(rows, fault)
    again = rows[at]
    if fault.parameters.get("different"):
        again = (*again[:5], again[5] + 1)
    return [*rows[: at + 1], again, *rows[at + 1 :]]


def _out_of_order(rows: list[Row], fault: Fault) -> list[Row]:
    return rows[::-1]


def _changed(rows: list[Row], fault: Fault, change: Row) -> list[Row]:
    at = _position(rows, fault)
    return [*rows[:at], change, *rows[at + 1 :]]


def _wrong_price(rows: list[Row], fault: Fault) -> list[Row]:
    opened, first, high, low, close, volume = rows[_position(rows, fault)]
    return _changed(rows, fault, (opened, first, low * 0.9, high, close, volume))


def _not_a_number(rows: list[Row], fault: Fault) -> list[Row]:
    row = rows[_position(rows, fault)]
    return _changed(rows, fault, (*row[:4], float("nan"), row[5]))


def _off_grid(rows: list[Row], fault: Fault) -> list[Row]:
    row = rows[_position(rows, fault)]
    return _changed(rows, fault, (row[0] + 7, *row[1:]))


def _jump(rows: list[Row], fault: Fault) -> list[Row]:
    row = rows[_position(rows, fault)]
    opened, high, low, close = (price * 10 for price in row[1:5])
    return _changed(rows, fault, (row[0], opened, high, low, close, row[5]))


_SPOILERS = {
    "missing": _missing,
    "duplicate": _duplicate,
    "out_of_order": _out_of_order,
    "wrong_price": _wrong_price,
    "not_a_number": _not_a_number,
    "off_grid": _off_grid,
    "jump": _jump,
}
