"""Asking a source what it has of a series, and making the store agree with it.

A backfill fetches what is missing and leaves alone what is stored; this looks at what is stored too, and
believes no answer alone. Candles of other exchanges, files or samples stay as they are. What fills a time
without trades is the same in both.
"""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.market import store
from server.market.candles import require_interval
from server.market.follows import Pair
from server.market.gaps import flat_candles
from server.market.sources.contract import HistoryNotOffered, Page, Row, Source
from server.market.sources.symbols import exchange_of, flat_source
from server.market.streaming.agreement import Rows, agree, candles_of, contradicts, rows_of

MOST_CANDLES = 1000
"""Candles that are checked or made up for; what was before them is a backfill's business."""
QUIET_CANDLES = 3
"""How many candles a market may lack at its end before one asks whether it is traded still."""


@dataclass(slots=True)
class Checked:
    """What a check did: ``until`` is the first open that is not known to be right yet."""

    until: int
    written: dict[int, Row] = field(default_factory=dict)
    newest: int | None = None
    """The last open that the source had."""
    missing: set[int] = field(default_factory=set)
    """Opens that neither the source nor the store has, between candles of the source."""
    exchange_time: float = 0.0
    """The source's own time (seconds, UTC) when it answered last."""


def first_to_check(pair: Pair, present: int | None, known: int | None) -> int:
    """Where checking a series begins that is taken up while the candle of ``present`` is open.

    ``present`` None: the source has not said which that is, then this machine's clock does. ``known``:
    how far another process has checked; None when nobody knows. What it stored and had not checked when it
    ended may be wrong, and is checked though time went on: up to as many candles again.
    """
    step = require_interval(pair[1])
    present = int(time.time()) // step * step if present is None else present
    earliest = present - MOST_CANDLES * step
    return earliest if known is None else max(earliest - MOST_CANDLES * step, known)


def is_quiet(pair: Pair, done: Checked) -> bool:
    """Whether the source had no candle for so long, by its own clock, that the market may be gone."""
    step = require_interval(pair[1])
    return done.newest is None or done.exchange_time >= done.newest + (QUIET_CANDLES + 1) * step


def check(source: Source, pair: Pair, since: int, missed: Set[int], most_flat: int) -> Checked:
    """Ask ``source`` for all candles of a series from ``since`` (an open) on, and store what follows.

    What was ``missed`` by the check before and is missing still, at most ``most_flat`` candles in a row,
    was a time without trades. Raises a ``SourceError``, one of ``NOT_OFFERED``, or what the database
    raises; what was stored until then stays.
    """
    done = Checked(since)
    following: int | None = since
    confirmed = True
    while following is not None:
        page = _page(source, pair, following)
        done.exchange_time = page.exchange_time
        if len(page.candles):
            done.newest = int(page.candles.timestamp[-1])
        until = _Settlement(source, pair, done, missed, most_flat).settle(page, following)
        if confirmed and until is not None:
            done.until = until
        confirmed = confirmed and until is not None and until == page.next_since
        following = page.next_since
    return done


@dataclass(frozen=True, slots=True)
class _Settlement:
    """What becomes of a page."""

    source: Source
    pair: Pair
    done: Checked
    missed: Set[int]
    most_flat: int

    def settle(self, page: Page, since: int) -> int | None:
        """Store what a page says; how far it is sure now, None when the page says nothing."""
        step = require_interval(self.pair[1])
        answer = rows_of(page.candles)
        end = page.next_since or (max(answer) + step if answer else since)
        grid = range(since, end, step)
        if not grid:
            return None
        stored = _stored(self.pair, since, end)
        others = _stored_of_others(self.pair, page.source, since, end)
        answer |= {opened: stored[opened] for opened in others & stored.keys()}
        again: Rows | None = None
        if contradicts(grid, stored, answer):
            again = rows_of(_page(self.source, self.pair, since, end).candles)
        agreement = agree(grid, stored, answer, again, self.missed)
        self._write(page.source, agreement.write)
        self._fill(page.source, agreement.missing, {**(again or {}), **answer, **stored, **agreement.write})
        return agreement.checked_until

    def _fill(self, mark: str, missing: Set[int], present: Rows) -> None:
        """Note what is missing; fill what was missing before, where it is short enough."""
        self.done.missing |= missing
        flat = flat_candles(candles_of(present), require_interval(self.pair[1]), self.most_flat)
        without_trades = missing & self.missed
        self._write(
            flat_source(mark), {open_: row for open_, row in rows_of(flat).items() if open_ in without_trades}
        )

    def _write(self, mark: str, rows: Rows) -> None:
        if rows:
            store.upsert(*self.pair, mark, candles_of(rows))
            self.done.written |= rows


def _page(source: Source, pair: Pair, since: int, until: int | None = None) -> Page:
    try:
        return source.fetch_candles(*pair, since, until)
    except HistoryNotOffered as error:
        # One later: the oldest may be gone by the time of the answer.
        return source.fetch_candles(*pair, error.oldest + require_interval(pair[1]), until)


def _stored(pair: Pair, since: int, end: int) -> dict[int, Row]:
    if not store.has_series(*pair):
        return {}
    bounds = (datetime.fromtimestamp(moment, UTC) for moment in (since, end))
    return rows_of(store.load_candles(*pair, *bounds))


def _stored_of_others(pair: Pair, mark: str, since: int, end: int) -> set[int]:
    """Opens of candles that came from elsewhere than the exchange that ``mark`` names."""
    return set(store.stored_opens(*pair, since, end, except_of=exchange_of(mark)).tolist())
