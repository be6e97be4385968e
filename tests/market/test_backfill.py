"""Backfills from the local exchange by the real classes of ccxt: each fault recovered, or named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from sqlalchemy import text

from server.extensions import db
from server.market import store, stored_gaps
from server.market.backfill import Left, Progress, Span, Wanted, backfill, missing_spans
from server.market.candles import COLUMNS, Candles
from server.market.sources.ccxt_rest import CcxtSource
from server.market.sources.contract import HistoryNotOffered, Page, SourceRefused, SourceUnreachable
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.backfilled import NOON

HOUR = 3600
SERIES = ("BTC-USD", "1h")
PATHS = {"binance": "klines", "kraken": "OHLC", "coinbase": "candles"}
SourceOf = Callable[..., CcxtSource]

pytestmark = pytest.mark.usefixtures("database")


def recorded(since: int, until: int) -> Candles:
    sample = sample_candles()
    first, end = np.searchsorted(sample.timestamp, [since, until])
    return sample[int(first) : int(end)]


def stored(since: int = 0) -> Candles:
    found = store.load_candles(*SERIES)
    return found[found.timestamp >= since]


def sources_stored() -> list[str]:
    rows = db.session.execute(text("SELECT source FROM candles ORDER BY timestamp"))
    return [row.source for row in rows]


def assert_same(found: Candles, expected: Candles) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)


def run(source: CcxtSource, since: int, until: int | None = None, **more: object) -> Progress:
    wanted = Wanted(*SERIES, since, until, **more)  # type: ignore[arg-type]
    return backfill(wanted, lambda _: source, lambda _: True)


@pytest.mark.parametrize("name", list(PATHS))
def test_the_store_equals_the_source_and_the_unfinished_candle_stays_away(
    source_of: SourceOf, name: str
) -> None:
    progress = run(source_of(name), NOON - 700 * HOUR)
    assert_same(stored(), recorded(NOON - 700 * HOUR, NOON))
    assert progress.complete
    assert (progress.percentage, progress.source) == (100.0, name)
    assert (progress.stored, progress.filled, progress.missing) == (700, 0, 0)


def test_repeated_it_asks_for_the_newest_alone_and_changes_nothing(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    run(source_of("coinbase"), NOON - 700 * HOUR)
    version = store.series_version(*SERIES)
    exchange.forget_calls()
    progress = run(source_of("coinbase"), NOON - 700 * HOUR)
    assert store.series_version(*SERIES) == version
    assert progress.stored == 0
    assert len(exchange.calls("candles")) == 1


def test_a_whole_range_that_is_stored_asks_nothing(source_of: SourceOf, exchange: RunningExchange) -> None:
    source = source_of("binance")
    run(source, NOON - 100 * HOUR, NOON)
    exchange.forget_calls()
    progress = run(source, NOON - 100 * HOUR, NOON)
    assert progress.complete
    assert exchange.calls() == []


def test_one_that_was_stopped_goes_on_where_the_stored_candles_end(
    source_of: SourceOf, exchange: RunningExchange
) -> None:
    wanted = Wanted(*SERIES, NOON - 1500 * HOUR, NOON)
    progress = backfill(wanted, lambda _: source_of("coinbase"), lambda done: done.pages < 2)
    assert not progress.complete
    assert len(stored()) == 600
    exchange.forget_calls()
    progress = backfill(wanted, lambda _: source_of("coinbase"), lambda _: True)
    assert progress.complete
    assert progress.stored == 900
    assert_same(stored(), recorded(NOON - 1500 * HOUR, NOON))


def test_another_attempt_goes_on_counting_and_knows_who_failed_before() -> None:
    left = [Left("coinbase", 300, "source_refused", "coinbase refuses")]
    before = Progress(
        source="kraken", pages=2, fetched=400, stored=390, filled=4, missing=3, gaps=1, left=left
    )
    after = Progress.resumed(json.loads(json.dumps(before.counts())))
    assert after == Progress(source="kraken", pages=2, fetched=400, stored=390, filled=4, left=left)
    assert Progress.resumed({}) == Progress()


def test_what_came_before_a_failure_is_stored(source_of: SourceOf, exchange: RunningExchange) -> None:
    source = source_of("coinbase")
    source.markets()

    def break_it(progress: Progress) -> bool:
        if progress.pages == 2:
            exchange.fault("status", where="candles", times=None, status=403)
        return True

    with pytest.raises(SourceRefused):
        backfill(Wanted(*SERIES, NOON - 1500 * HOUR, NOON), lambda _: source, break_it)
    assert len(stored()) == 600


PASSING = ["cut", "malformed", "wrong_shape", "wrong_price", "not_a_number", "off_grid", "duplicate",
           "out_of_order", "missing"]  # fmt: skip


@pytest.mark.parametrize("name", list(PATHS))
def test_every_fault_that_passes_leaves_the_store_equal_to_the_source(
    source_of: SourceOf, exchange: RunningExchange, name: str
) -> None:
    source = source_of(name)
    source.markets()
    for number, kind in enumerate(PASSING, start=1):
        exchange.fault(kind, where=PATHS[name])
        run(source, NOON - 700 * HOUR, NOON - (700 - 70 * number) * HOUR)
    exchange.fault("status", where=PATHS[name], status=429, retry_after=0.1)
    run(source, NOON - 700 * HOUR, NOON)
    assert_same(stored(), recorded(NOON - 700 * HOUR, NOON))
    assert set(sources_stored()) == {name if name != "binance" else "binance:BTC/USDT"}


def test_a_source_that_stays_away_is_named(source_of: SourceOf, exchange: RunningExchange) -> None:
    source = source_of("kraken")
    source.markets()
    exchange.fault("status", where="OHLC", times=None, status=500)
    with pytest.raises(SourceUnreachable, match="kraken"):
        run(source, NOON - 10 * HOUR)
    assert not store.has_series(*SERIES)


def test_history_that_a_source_does_not_keep_is_named(source_of: SourceOf) -> None:
    with pytest.raises(HistoryNotOffered, match="keeps 720"):
        run(source_of("kraken"), NOON - 2000 * HOUR)


@dataclass
class Holes:
    """A source that lacks some candles in each answer, or for good."""

    source: CcxtSource
    lacking: set[int]
    asked: int = 0
    name: str = "binance"

    def fetch_candles(self, ticker: str, interval: str, since: int, until: int | None = None) -> Page:
        page = self.source.fetch_candles(ticker, interval, since, until)
        self.asked += 1
        has = ~np.isin(page.candles.timestamp, list(self.lacking))
        return Page(page.candles[has], page.source, page.next_since, page.exchange_time)


@pytest.fixture
def holes(source_of: SourceOf) -> Callable[..., Holes]:
    return lambda *opens: Holes(source_of("binance"), set(opens))


def test_a_time_without_trades_is_filled_flat_and_marked(holes: Callable[..., Holes]) -> None:
    source = holes(NOON - 5 * HOUR, NOON - 4 * HOUR)
    progress = run(source, NOON - 10 * HOUR, NOON)  # type: ignore[arg-type]
    assert (progress.stored, progress.filled, progress.missing) == (8, 2, 0)
    assert source.asked == 2, "a hole is believed when a second answer has it too"
    filled = stored()[5:7]
    before = recorded(NOON - 6 * HOUR, NOON - 5 * HOUR).close[0]
    assert filled.timestamp.tolist() == [NOON - 5 * HOUR, NOON - 4 * HOUR]
    for column in ("open", "high", "low", "close"):
        assert getattr(filled, column).tolist() == [before, before]
    assert filled.volume.tolist() == [0, 0]
    assert sources_stored()[4:8] == ["binance:BTC/USDT", *["binance:BTC/USDT:flat"] * 2, "binance:BTC/USDT"]


def test_an_outage_stays_a_gap_and_is_counted(holes: Callable[..., Holes]) -> None:
    source = holes(*(NOON - hours * HOUR for hours in range(3, 9)))
    progress = run(source, NOON - 12 * HOUR, NOON)  # type: ignore[arg-type]
    assert (progress.filled, progress.missing, progress.gaps) == (0, 6, 1)
    (gap,) = stored_gaps.gap_report(*SERIES).gaps
    assert (gap.first, gap.candles) == (NOON - 8 * HOUR, 6)


def test_an_outage_that_the_source_made_good_is_repaired(
    source_of: SourceOf, holes: Callable[..., Holes]
) -> None:
    run(holes(*(NOON - hours * HOUR for hours in range(3, 9))), NOON - 12 * HOUR, NOON)  # type: ignore[arg-type]
    progress = run(source_of("binance"), NOON - 12 * HOUR, NOON)
    assert progress.stored == 6
    assert_same(stored(), recorded(NOON - 12 * HOUR, NOON))


def test_nothing_is_filled_in_without_a_candle_on_both_sides(holes: Callable[..., Holes]) -> None:
    run(holes(NOON - 10 * HOUR, NOON - HOUR), NOON - 10 * HOUR, NOON)  # type: ignore[arg-type]
    assert_same(stored(), recorded(NOON - 9 * HOUR, NOON - HOUR))


def test_a_hole_at_the_seam_of_two_backfills_is_filled_from_the_sources_own_neighbours(
    holes: Callable[..., Holes],
) -> None:
    source = holes(NOON - 5 * HOUR)
    run(source, NOON - 10 * HOUR, NOON - 5 * HOUR)  # type: ignore[arg-type]
    progress = run(source, NOON - 10 * HOUR, NOON)  # type: ignore[arg-type]
    assert (progress.stored, progress.filled) == (4, 1)


def test_candles_of_another_source_are_kept(source_of: SourceOf) -> None:
    other = recorded(NOON - 8 * HOUR, NOON - 4 * HOUR)
    other = Candles(*(getattr(other, name) * (1 if name == "timestamp" else 2) for name in COLUMNS))
    store.upsert(*SERIES, "a file", other)
    for refresh in (False, True):
        run(source_of("kraken"), NOON - 12 * HOUR, NOON, refresh=refresh)
        assert sources_stored() == [*["kraken"] * 4, *["a file"] * 4, *["kraken"] * 4]


def test_a_refresh_replaces_what_the_source_corrected(source_of: SourceOf) -> None:
    wrong = recorded(NOON - 4 * HOUR, NOON)
    wrong = Candles(*(getattr(wrong, name) * (1 if name == "timestamp" else 2) for name in COLUMNS))
    store.upsert(*SERIES, "kraken", wrong)
    assert run(source_of("kraken"), NOON - 4 * HOUR).stored == 0
    assert run(source_of("kraken"), NOON - 4 * HOUR, refresh=True).stored == 4
    assert_same(stored(), recorded(NOON - 4 * HOUR, NOON))


def test_missing_parts_that_are_near_are_asked_for_together() -> None:
    kept = np.concatenate([np.arange(10, 20), np.arange(30, 500)]) * HOUR
    spans = missing_spans(Wanted(*SERIES, 0, 510 * HOUR), kept)
    assert spans == [Span(0, 30 * HOUR), Span(500 * HOUR, 510 * HOUR)]
    assert missing_spans(Wanted(*SERIES, 12 * HOUR), kept[2:]) == [
        Span(20 * HOUR, 30 * HOUR),
        Span(500 * HOUR, None),
    ]
