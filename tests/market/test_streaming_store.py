"""What the stream process writes: many series at once, and what a source says against what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import InternalError

from server.extensions import db
from server.market import store
from server.market.arrivals import candles_stored
from server.market.bursts import Part, flag_arrival, store_burst
from server.market.candles import Candles
from server.market.changes import SeriesChange
from server.market.soundness import UnsoundCandles
from server.market.sources.contract import Page
from server.market.streaming.checks import Checked, check, is_quiet
from server.market.tables import CandleFlag, CandleRow
from tests.market.backfilled import HOUR
from tests.market.conftest import START

pytestmark = pytest.mark.usefixtures("database")
MakeCandles = Callable[..., Candles]
BITCOIN, ETHER = ("BTC-USD", "1h"), ("ETH-USD", "1h")


@contextmanager
def told() -> Iterator[list[dict[str, Any]]]:
    arrivals: list[dict[str, Any]] = []

    def note(_: object, **arrival: Any) -> None:
        arrivals.append(arrival)

    with candles_stored.connected_to(note):
        yield arrivals


def marks(ticker: str = "BTC-USD") -> dict[int, str]:
    query = (
        select(CandleRow.timestamp, CandleRow.source)
        .where(CandleRow.ticker == ticker)
        .order_by(CandleRow.timestamp)
    )
    with db.engine.connect() as connection:
        return {int(row.timestamp.timestamp()): row.source for row in connection.execute(query)}


def test_new_candles_of_many_series_raise_each_version_once(make_candles: MakeCandles) -> None:
    parts = [
        Part((f"C{number:03}-USD", "1h"), "kraken", make_candles(1 + number % 3)) for number in range(100)
    ]
    with told() as arrivals:
        burst = store_burst(parts)
    assert arrivals == [], "who looks at a room is told first"
    assert {each.pair for each in burst.arrivals} == {part.pair for part in parts}
    assert not burst.busy
    for series in store.list_series():
        assert (series.rows, series.sources) == (1 + int(series.ticker[1:4]) % 3, ("kraken",))
        assert store.series_version(series.ticker, "1h")[0] == 1  # type: ignore[index]


def test_a_burst_and_single_writes_leave_the_same(make_candles: MakeCandles) -> None:
    candles = make_candles(6)
    for pair, write in ((BITCOIN, store_burst), (ETHER, None)):
        for part in (candles[:3], candles[3:]):
            if write:
                write([Part(pair, "kraken", part)])
            else:
                store.upsert(*pair, "kraken", part)
    one, other = store.list_series()
    assert (one.first, one.last, one.rows, one.sources) == (
        other.first,
        other.last,
        other.rows,
        other.sources,
    )
    assert store.series_version(*BITCOIN) == store.series_version(*ETHER)


def test_a_candle_that_is_stored_otherwise_is_replaced_and_told_of(make_candles: MakeCandles) -> None:
    candles = make_candles(3)
    store.upsert(*BITCOIN, "sample", candles)
    other = Candles(*(getattr(candles, name)[:2] for name in candles.__slots__))
    with told() as arrivals:
        burst = store_burst([Part(BITCOIN, "kraken", other)])
    assert arrivals == [], "who looks at a room is told first"
    (arrival,) = burst.arrivals
    opens = [int(moment.timestamp()) for moment in (arrival.first, arrival.last)]
    assert (arrival.pair, opens) == (BITCOIN, [START, START + HOUR])
    assert list(marks().values()) == ["kraken", "kraken", "sample"]
    assert store_burst([Part(BITCOIN, "kraken", other)]).arrivals == [], "nothing is different now"


def test_what_is_new_and_what_is_replaced_is_one_arrival(make_candles: MakeCandles) -> None:
    candles = make_candles(4)
    store.upsert(*BITCOIN, "sample", candles[:2])
    (arrival,) = store_burst([Part(BITCOIN, "kraken", candles)]).arrivals
    assert [int(moment.timestamp()) for moment in (arrival.first, arrival.last)] == [START, START + 3 * HOUR]
    (series,) = store.list_series()
    assert (series.rows, series.sources) == (4, ("kraken",))


_FAILING = """
    CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'away'; END $$;
    CREATE TRIGGER away BEFORE UPDATE ON candles FOR EACH ROW EXECUTE FUNCTION away()
