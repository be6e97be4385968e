"""What the venues of this exchange have in common: their listings, their clock and their faults."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

from tests.exchange.clock import ExchangeClock
from tests.exchange.faults import Faults
from tests.exchange.tape import Row, Tape

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Coin:
    """One coin that every venue lists, against its own quote.

    ``trading`` False: delisted, since ``until`` (seconds) if that happened while the exchange ran.
    """

    code: str
    name: str
    tape: Tape
    trading: bool = True
    until: float | None = None


@dataclass(slots=True)
class Market:
    """Everything a venue answers from."""

    coins: dict[str, Coin]
    clock: ExchangeClock
    faults: Faults

    def candles(
        self, code: str, step: int, start: float, end: float, where: str, most: int | None = None
    ) -> list[Row]:
        """The first ``most`` candles with ``start <= open < end`` now, with the faults that are due."""
        coin, now = self.coins[code], self.clock.now()
        last = now if coin.until is None else coin.until
        rows = coin.tape.candles(step, start, min(end, last - step + 1) if coin.until else end, last, most)
        return self.faults.spoil(rows, where)

    def delist(self, code: str) -> None:
        """Trade a coin no longer: its past candles are known still."""
        coin = self.coins[code]
        ended = self.clock.now() // coin.tape.step * coin.tape.step
        self.coins[code] = replace(coin, trading=False, until=ended)

    def day(self, code: str) -> Row:
        """The last 24 hours as one candle."""
        now, tape = self.clock.now(), self.coins[code].tape
        rows = tape.candles(tape.step, now - DAY, now + 1, now)
        highs, lows = [row[2] for row in rows], [row[3] for row in rows]
        volume = sum(row[5] for row in rows)
        return (rows[0][0], rows[0][1], max(highs), min(lows), rows[-1][4], volume)


class Refusal(Exception):
    """An answer with an error status, in the venue's own words."""

    def __init__(self, status: int, payload: Any) -> None:
        super().__init__(str(payload))
        self.status = status
        self.payload = payload


@dataclass(frozen=True, slots=True)
class Subscription:
    """One channel of one market on one socket: ``kline``, ``trade`` or a ticker; only klines have a step."""

    channel: str
    code: str
    step: int = 0


class Venue(Protocol):
    """One exchange's protocol. Paths begin with the host that the exchange answers at."""

    rest_host: str
    socket_host: str

    def answer(self, path: str, query: dict[str, str]) -> Any:
        """The JSON of a REST call; raises :class:`Refusal` or ``KeyError`` for what does not exist."""
        ...

    def receive(self, message: dict[str, Any], subscriptions: set[Subscription]) -> list[dict[str, Any]]:
        """What a client's frame is answered with; changes ``subscriptions``."""
        ...

    def frames(self, subscription: Subscription, after: float, until: float) -> list[dict[str, Any]]:
        """What happened on a channel with ``after < time <= until``, as frames."""
        ...

    def idle(self) -> dict[str, Any] | None:
        """What is sent each second in which nothing happens."""
        ...


@lru_cache(maxsize=1024)
def kline_moments(tape: Tape, step: int, after: float, until: float) -> tuple[tuple[float, Row, bool], ...]:
    """Every change of the candles of ``step`` seconds: when, the candle then, and whether it has ended.

    Remembered, so that whoever listens too is told in the same moment.
    """
    found: list[tuple[float, Row, bool]] = [(end, row, True) for end, row in tape.endings(step, after, until)]
    for moment, _, _ in tape.trades(after, until):
        row = tape.candle_at(step, moment)
        if row is not None:
            found.append((moment, row, False))
    # At the same instant the old candle ends before the new one begins.
    return tuple(sorted(found, key=lambda change: (change[0], not change[2])))
