"""What changed in a series: counted with the candles, told once after the commit."""

from __future__ import annotations

import io
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import text

from server.extensions import db
from server.market import store
from server.market.arrivals import candles_stored
from server.market.candles import Candles
from server.market.csv_import import UnsoundFile, import_csv
from tests.market.backfilled import HOUR
from tests.market.conftest import START
from tests.market.test_csv_import import as_csv

pytestmark = pytest.mark.usefixtures("database")
MakeCandles = Callable[..., Candles]


@dataclass(frozen=True, slots=True)
class Told:
    """One signal, and what another connection saw when it came."""

    arrival: dict[str, Any]
    version: tuple[int, datetime] | None
    rows: int


@pytest.fixture
def told() -> Iterator[list[Told]]:
    """The signals sent during a test."""
    signals: list[Told] = []

    def receive(_: object, **arrival: Any) -> None:
        rows = len(store.load_candles(arrival["ticker"], arrival["interval"]))
        signals.append(Told(arrival, version(), rows))

    with candles_stored.connected_to(receive):
        yield signals


def version() -> tuple[int, datetime] | None:
    return store.series_version("BTC-USD", "1h")


def put(candles: Candles, source: str = "test") -> int:
    return store.upsert("BTC-USD", "1h", source, candles)


def at(hour: int) -> datetime:
    return datetime.fromtimestamp(START + hour * HOUR, UTC)


def test_the_first_candles_of_a_series_are_its_first_version(
    make_candles: MakeCandles, told: list[Told]
) -> None:
    assert version() is None
    put(make_candles(24))
    assert version() == (1, at(23))
    arrival = {"ticker": "BTC-USD", "interval": "1h", "first": at(0), "last": at(23)}
    assert told == [Told(arrival, (1, at(23)), 24)]


def test_a_transaction_of_many_writes_counts_once(make_candles: MakeCandles, told: list[Told]) -> None:
    candles = make_candles(300)
    with store.writing("BTC-USD", "1h", "test") as write:
        for row in range(0, 300, 50):
            assert write(candles[row : row + 50]) == 50
            assert told == []
    assert version() == (1, at(299))
    assert [(each.arrival["first"], each.arrival["last"]) for each in told] == [(at(0), at(299))]


def test_what_changes_nothing_is_neither_counted_nor_told(
    make_candles: MakeCandles, told: list[Told]
) -> None:
    put(make_candles(24))
    put(make_candles(24))
    put(make_candles(0))
    assert version() == (1, at(23))
    assert len(told) == 1


def test_a_correction_is_told_with_its_own_range(make_candles: MakeCandles, told: list[Told]) -> None:
    candles = make_candles(24)
    put(candles)
    volume = candles.volume.copy()
    volume[[5, 9]] += 1
    assert put(replace(candles, volume=volume)) == 2
    assert (told[1].arrival["first"], told[1].arrival["last"]) == (at(5), at(9))
    assert version() == (2, at(23))


def test_older_candles_leave_the_newest_where_it_was(make_candles: MakeCandles, told: list[Told]) -> None:
    candles = make_candles(24)
    put(candles[12:])
    put(candles[:12])
    assert version() == (2, at(23))
    assert (told[1].arrival["first"], told[1].arrival["last"]) == (at(0), at(11))


def test_a_refused_file_is_neither_counted_nor_told(make_candles: MakeCandles, told: list[Told]) -> None:
    rows = 5_000
    file = as_csv(make_candles(rows)) + "\n[soon],1,2,3,4,5\n"
    with pytest.raises(UnsoundFile):
        import_csv(io.BytesIO(file.encode()), "BTC-USD", "1h", "a file", now=1.7e9)
    assert (version(), told, store.list_series()) == (None, [], [])
    import_csv(io.BytesIO(file.encode()), "BTC-USD", "1h", "a file", now=1.7e9, skip_bad=True)
    assert version() == (1, at(rows - 1))
    assert len(told) == 1


def test_a_rolled_back_change_leaves_the_version_before_it(
    make_candles: MakeCandles, told: list[Told]
) -> None:
    put(make_candles(24))

    def write_and_fail() -> None:
        with store.writing("BTC-USD", "1h", "test") as write:
            write(make_candles(48))
            raise KeyError("the file ended early")

    with pytest.raises(KeyError):
        write_and_fail()
    assert version() == (1, at(23))
    assert len(told) == 1


def test_every_one_of_racing_writers_counts_once(app: Flask, make_candles: MakeCandles) -> None:
    candles = make_candles(80)
    ready = threading.Barrier(8)

    def write(part: int) -> None:
        with app.app_context():
            ready.wait()
            put(candles[10 * part : 10 * part + 10])

    threads = [threading.Thread(target=write, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert version() == (8, at(79))
    assert store.list_series()[0].rows == 80


def counted() -> list[store.Series]:
    """What the candles themselves say is stored."""
    with db.engine.connect() as connection:
        rows = connection.execute(text("SELECT ticker, interval, timestamp, source FROM candles")).all()
    sizes = Counter((row.ticker, row.interval) for row in rows)
    found = []
    for pair in sorted(sizes):
        own = [row for row in rows if (row.ticker, row.interval) == pair]
        times = [int(row.timestamp.timestamp()) for row in own]
        sources = tuple(sorted({row.source for row in own}))
        found.append(store.Series(*pair, min(times), max(times), sizes[pair], sources))
    return found


WRITES = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.integers(0, 30),
        st.integers(1, 15),
        st.floats(1, 2),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@given(writes=WRITES)
@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_listing_says_what_the_candles_say_whatever_was_written(
    make_candles: MakeCandles, writes: list[tuple[str, int, int, float, bool]]
) -> None:
    db.session.execute(text("TRUNCATE candles, series_versions"))
    db.session.commit()
    candles = make_candles(60)
    for source, first, rows, factor, twice in writes:
        part = candles[first : first + rows]
        # The same candle written twice in one transaction is inserted and then replaced.
        with store.writing("BTC-USD", "1h", source) as write:
            write(part)
            if twice:
                write(replace(part, volume=part.volume * factor))
        assert store.list_series() == counted()


def test_a_long_part_of_several_statements_is_one_change(make_candles: MakeCandles, told: list[Told]) -> None:
    candles = make_candles(25_000, step=60)
    store.upsert("BTC-USD", "1m", "test", candles)
    corrected = replace(candles, volume=candles.volume + 1)
    with store.writing("BTC-USD", "1m", "test") as write:
        write(corrected[12_000:])
        write(corrected[:12_000])
    ends = [int(each.arrival[name].timestamp()) for each in told for name in ("first", "last")]
    assert ends == [int(candles.timestamp[0]), int(candles.timestamp[-1])] * 2
    assert [each.rows for each in told] == [25_000, 25_000]
