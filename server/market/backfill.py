"""Candles of a range from a source into the store: what is missing there, page by page.

What is stored is not asked for again, so a backfill that ended early goes on where the stored candles
end, and one that is repeated changes nothing. Only closed candles are stored. Where an answer lacks
candles the source is asked a second time; what it then still lacks, between candles of its own on both
sides, was a time without trades when it is short: it is filled flat, and the rows say so in their
source. A longer hole is an outage and stays one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.market import store
from server.market.candles import Candles, joined, require_interval
from server.market.gaps import find_gaps, flat_candles
from server.market.sources.contract import Page, Source
from server.market.sources.symbols import flat_source

FLUSH_ROWS = 10_000
FLUSH_SECONDS = 2.0
NEAR_ROWS = 300
"""Missing parts with fewer candles than a page between them are asked for together."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Candles of a series with ``since <= open < until`` (seconds, UTC; None: all that are closed).

    ``refresh``: those of the source itself are asked for again and replaced where they changed.
    ``flat``: most candles in a row that may be missing for want of trades.
    """

    ticker: str
    interval: str
    since: int
    until: int | None = None
    refresh: bool = False
    flat: int = 5


@dataclass(frozen=True, slots=True)
class Left:
    """A source that failed for good after it had sent ``fetched`` candles, and what it said."""

    source: str
    fetched: int
    error_code: str
    message: str


@dataclass(slots=True)
class Progress:
    """How far a backfill is. ``source`` is empty until one was needed.

    ``fetched`` candles came, ``stored`` of them are new or changed; ``filled`` are flat ones that are
    new or changed; ``missing`` stay missing in ``gaps`` too long to fill. ``left`` are the sources that
    failed before this one.
    """

    percentage: float = 0.0
    source: str = ""
    pages: int = 0
    fetched: int = 0
    stored: int = 0
    filled: int = 0
    missing: int = 0
    gaps: int = 0
    complete: bool = False
    left: list[Left] = field(default_factory=list)

    @classmethod
    def resumed(cls, counts: Mapping[str, Any]) -> Progress:
        """Goes on counting from what an earlier attempt noted; what it found missing is asked for again."""
        left = [Left(**each) for each in counts.get("left", ())]
        source = counts.get("source", "")
        return cls(source=source, left=left, **{name: counts.get(name, 0) for name in _ADDING_UP})

    def counts(self) -> dict[str, Any]:
        """Everything but how far it is."""
        return {name: value for name, value in asdict(self).items() if name not in ("percentage", "complete")}


_ADDING_UP = ("pages", "fetched", "stored", "filled")


@dataclass(frozen=True, slots=True)
class Span:
    """Missing opens ``first <= open < end``; ``end`` None: until now."""

    first: int
    end: int | None


Choose = Callable[[int], Source]
"""The source that has the series as far back as an open (seconds, UTC)."""
GoOn = Callable[[Progress], bool]


def backfill(wanted: Wanted, choose: Choose, go_on: GoOn, progress: Progress | None = None) -> Progress:
    """Store what is missing; ends early when ``go_on``, asked after every page, says no.

    Whatever was fetched is stored, also when a :class:`SourceError` or one of ``NOT_OFFERED`` ends it.
    ``progress`` is that of a backfill that goes on with another source.
    """
    progress = progress or Progress()
    source: Source | None = choose(wanted.since) if wanted.refresh else None
    kept = store.stored_opens(
        wanted.ticker, wanted.interval, wanted.since, wanted.until, except_of=source.name if source else ""
    )
    spans = missing_spans(wanted, kept)
    if not spans:
        progress.percentage, progress.complete = 100.0, True
        return progress
    return _Backfill(wanted, source or choose(spans[0].first), kept, go_on, progress).run(spans)


def missing_spans(wanted: Wanted, kept: NDArray[np.int64]) -> list[Span]:
    """The parts of the range that are not among the opens ``kept`` ``(rows,)``, near ones as one."""
    step = require_interval(wanted.interval)
    first, end = _on_grid(wanted.since, step), None if wanted.until is None else _on_grid(wanted.until, step)
    fences = [np.array([first - step]), kept, *([] if end is None else [np.array([end])])]
    opens = np.concatenate(fences)
    spans = [Span(gap.first, gap.last + step) for gap in find_gaps(opens, step)]
    if end is None:
        spans.append(Span(int(opens[-1]) + step, None))
    near: list[Span] = []
    for span in spans:
        if near and near[-1].end is not None and span.first - near[-1].end < NEAR_ROWS * step:
            near[-1] = Span(near[-1].first, span.end)
        else:
            near.append(span)
    return near


def _on_grid(moment: int, step: int) -> int:
    return -(-moment // step) * step


@dataclass(slots=True)
class _Backfill:
    """One backfill while it runs. ``tail`` is the last candle that the source sent in this span."""

    wanted: Wanted
    source: Source
    kept: NDArray[np.int64]
    go_on: GoOn
    progress: Progress
    tail: Candles | None = None
    waiting: list[tuple[Page, Candles]] = field(default_factory=list)
    flushed_at: float = field(default_factory=time.monotonic)

    def run(self, spans: list[Span]) -> Progress:
        self.progress.source = self.source.name
        try:
            self.progress.complete = all(self._fill(span) for span in spans)
        finally:
            self._flush()
        return self.progress

    def _fill(self, span: Span) -> bool:
        """Fetch a span, with the candle before and after it; whether to go on."""
        step = require_interval(self.wanted.interval)
        following: int | None = max(_on_grid(self.wanted.since, step), span.first - step)
        end = None if span.end is None else span.end + step
        self.tail = None
        while following is not None:
            page = self._page(following, end)
            self._take(page)
            following = page.next_since
            self._advance(span, following, page.exchange_time)
            if not self.go_on(self.progress):
                return False
        return True

    def _page(self, since: int, until: int | None) -> Page:
        """A page; asked for twice where it has holes, as an answer may lack what the source has."""
        series, step = (self.wanted.ticker, self.wanted.interval), require_interval(self.wanted.interval)
        page = self.source.fetch_candles(*series, since, until)
        self.progress.pages += 1
        if not find_gaps(self._with_tail(page.candles).timestamp, step):
            return page
        again = self.source.fetch_candles(*series, since, int(page.candles.timestamp[-1]) + step)
        self.progress.pages += 1
        return Page(_union(page.candles, again.candles), page.source, page.next_since, page.exchange_time)

    def _take(self, page: Page) -> None:
        """Put a page's new candles, and what fills its holes, among those to be stored."""
        self.progress.fetched += len(page.candles)
        if not len(page.candles):
            return
        step, whole = require_interval(self.wanted.interval), self._with_tail(page.candles)
        self.tail = whole[-1:]
        flat = self._new(flat_candles(whole, step, self.wanted.flat))
        for gap in find_gaps(whole.timestamp, step):
            if gap.candles > self.wanted.flat:
                self._note_gap(np.arange(gap.first, gap.last + step, step))
        self.waiting.append((Page(self._new(page.candles), page.source, None, 0.0), flat))
        rows = sum(len(waiting.candles) for waiting, _ in self.waiting)
        if rows >= FLUSH_ROWS or time.monotonic() - self.flushed_at >= FLUSH_SECONDS:
            self._flush()

    def _note_gap(self, opens: NDArray[np.int64]) -> None:
        missing = int((~np.isin(opens, self.kept)).sum())
        self.progress.missing += missing
        self.progress.gaps += missing > 0

    def _new(self, candles: Candles) -> Candles:
        """Those of the range that are not kept as they are stored."""
        opens, until = candles.timestamp, self.wanted.until
        inside = (opens >= self.wanted.since) & (True if until is None else opens < until)
        return candles[inside & ~np.isin(opens, self.kept)]

    def _with_tail(self, candles: Candles) -> Candles:
        return candles if self.tail is None else joined([self.tail, candles])

    def _flush(self) -> None:
        waiting, self.waiting = self.waiting, []
        self.flushed_at = time.monotonic()
        if not waiting:
            return
        source, series = waiting[0][0].source, (self.wanted.ticker, self.wanted.interval)
        candles = joined([page.candles for page, _ in waiting])
        self.progress.stored += store.upsert(*series, source, candles) if len(candles) else 0
        flat = joined([each for _, each in waiting])
        self.progress.filled += store.upsert(*series, flat_source(source), flat) if len(flat) else 0

    def _advance(self, span: Span, following: int | None, now: float) -> None:
        # What has not happened yet is no part of the way.
        since, end = self.wanted.since, min(self.wanted.until or now, now)
        reached = following or span.end or end
        if end > since:
            self.progress.percentage = round(100 * min(1.0, max(0.0, (reached - since) / (end - since))), 2)


def _union(first: Candles, second: Candles) -> Candles:
    """Both, in order; the first where both have a candle."""
    more = second[~np.isin(second.timestamp, first.timestamp)]
    both = joined([first, more])
    order = np.argsort(both.timestamp)
    return Candles(*(getattr(both, name)[order] for name in both.__slots__))
