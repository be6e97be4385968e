"""A line to a source: opened again when it fails, and one refused series disturbs no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from server.errors import ServerError
from server.market.follows import Pair
from server.market.sources.contract import (
    Listing,
    LiveCandle,
    MarketInactive,
    SeriesRefused,
    SourceError,
    SourceUnreachable,
)
from server.market.streaming.lines import LineEvents, SourceLine
from server.market.streaming.pauses import Pauses

BITCOIN, ETHER = ("BTC-USD", "1m"), ("ETH-USD", "1m")
Sent = list[LiveCandle | SourceError]


def candle(pair: Pair) -> LiveCandle:
    return LiveCandle(*pair, "kraken", (60, 10.0, 11.0, 9.0, 10.0, 1.0), closed=False, sure=False)


@dataclass
class Exchange:
    """Each connection sends what is scripted for it, then is silent."""

    scripts: list[Sent]
    refused: set[Pair] = field(default_factory=set)
    connections: list[list[Pair]] = field(default_factory=list)

    name = "kraken"

    def open(self) -> Exchange:
        self.connections.append([])
        return self

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(self, *failure: object) -> None:
        return None

    async def follow(self, ticker: str, interval: str) -> Listing:
        if (ticker, interval) in self.refused:
            raise MarketInactive("delisted", source="kraken")
        self.connections[-1].append((ticker, interval))
        return Listing(ticker, ticker, "kraken")

    async def leave(self, ticker: str, interval: str) -> None:
        self.connections[-1].remove((ticker, interval))

    async def __aiter__(self) -> AsyncIterator[LiveCandle]:
        for sent in self.scripts.pop(0) if self.scripts else []:
            await asyncio.sleep(0)
            if isinstance(sent, LiveCandle):
                yield sent
            else:
                raise sent
        await asyncio.Event().wait()


@dataclass
class Told:
    """What a line told."""

    taken: list[Pair] = field(default_factory=list)
    opened: list[Pair] = field(default_factory=list)
    refused: list[tuple[Pair, str]] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)


def run(exchange: Exchange, *wanted: Pair, until: Callable[[Told], bool]) -> Told:
    told = Told()

    async def take(each: LiveCandle) -> None:
        told.taken.append((each.ticker, each.interval))

    def refused(pair: Pair, error: ServerError) -> None:
        told.refused.append((pair, error.code))

    async def listen() -> None:
        events = LineEvents(
            take, told.opened.append, refused, lambda error: told.failures.append(line.failures)
        )
        line = SourceLine("kraken", exchange.open, events, Pauses(0.001, 0.01))
        for pair in wanted:
            line.want(pair)
        running = asyncio.create_task(line.run())
        async with asyncio.timeout(5):
            while not until(told):
                await asyncio.sleep(0.001)
        running.cancel()

    asyncio.run(listen())
    return told


def lost() -> SourceUnreachable:
    return SourceUnreachable("lost", source="kraken")


def test_a_line_that_fails_is_opened_again_with_all_that_is_wanted() -> None:
    exchange = Exchange([[candle(BITCOIN), lost()], [candle(ETHER)]])
    told = run(exchange, BITCOIN, ETHER, until=lambda told: len(told.taken) == 2)
    assert exchange.connections == [[BITCOIN, ETHER], [BITCOIN, ETHER]]
    assert told.opened == [BITCOIN, ETHER] * 2
    assert told.failures == [1]


def test_failures_in_a_row_count_until_a_candle_comes() -> None:
    exchange = Exchange([[lost()], [lost()], [candle(BITCOIN), lost()], [lost()]])
    told = run(exchange, BITCOIN, until=lambda told: len(told.failures) == 4)
    assert told.failures == [1, 2, 1, 2]


def test_a_series_that_is_not_offered_is_refused_and_the_others_go_on() -> None:
    exchange = Exchange([[candle(ETHER)]], refused={BITCOIN})
    told = run(exchange, BITCOIN, ETHER, until=lambda told: bool(told.taken))
    assert told.refused == [(BITCOIN, "market_inactive")]
    assert exchange.connections == [[ETHER]]


def test_a_series_that_is_refused_later_is_left_and_the_others_go_on_at_once() -> None:
    gone = SeriesRefused("delisted", source="kraken", pair=BITCOIN)
    exchange = Exchange([[candle(BITCOIN), gone], [candle(ETHER)]])
    told = run(exchange, BITCOIN, ETHER, until=lambda told: len(told.taken) == 2)
    assert told.refused == [(BITCOIN, "series_refused")]
    assert exchange.connections[1] == [ETHER]
    assert told.failures == [], "the line itself is well"
