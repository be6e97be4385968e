"""The candles of one series on their way to its room: as many of the growing ones as eyes can follow."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

from server.market.candles import iso_time
from server.market.sources.contract import Row
from server.realtime.publisher import Publisher
from server.realtime.rooms import MARKET_UPDATE, market_room

SHOWN_EVERY_SECONDS = 0.25
"""A growing candle is shown four times a second at most."""
REMEMBERED = 100
"""Closed candles of which a repetition is not sent again."""


class Timer(Protocol):
    """A call that waits."""

    def cancel(self) -> None:
        """Do not call after all."""
        ...


Later = Callable[[float, Callable[[], None]], Timer]
"""Calls a function in so many seconds, in the same thread."""


class RoomPrices:
    """Sends candles to the room of a series, numbered from ``first_seq`` on.

    Of a growing candle the newest state is sent, at most every ``SHOWN_EVERY_SECONDS``; an ended one is
    sent at once, and again only if its numbers change.
    """

    def __init__(
        self,
        publisher: Publisher,
        ticker: str,
        interval: str,
        first_seq: int,
        later: Later,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._publisher = publisher
        self._series = {"ticker": ticker, "interval": interval}
        self._room = market_room(ticker, interval)
        self._seq = first_seq
        self._later = later
        self._clock = clock
        self._free_at = 0.0
        self._waiting: Row | None = None
        self._timer: Timer | None = None
        self._ended: OrderedDict[int, Row] = OrderedDict()

    def show_growing(self, row: Row) -> None:
        """The newest state of the candle that is open."""
        self._waiting = row
        if self._timer is None:
            left = self._free_at - self._clock()
            if left <= 0:
                self._send_waiting()
            else:
                self._timer = self._later(left, self._send_waiting)

    def show_ended(self, row: Row) -> None:
        """A candle that is stored."""
        if self._ended.get(row[0]) == row:
            return
        self._ended[row[0]] = row
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)
        if self._waiting is not None and self._waiting[0] <= row[0]:
            self._waiting = None
        self._send(row, closed=True)

    def close(self) -> None:
        """Send nothing that still waits."""
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()

    def _send_waiting(self) -> None:
        self._timer = None
        row, self._waiting = self._waiting, None
        if row is not None:
            self._free_at = self._clock() + SHOWN_EVERY_SECONDS
            self._send(row, closed=False)

    def _send(self, row: Row, *, closed: bool) -> None:
        self._publisher.publish(
            self._room,
            MARKET_UPDATE,
            {**self._series, "seq": self._seq, "candle": candle_of(row), "closed": closed},
        )
        self._seq += 1


def candle_of(row: Row) -> dict[str, Any]:
    """A candle as rooms show it."""
    timestamp, opened, high, low, close, volume = row
    return {
        "timestamp": iso_time(timestamp),
        "open": opened,
        "high": high,
        "low": low,
        "close": close,
        "volume": volume,
    }
