"""Asking a source what it has of a series, and making the store agree with it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from server.market import store
from server.market.candles import require_interval
from server.market.follows import Pair
from server.market.sources.contract import HistoryNotOffered, Page, Row, Source
from server.market.streaming.agreement import agree, candles_of, contradicts, rows_of

MOST_CANDLES = 1000
"""Candles that are checked or made up for at most; what was before them is a backfill's business."""


@dataclass(slots=True)
class Checked:
    """What a check did: ``until`` is the first open that is not known to be right yet."""

    until: int
    written: dict[int, Row] = field(default_factory=dict)
    newest: int | None = None
    """The last open that the source had."""


def first_to_check(pair: Pair, present: int | None, known: int | None) -> int:
    """Where checking a series begins that is taken up while the candle of ``present`` is open.

    ``present`` None: the source has not said which that is, then this machine's clock does. ``known``:
    how far another process has checked; None when nobody knows, then all of it is checked.
    """
    step = require_interval(pair[1])
    present = int(time.time()) // step * step if present is None else present
    earliest = present - MOST_CANDLES * step
    return earliest if known is None else max(earliest, known)


def check(source: Source, pair: Pair, since: int) -> Checked:
    """Ask ``source`` for all candles of a series from ``since`` (an open) on, and store what follows.

    Raises a ``SourceError`` or what the database raises; what was stored until then stays.
    """
    done = Checked(since)
    following: int | None = since
    confirmed = True
    while following is not None:
        page = _page(source, pair, following)
        if len(page.candles):
            done.newest = int(page.candles.timestamp[-1])
        until = _settle(source, pair, page, following, done)
        if confirmed and until is not None:
            done.until = until
        confirmed = confirmed and until is not None and until == page.next_since
        following = page.next_since
    return done


def _settle(source: Source, pair: Pair, page: Page, since: int, done: Checked) -> int | None:
    """Store what a page says; how far it is sure now, None when the page says nothing."""
    step = require_interval(pair[1])
    answer = rows_of(page.candles)
    end = page.next_since or (max(answer) + step if answer else since)
    grid = range(since, end, step)
    if not grid:
        return None
    stored = _stored(pair, since, end)
    again = None
    if contradicts(grid, stored, answer):
        again = rows_of(_page(source, pair, since, end).candles)
    agreement = agree(grid, stored, answer, again)
    if agreement.write:
        store.upsert(*pair, page.source, candles_of(agreement.write))
        done.written |= agreement.write
    return agreement.checked_until


def _page(source: Source, pair: Pair, since: int, until: int | None = None) -> Page:
    try:
        return source.fetch_candles(*pair, since, until)
    except HistoryNotOffered as error:
        return source.fetch_candles(*pair, error.oldest, until)


def _stored(pair: Pair, since: int, end: int) -> dict[int, Row]:
    if not store.has_series(*pair):
        return {}
    bounds = (datetime.fromtimestamp(moment, UTC) for moment in (since, end))
    return rows_of(store.load_candles(*pair, *bounds))
