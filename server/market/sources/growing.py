"""What arrives over a wire, as candles that grow and end. Pure calculations on rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from server.market.candles import require_interval
from server.market.sources.answers import MILLISECONDS, read_price, read_row
from server.market.sources.contract import Listing, LiveCandle, Row, SourceAnswerUnusable


class GrowingCandles:
    """The candles of one series, frame by frame: a candle has ended when a later one begins.

    ``sure`` says of an ended candle whether nothing speaks against its last frame having been the last:
    no unusable frame, none out of turn, no silence of the line (:meth:`doubt`), and its successor came next.
    """

    def __init__(self, listing: Listing, interval: str) -> None:
        self._listing = listing
        self._interval = interval
        self._step = require_interval(interval)
        self._row: Row | None = None
        self._doubted = False

    def doubt(self) -> None:
        """Frames may have been lost: the candle that grows now cannot be trusted to its end."""
        self._doubted = True

    def take(self, rows: Iterable[Any]) -> list[LiveCandle]:
        """The changes that rows of open time (ms), open, high, low, close, volume make; unsound rows none."""
        changes: list[LiveCandle] = []
        for each in rows:
            try:
                row = read_row(each, self._step, self._listing.source)
            except SourceAnswerUnusable:
                self.doubt()
                continue
            changes += self._advance(row)
        return changes

    def _advance(self, row: Row) -> list[LiveCandle]:
        previous = self._row
        if row == previous:
            return []
        if previous is not None and row[0] < previous[0]:
            # Late, or told again: what is stored of it may need to change.
            return [self._change(row, closed=True, sure=False)]
        if previous is not None and row[0] == previous[0] and _is_behind(row, previous):
            # Out of turn, or one before it was wrong: which state is the last is not known any more.
            self.doubt()
        self._row = row
        grown = self._change(row, closed=False, sure=False)
        if previous is None or row[0] == previous[0]:
            return [grown]
        sure = not self._doubted and row[0] == previous[0] + self._step
        self._doubted = False
        return [self._change(previous, closed=True, sure=sure), grown]

    def _change(self, row: Row, *, closed: bool, sure: bool) -> LiveCandle:
        listing = self._listing
        return LiveCandle(listing.ticker, self._interval, listing.source, row, closed, sure)


class TradedCandles:
    """Candles of one series put together from its trades; never sure: what came before is not known."""

    def __init__(self, listing: Listing, interval: str) -> None:
        self._listing = listing
        self._interval = interval
        self._step = require_interval(interval)
        self._row: Row | None = None

    def doubt(self) -> None:
        """Nothing changes: these candles are never sure."""

    def take(self, trades: Iterable[Any]) -> list[LiveCandle]:
        """The changes that trades, with ``timestamp`` (ms), ``price`` and ``amount``, make."""
        changes: list[LiveCandle] = []
        for trade in trades:
            try:
                price = read_price(trade["price"], self._listing.source)
                amount = read_price(trade["amount"], self._listing.source)
                start = int(trade["timestamp"]) // MILLISECONDS // self._step * self._step
            except (SourceAnswerUnusable, TypeError, KeyError):
                continue
            changes += self._advance(start, price, amount)
        return changes

    def _advance(self, start: int, price: float, amount: float) -> list[LiveCandle]:
        previous = self._row
        if previous is not None and start < previous[0]:
            return []
        if previous is not None and start == previous[0]:
            _, opened, high, low, _, volume = previous
            self._row = (start, opened, max(high, price), min(low, price), price, volume + amount)
            return [self._change(self._row, closed=False)]
        self._row = (start, price, price, price, price, amount)
        ended = [] if previous is None else [self._change(previous, closed=True)]
        return [*ended, self._change(self._row, closed=False)]

    def _change(self, row: Row, *, closed: bool) -> LiveCandle:
        listing = self._listing
        return LiveCandle(listing.ticker, self._interval, listing.source, row, closed, sure=False)


def _is_behind(row: Row, other: Row) -> bool:
    """Whether one state of a candle is from before the other: range and volume only grow."""
    _, _, high, low, _, volume = row
    _, _, highest, lowest, _, most = other
    return high < highest or low > lowest or volume < most
