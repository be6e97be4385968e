"""What a source's answers and the stored candles say of each other. Pure calculations on rows.

Neither a frame nor an answer is believed alone against the other: a stored candle is replaced when two
answers say the same, and what was written is looked at again by the next check. That a candle is missing is
believed when both answers of two checks lack it: what spoils an answer often spoils the next one alike.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from server.market.candles import COLUMNS, Candles
from server.market.sources.contract import Row

Rows = Mapping[int, Row]
"""Candles by their opens."""


@dataclass(slots=True)
class Agreement:
    """What follows for a range: candles to ``write``, and how far the store is right.

    ``checked_until`` is the first open of which it is not known yet, or the end of the range. ``missing``
    are opens that neither the store nor an answer has.
    """

    checked_until: int
    write: dict[int, Row] = field(default_factory=dict)
    missing: set[int] = field(default_factory=set)


def contradicts(grid: range, stored: Rows, answer: Rows) -> bool:
    """Whether an answer lacks a candle of ``grid``, or says other numbers than are stored."""
    return any(open_ not in answer or (open_ in stored and answer[open_] != stored[open_]) for open_ in grid)


def agree(
    grid: range, stored: Rows, answer: Rows, again: Rows | None = None, missed: Container[int] = ()
) -> Agreement:
    """What follows from an answer about the opens of ``grid``, and from one more if it was asked for.

    A candle that is new is written; one that is stored otherwise is replaced when both answers have it so.
    Either awaits the next check. What no answer has stays as it is; of what is not stored either it is known
    when it was among the ``missed`` of the check before.
    """
    found = Agreement(grid.stop)
    unknown: int | None = None
    for open_ in grid:
        said, known = answer.get(open_), stored.get(open_)
        repeated = again is not None and again.get(open_) == said
        if said is None:
            is_known = repeated and (known is not None or open_ in missed)
            if repeated and known is None:
                found.missing.add(open_)
        else:
            is_known = said == known
            if not is_known and (known is None or repeated):
                found.write[open_] = said
        if not is_known and unknown is None:
            unknown = open_
    found.checked_until = grid.stop if unknown is None else unknown
    return found


def rows_of(candles: Candles) -> dict[int, Row]:
    """Candles as rows by their opens."""
    columns = (getattr(candles, name).tolist() for name in COLUMNS)
    return {row[0]: row for row in zip(*columns, strict=True)}


def candles_of(rows: Rows) -> Candles:
    """Rows as candles, oldest first."""
    table = np.array(sorted(rows.values()), dtype=np.float64).reshape(-1, len(COLUMNS))
    columns: Iterator[np.ndarray] = (np.ascontiguousarray(column) for column in table.T)
    return Candles(next(columns).astype(np.int64), *columns)
