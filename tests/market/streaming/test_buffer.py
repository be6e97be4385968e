"""Candles that wait for the database: none is lost, and each series is written by one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy.exc import OperationalError

from server.market.follows import Pair
from server.market.sources.contract import Row
from server.market.streaming.buffer import CandleBuffer
from server.market.streaming.pauses import Pauses

BITCOIN, ETHER = ("BTC-USD", "1m"), ("ETH-USD", "1m")


def row(opened: int, close: float = 10.0) -> Row:
    return (opened, 10.0, 20.0, 5.0, close, 1.0)


class Database:
    """Stores rows, unless it is away for the next ``outages`` attempts."""

    def __init__(self, outages: int = 0) -> None:
        self.outages = outages
        self.rows: dict[tuple[Pair, int], Row] = {}
        self.busy: set[Pair] = set()
        self.overlaps = 0

    async def write(self, pair: Pair, source: str, rows: Mapping[int, Row]) -> None:
        self.overlaps += pair in self.busy
        self.busy.add(pair)
        await asyncio.sleep(0.001)
        self.busy.discard(pair)
        if self.outages:
            self.outages -= 1
            raise OperationalError("INSERT", {}, Exception("the database system is shutting down"))
        self.rows |= {(pair, opened): each for opened, each in rows.items()}


def stored_by(database: Database, *candles: tuple[Pair, Row]) -> dict[tuple[Pair, int], Row]:
    async def store() -> None:
        buffer = CandleBuffer(database.write, lambda: Pauses(0.001, 0.01))
        writing = asyncio.create_task(buffer.run())
        for pair, each in candles:
            await buffer.add(pair, "kraken", each)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await buffer.drained()
        assert not len(buffer)
        writing.cancel()

    asyncio.run(store())
    return database.rows


def test_what_comes_while_the_database_is_away_is_stored_when_it_is_back() -> None:
    candles = [(pair, row(60 * number)) for number in range(1, 50) for pair in (BITCOIN, ETHER)]
    database = Database(outages=7)
    assert stored_by(database, *candles) == {(pair, each[0]): each for pair, each in candles}
    assert not database.outages
    assert not database.overlaps


def test_the_later_numbers_of_a_candle_win_also_after_an_outage() -> None:
    found = stored_by(Database(outages=3), (BITCOIN, row(60)), (BITCOIN, row(60, 11.0)))
    assert found == {(BITCOIN, 60): row(60, 11.0)}


def test_pauses_grow_and_begin_anew() -> None:
    pauses = Pauses(1, 30)
    found = [pauses.next() for _ in range(10)]
    for pause, longest in zip(found, (1, 2, 4, 8, 16, 30, 30, 30, 30, 30), strict=True):
        assert longest / 2 <= pause <= longest
    pauses.reset()
    assert pauses.next() <= 1