"""


def test_a_burst_that_fails_leaves_nothing_that_nobody_is_told_of(make_candles: MakeCandles) -> None:
    candles = make_candles(2)
    store.upsert(*BITCOIN, "sample", candles)
    parts = [Part(pair, "kraken", candles) for pair in (ETHER, BITCOIN)]
    with db.engine.begin() as connection:
        # Replacing a candle fails, as it does while the database goes away.
        connection.execute(text(_FAILING))
    try:
        with pytest.raises(InternalError):
            store_burst(parts)
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("DROP FUNCTION away CASCADE"))
    assert {each.pair for each in store_burst(parts).arrivals} == {BITCOIN, ETHER}


def test_a_series_that_somebody_else_writes_waits_and_the_others_do_not(make_candles: MakeCandles) -> None:
    with db.engine.begin() as connection:
        SeriesChange(connection, *BITCOIN, "file")
        burst = store_burst([Part(pair, "kraken", make_candles(2)) for pair in (BITCOIN, ETHER)])
        assert burst.busy == {BITCOIN}
        assert [each.pair for each in burst.arrivals] == [ETHER]
    assert not store.has_series(*BITCOIN)
    assert not store_burst([Part(BITCOIN, "kraken", make_candles(2))]).busy


def test_an_unsound_candle_keeps_the_whole_burst_out(make_candles: MakeCandles) -> None:
    wrong = make_candles(2, timestamp=[START, START + 7])
    with pytest.raises(UnsoundCandles):
        store_burst([Part(ETHER, "kraken", make_candles(2)), Part(BITCOIN, "kraken", wrong)])
    assert not store.has_series(*ETHER)


def test_what_stands_out_in_a_burst_is_flagged(make_candles: MakeCandles) -> None:
    candles = make_candles(201)
    store.upsert(*BITCOIN, "kraken", candles[:200])
    last = candles[200:]
    jump = Candles(
        last.timestamp, *(getattr(last, name) * 3 for name in ("open", "high", "low", "close")), last.volume
    )
    (arrival,) = store_burst([Part(BITCOIN, "kraken", jump)]).arrivals
    flag_arrival(arrival)
    assert db.session.scalars(select(CandleFlag.kind)).all() == ["jump"]


@dataclass
class Asked:
    """A source that answers what it is told to, one answer after the other; then the last one again."""

    answers: list[Candles]
    mark: str = "kraken"
    name: str = "kraken"
    calls: int = field(default=0)

    def fetch_candles(self, ticker: str, interval: str, since: int, until: int | None = None) -> Page:
        candles = self.answers[min(self.calls, len(self.answers) - 1)]
        self.calls += 1
        inside = (candles.timestamp >= since) & (True if until is None else candles.timestamp < until)
        return Page(candles[inside], self.mark, None, float(candles.timestamp[-1]) + HOUR)


def checked(source: Asked, missed: frozenset[int] | set[int] = frozenset()) -> Checked:
    return check(source, BITCOIN, START, missed, most_flat=2)  # type: ignore[arg-type]


def without(candles: Candles, *rows: int) -> Candles:
    return candles[~np.isin(np.arange(len(candles)), rows)]


def test_a_time_without_trades_is_filled_flat_when_two_checks_lack_it(make_candles: MakeCandles) -> None:
    candles = make_candles(8)
    source = Asked([without(candles, 3, 4)])
    first = checked(source)
    assert first.missing == {START + 3 * HOUR, START + 4 * HOUR}
    assert first.until == START, "what was written is looked at again"
    second = checked(source, first.missing)
    assert {opened: marks()[opened] for opened in first.missing} == dict.fromkeys(
        first.missing, "kraken:flat"
    )
    flat = store.load_candles(*BITCOIN)[3:5]
    assert set(flat.close) == set(flat.open) == {candles.close[2]}
    assert not flat.volume.any()
    assert second.until == START + 8 * HOUR


def test_what_answers_lack_by_fault_is_not_filled(make_candles: MakeCandles) -> None:
    candles = make_candles(8)
    first = checked(Asked([without(candles, 3)]))
    checked(Asked([without(candles, 3), candles]), first.missing)
    checked(Asked([candles]))
    np.testing.assert_array_equal(store.load_candles(*BITCOIN).close, candles.close)
    assert set(marks().values()) == {"kraken"}


def test_an_outage_stays_a_gap(make_candles: MakeCandles) -> None:
    source = Asked([without(make_candles(9), 3, 4, 5)])
    done = checked(source, checked(source).missing)
    assert done.until == START + 9 * HOUR
    assert len(marks()) == 6


def test_candles_of_another_exchange_are_left_as_they_are(make_candles: MakeCandles) -> None:
    candles = make_candles(6)
    other = Candles(candles.timestamp, *(getattr(candles, name) * 1.001 for name in candles.__slots__[1:]))
    store.upsert(*BITCOIN, "binance:BTC/USDT", other[:3])
    done = checked(Asked([candles]))
    assert list(marks().values()) == ["binance:BTC/USDT"] * 3 + ["kraken"] * 3
    np.testing.assert_array_equal(store.load_candles(*BITCOIN)[:3].close, other[:3].close)
    assert set(done.written) == set(candles[3:].timestamp.tolist())


def test_a_market_is_quiet_by_its_exchange_s_own_time() -> None:
    newest = START
    for later, quiet in ((3, False), (4, True)):
        done = Checked(START, newest=newest, exchange_time=float(newest + later * HOUR))
        assert is_quiet(BITCOIN, done) == quiet
    assert is_quiet(BITCOIN, Checked(START))


def test_the_lock_of_a_burst_is_the_one_that_every_writer_takes() -> None:
    with db.engine.begin() as connection:
        SeriesChange(connection, *BITCOIN, "file")
        query = text("SELECT pg_try_advisory_xact_lock(hashtext('candles'), hashtext('BTC-USD 1h'))")
        with db.engine.begin() as other:
            assert other.execute(query).scalar() is False
