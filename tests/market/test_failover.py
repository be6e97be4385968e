"""A source that fails in the middle of a backfill, and what goes on in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from server.config import Settings
from server.extensions import db
from server.market import jobs
from server.market.backfill import Progress
from server.market.backfilling import ATTEMPTS, Backfills, ask_for
from server.market.job_schemas import MarketJobSchema
from server.market.jobs import Jobs
from server.market.sources.contract import Page
from server.market.sources.order import Sources
from server.market.tables import CANCELLED, COMPLETED, FAILED, PENDING, MarketJob
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON, SERIES, Told, equals_the_source, hours_ago

PAGE = 300
"""Candles of a page of Coinbase."""

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def settings_of(market_settings: Settings) -> Callable[..., Settings]:
    """Settings whose breaker opens at once, so that no call is tried again and again."""
    quick = replace(market_settings, source_patience_seconds=0.1, source_failures=1)
    return lambda **more: replace(quick, **more)


@pytest.fixture
def backfills_of(settings_of: Callable[..., Settings], told: Told) -> Iterator[Callable[..., Backfills]]:
    made: list[Sources] = []

    def make(**more: Any) -> Backfills:
        settings = settings_of(**more)
        made.append(Sources(settings))
        return Backfills(Jobs(told), made[-1], settings)

    yield make
    for sources in made:
        with closing(sources):
            pass


def run(backfills: Backfills, *series: str, hours: int, after_page: Callable[[Progress], Any]) -> MarketJob:
    job = ask_for(backfills.jobs, *(series or SERIES), hours_ago(hours))
    ended = backfills.run(job.id, "a worker", on_progress=after_page)
    assert ended is not None
    return ended


def after_pages(pages: int, act: Callable[[], Any]) -> Callable[[Progress], None]:
    def note(progress: Progress) -> None:
        if progress.pages == pages:
            act()

    return note


def nothing(_: Progress) -> None:
    """After a page nothing happens."""


def rows_by_source() -> dict[str, int]:
    found = db.session.execute(text("SELECT source, count(*) AS rows FROM candles GROUP BY source"))
    return {row.source: row.rows for row in found}


FAULTS: dict[str, dict[str, Any]] = {
    "5xx for ever": {"kind": "status", "status": 503},
    "refused": {"kind": "status", "status": 403},
    "nonsense": {"kind": "malformed"},
    "cut": {"kind": "cut"},
}


@pytest.mark.parametrize("fault", list(FAULTS.values()), ids=list(FAULTS))
def test_the_next_source_goes_on_from_the_last_stored_candle(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange, told: Told, fault: dict[str, Any]
) -> None:
    def break_coinbase() -> None:
        exchange.forget_calls()
        exchange.fault(where="candles", times=None, **fault)

    ended = run(backfills_of(), hours=700, after_page=after_pages(1, break_coinbase))
    assert (ended.status, ended.percentage, ended.error) == (COMPLETED, 100.0, None)
    assert equals_the_source("BTC-USD", NOON - 700 * HOUR, NOON)
    assert rows_by_source() == {"coinbase": PAGE, "kraken": 400}
    assert (ended.counts["source"], ended.counts["fetched"]) == ("kraken", 701), "one more for the seam"
    (left,) = ended.counts["left"]
    assert (left["source"], left["fetched"]) == ("coinbase", PAGE)
    assert "coinbase" in left["message"]
    assert not MarketJobSchema().validate(jobs.payload(ended))
    noted = [payload["counts"].get("left") for _, _, payload in told.messages]
    assert [left] in noted[:-1], "the room hears of it before the end"


@pytest.mark.parametrize(
    ("retry_after", "sources"), [(600, {"coinbase": PAGE}), (7200, {"coinbase": PAGE, "kraken": 400})]
)
def test_a_source_that_asks_for_more_patience_than_a_job_has_is_left(
    backfills_of: Callable[..., Backfills],
    exchange: RunningExchange,
    retry_after: int,
    sources: dict[str, int],
) -> None:
    limit = {"kind": "status", "where": "candles", "times": None, "status": 429, "retry_after": retry_after}
    ended = run(backfills_of(), hours=700, after_page=after_pages(1, lambda: exchange.fault(**limit)))
    assert rows_by_source() == sources
    assert ended.status == (COMPLETED if "kraken" in sources else PENDING)


def test_what_the_next_source_has_is_not_counted_as_missing(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    backfills = backfills_of()
    coinbase = backfills.sources.of("coinbase")
    ask: Callable[..., Page] = coinbase.fetch_candles
    outage = [NOON - hours * HOUR for hours in range(590, 600)]

    def with_an_outage(*question: Any) -> Page:
        page = ask(*question)
        has = ~np.isin(page.candles.timestamp, outage)
        return Page(page.candles[has], page.source, page.next_since, page.exchange_time)

    def note(progress: Progress) -> None:
        if not progress.left and progress.missing:
            exchange.fault("status", where="candles", times=None, status=403)

    monkeypatch.setattr(coinbase, "fetch_candles", with_an_outage)
    ended = run(backfills, hours=700, after_page=note)
    assert [each["source"] for each in ended.counts["left"]] == ["coinbase"]
    assert (ended.counts["missing"], ended.counts["gaps"]) == (0, 0)
    assert equals_the_source("BTC-USD", NOON - 700 * HOUR, NOON)


def test_a_market_that_one_exchange_delists_meanwhile_is_fetched_elsewhere(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    backfills = backfills_of()

    def delist() -> None:
        exchange.delist("BTC", where="coinbase")
        # As an hour later, when the list of markets is asked for anew.
        backfills.sources.of("coinbase").forget_markets()

    ended = run(backfills, hours=700, after_page=after_pages(1, delist))
    assert ended.status == COMPLETED
    assert rows_by_source() == {"coinbase": PAGE, "kraken": 400}
    assert ended.counts["left"][0]["error_code"] == "market_inactive"
    assert equals_the_source("BTC-USD", NOON - 700 * HOUR, NOON)
    priced = backfills.sources.prices(["BTC-USD", "ETH-USD"])
    assert {ticker: price.source for ticker, price in priced.items()} == {
        "BTC-USD": "kraken",
        "ETH-USD": "coinbase",
    }


def test_a_source_that_does_not_keep_candles_so_old_is_passed_over(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    exchange_fault = {"kind": "status", "where": "candles", "times": None, "status": 403}
    ended = run(
        backfills_of(), hours=1500, after_page=after_pages(1, lambda: exchange.fault(**exchange_fault))
    )
    assert ended.status == COMPLETED
    assert rows_by_source() == {"coinbase": PAGE, "binance:BTC/USDT": 1200}
    assert equals_the_source("BTC-USD", NOON - 1500 * HOUR, NOON)


def test_when_none_is_left_the_job_ends_with_what_each_said(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    def break_all() -> None:
        exchange.fault("status", where="candles", times=None, status=403)
        exchange.fault("status", where="OHLC", times=None, status=401)
        exchange.fault("status", where="klines", times=None, status=451)

    ended = run(backfills_of(), hours=700, after_page=after_pages(1, break_all))
    assert ended.status == FAILED
    assert ended.error is not None
    assert ended.error["error_code"] == "no_source"
    for name in ("coinbase", "kraken", "binance"):
        assert f"{name} refuses" in ended.error["message"]
    assert set(ended.error["details"]["reasons"].values()) == {"source_refused"}
    assert [each["source"] for each in ended.counts["left"]] == ["coinbase", "kraken", "binance"]
    assert rows_by_source() == {"coinbase": PAGE}, "what came before is kept"


def test_what_may_pass_is_tried_again_later_and_then_given_up(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    backfills = backfills_of()
    for name in ("coinbase", "kraken", "binance"):
        backfills.sources.of(name).listing("BTC-USD")
    for path in ("candles", "OHLC", "klines"):
        exchange.fault("status", where=path, times=None, status=500)
    ended = run(backfills, hours=5, after_page=nothing)
    for _ in range(ATTEMPTS - 1):
        assert ended.status == PENDING
        db.session.execute(text("UPDATE market_jobs SET due_at = now()"))
        db.session.commit()
        again = backfills.run(ended.id, "a worker")
        assert again is not None
        ended = again
    assert ended.status == FAILED
    assert ended.error is not None
    for name in ("coinbase", "kraken", "binance"):
        assert f"{name}: {name}" in ended.error["message"]


def test_a_ticker_with_a_source_of_its_own_has_no_other(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    backfills = backfills_of(market_source_of=["BTC-USD=coinbase"])
    fail = after_pages(1, lambda: exchange.fault("status", where="candles", times=None, status=403))
    ended = run(backfills, hours=700, after_page=fail)
    assert ended.status == FAILED
    assert rows_by_source() == {"coinbase": PAGE}


def test_a_job_cancelled_while_its_source_fails_ends_cancelled(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    backfills = backfills_of()
    job = ask_for(backfills.jobs, *SERIES, hours_ago(700))

    def cancel(_: Progress) -> None:
        exchange.fault("status", where="candles", times=None, status=403)
        db.session.execute(text("UPDATE market_jobs SET cancel_requested = true"))
        db.session.commit()

    ended = backfills.run(job.id, "a worker", on_progress=cancel)
    assert ended is not None
    assert ended.status == CANCELLED
    assert rows_by_source() == {"coinbase": PAGE}


def test_a_refresh_of_a_source_that_is_away_is_done_by_the_next_one(
    backfills_of: Callable[..., Backfills], exchange: RunningExchange
) -> None:
    backfills = backfills_of()
    first = ask_for(backfills.jobs, *SERIES, hours_ago(50), hours_ago(10))
    backfills.run(first.id, "a worker")
    exchange.fault("status", where="candles", times=None, status=403)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(34), refresh=True)
    ended = backfills.run(job.id, "a worker")
    assert ended is not None
    assert ended.status == COMPLETED
    assert rows_by_source() == {"coinbase": 40, "kraken": 10}
    assert equals_the_source("BTC-USD", NOON - 50 * HOUR, NOON)


@pytest.mark.parametrize(
    ("ticker", "interval", "sources", "sentence"),
    [
        ("DOGE-USD", "1h", ["coinbase", "kraken"], "lists no market for DOGE-USD"),
        ("WAVES-USD", "1h", ["coinbase", "kraken"], "does not trade WAVES-USD"),
        ("BTC-USD", "4h", ["coinbase"], "coinbase has no candles of 4h; it has 1m, 5m"),
        ("BTC-USD", "1h", ["kraken"], "kraken keeps 720 candles of 1h"),
    ],
)
def test_what_no_source_has_is_said_in_one_attempt(
    backfills_of: Callable[..., Backfills], ticker: str, interval: str, sources: list[str], sentence: str
) -> None:
    backfills = backfills_of(market_sources=sources)
    ended = run(backfills, ticker, interval, hours=2000, after_page=nothing)
    assert ended.status == FAILED
    assert ended.error is not None
    assert ended.error["error_code"] == "no_source"
    for name in sources:
        assert f"{name}: " in ended.error["message"]
    assert sentence in ended.error["message"]


def test_an_interval_that_the_first_exchange_has_not_comes_from_the_next(
    backfills_of: Callable[..., Backfills],
) -> None:
    ended = run(backfills_of(), "BTC-USD", "4h", hours=400, after_page=nothing)
    assert (ended.status, ended.counts["source"], ended.counts["left"]) == (COMPLETED, "kraken", [])
