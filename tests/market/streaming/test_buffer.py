"""Candles that wait for the database: none is lost, and those of all series are written together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError

from server.market.follows import Pair
from server.market.sources.contract import Row
from server.market.streaming.buffer import CandleBuffer, Waiting
from server.market.streaming.pauses import Pauses

BITCOIN, ETHER = ("BTC-USD", "1m"), ("ETH-USD", "1m")
Arriving = tuple[Pair, str, Row]


def row(opened: int, close: float = 10.0) -> Row:
    return (opened, 10.0, 20.0, 5.0, close, 1.0)


class Database:
    """Stores rows, unless it is away, or somebody else writes a series, for the next so many attempts."""

    def __init__(self, outages: int = 0, busy: dict[Pair, int] | None = None) -> None:
        self.outages = outages
        self.busy = busy or {}
        self.rows: dict[tuple[Pair, int], tuple[str, Row]] = {}
        self.lots: list[int] = []

    async def write(self, lot: Sequence[Waiting]) -> set[Pair]:
        await asyncio.sleep(0)
        if self.outages:
            self.outages -= 1
            raise OperationalError("INSERT", {}, Exception("the database system is shutting down"))
        pairs = [each.pair for each in lot]
        assert len(set(pairs)) == len(pairs), "a series is written once at a time"
        refused = {pair for pair in pairs if self.busy.get(pair)}
        for pair in refused:
            self.busy[pair] -= 1
        for each in lot:
            if each.pair not in refused:
                self.rows |= {(each.pair, opened): (each.source, row) for opened, row in each.rows.items()}
        self.lots.append(len(lot))
        return refused


def stored_by(database: Database, *candles: Arriving, at_once: bool = False) -> Database:
    async def store() -> None:
        buffer = CandleBuffer(database.write, lambda: Pauses(0.0001, 0.001))
        writing = asyncio.create_task(buffer.run())
        for each in candles:
            await buffer.add(*each)
            if not at_once:
                await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await buffer.drained()
        assert not len(buffer)
        writing.cancel()

    asyncio.run(store())
    return database


def test_what_comes_while_the_database_is_away_is_stored_when_it_is_back() -> None:
    candles = [(pair, "kraken", row(60 * number)) for number in range(1, 50) for pair in (BITCOIN, ETHER)]
    database = stored_by(Database(outages=7), *candles)
    assert database.rows == {(pair, each[0]): (source, each) for pair, source, each in candles}
    assert not database.outages


@pytest.mark.parametrize("at_once", [True, False])
def test_candles_of_many_series_that_end_together_are_written_together(at_once: bool) -> None:
    """Also when their frames come one after the other: the first waits a moment for the rest."""
    pairs = [(f"C{number:03}-USD", "1m") for number in range(100)]
    database = stored_by(Database(), *((pair, "binance", row(60)) for pair in pairs), at_once=at_once)
    assert len(database.rows) == 100
    assert len(database.lots) <= 2


def test_a_series_that_somebody_else_writes_holds_up_no_other() -> None:
    database = Database(busy={BITCOIN: 2})
    stored_by(database, (BITCOIN, "kraken", row(60)), (ETHER, "kraken", row(60)), at_once=True)
    assert list(database.rows) == [(ETHER, 60), (BITCOIN, 60)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([BITCOIN, ETHER]),
            st.sampled_from(["kraken", "binance:BTC/USDT"]),
            st.builds(row, st.sampled_from([60, 120, 180]), st.sampled_from([10.0, 11.0])),
        ),
        max_size=12,
    ),
    st.integers(0, 2),
)
def test_the_last_numbers_and_mark_of_a_candle_win(candles: list[Arriving], outages: int) -> None:
    last = {(pair, each[0]): (source, each) for pair, source, each in candles}
    assert stored_by(Database(outages), *candles, at_once=True).rows == last


def test_pauses_grow_and_begin_anew() -> None:
    pauses = Pauses()
    found = [pauses.next() for _ in range(10)]
    for pause, longest in zip(found, (1, 2, 4, 8, 16, 30, 30, 30, 30, 30), strict=True):
        assert longest / 2 <= pause <= longest
    pauses.reset()
    assert pauses.next() <= 1
