"""Old candles go when nobody needs them, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import text

from server.config import Settings
from server.extensions import db
from server.market import cleaning, schedules, store, stored_gaps
from server.market.backfilling import Backfills
from server.market.candles import Candles
from server.market.commands import market
from server.market.jobs import Jobs
from server.market.outliers import find_outliers
from server.market.sources.order import Sources
from server.market.tables import COMPLETED
from tests.market.backfilled import Told
from tests.market.conftest import START

MINUTE, DAY = 60, 86_400
SERIES = ("BTC-USD", "1m")
ROWS = 5 * 1440
"""Five days of minutes."""
MakeCandles = Callable[..., Candles]

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def cleaned(market_settings: Settings) -> Settings:
    """Two days of minutes are kept, of five minutes all, of a quarter of an hour one day."""
    return replace(market_settings, market_keep_days_1m=2, market_keep_days_5m=0, market_keep_days_15m=1)


@pytest.fixture
def minutes(make_candles: MakeCandles) -> Candles:
    return make_candles(ROWS, step=MINUTE)


EXCHANGES = ("coinbase", "kraken")
LAST = START + (ROWS - 1) * MINUTE


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def first_stored(ticker: str = "BTC-USD", interval: str = "1m") -> int:
    return int(store.load_candles(ticker, interval).timestamp[0])


@pytest.mark.usefixtures("app")
def test_what_is_older_than_is_kept_goes_and_the_version_rises(cleaned: Settings, minutes: Candles) -> None:
    store.upsert(*SERIES, "coinbase", minutes)
    before = store.series_version(*SERIES)
    ((plan, deleted),) = cleaning.clean(cleaned, EXCHANGES)
    assert (plan.rows, plan.held_by) == (deleted, None)
    left = store.load_candles(*SERIES)
    np.testing.assert_array_equal(left.timestamp, minutes.timestamp[minutes.timestamp >= LAST - 2 * DAY])
    (series,) = store.list_series()
    assert (series.first, series.last, series.rows) == (LAST - 2 * DAY, LAST, len(left))
    after = store.series_version(*SERIES)
    assert before is not None
    assert after is not None
    assert after[0] > before[0]
    assert cleaning.clean(cleaned, EXCHANGES)[0][1] == 0, "there is nothing left to do"
    assert store.series_version(*SERIES) == after


def test_a_series_that_ended_long_ago_keeps_its_last_days(cleaned: Settings, minutes: Candles) -> None:
    store.upsert(*SERIES, "coinbase", minutes[-100:])
    assert cleaning.clean(cleaned, EXCHANGES)[0][1] == 0


def test_coarser_intervals_and_those_kept_for_ever_stay(cleaned: Settings, make_candles: MakeCandles) -> None:
    for interval, step in (("5m", 300), ("15m", 900), ("1h", 3600), ("1d", DAY)):
        store.upsert("BTC-USD", interval, "coinbase", make_candles(3 * DAY // step + 3, step=step))
    deleted = {plan.interval: deleted for plan, deleted in cleaning.clean(cleaned, EXCHANGES)}
    assert deleted == {"15m": 2 * 96 + 2}
    for interval in ("5m", "1h", "1d"):
        assert first_stored(interval=interval) == START


def test_what_no_exchange_can_send_again_stays_with_all_that_follows(
    cleaned: Settings, minutes: Candles
) -> None:
    store.upsert(*SERIES, "coinbase", minutes)
    store.upsert(*SERIES, "a file", minutes[1000:1010])
    store.upsert(*SERIES, "coinbase:flat", minutes[500:503])
    ((plan, deleted),) = cleaning.clean(cleaned, EXCHANGES)
    assert (deleted, plan.held_by) == (1000, "candles that no configured exchange sent")
    assert first_stored() == minutes.timestamp[1000]
    assert stored_gaps.gap_report(*SERIES).gaps == (), "cleaning makes no gap"


def insert_model(start: int) -> None:
    db.session.execute(
        text("""
            INSERT INTO models (id, ticker, interval, model_type, version, status, reason, lookback, horizon,
                                spec, metrics, baseline, data, trained_until, files, size_bytes)
            VALUES ('m', 'BTC-USD', '1m', 'CNN', 1, 'archived', '', 30, 1, '{}', '{}', '{}',
                    jsonb_build_object('start', CAST(:start AS text)), now(), '{}', 0)
        """),
        {"start": at(start).isoformat().replace("+00:00", "Z")},
    )
    db.session.commit()


def insert_session(start: int, finished: bool = False) -> None:
    db.session.execute(
        text("""
            INSERT INTO training_sessions (id, ticker, interval, model_type, params, status, epoch,
                                           total_epochs, progress, attempt, crashes, last_seq, finished_at)
            VALUES ('s', 'BTC-USD', '1m', 'CNN', jsonb_build_object('start_date', CAST(:start AS text)),
                    'PENDING', 0, 1, 0, 0, 0, 0, CASE WHEN :finished THEN now() END)
        """),
        {"start": at(start).isoformat(timespec="milliseconds").replace("+00:00", "Z"), "finished": finished},
    )
    db.session.commit()


def insert_forecast(origin: int, settled: int = 0) -> None:
    db.session.execute(
        text("""
            INSERT INTO predictions (request_id, ticker, interval, model_id, model_type, model_version,
                                     trigger, live, origin, origin_close, horizon, settled_steps, requested,
                                     warnings)
            VALUES ('p', 'BTC-USD', '1m', 'm', 'CNN', 1, 'request', true, :origin, 1, 2, :settled, '{}', '[]')
        """),
        {"origin": at(origin), "settled": settled},
    )
    db.session.commit()


@pytest.mark.parametrize(
    ("insert", "held_by", "needed"),
    [
        (insert_model, "a model", 0),
        (insert_session, "a training", 0),
        (insert_forecast, "a forecast that is not scored yet", -1000 * MINUTE),
    ],
)
def test_what_a_model_a_training_or_a_forecast_needs_stays(
    cleaned: Settings, minutes: Candles, insert: Callable[[int], None], held_by: str, needed: int
) -> None:
    store.upsert(*SERIES, "coinbase", minutes)
    store.upsert("ETH-USD", "1m", "coinbase", minutes)
    start = START + 2 * DAY
    insert(start)
    done = {plan.ticker: (plan, deleted) for plan, deleted in cleaning.clean(cleaned, EXCHANGES)}
    assert done["BTC-USD"][0].held_by == held_by
    assert first_stored() == start + needed
    assert first_stored("ETH-USD") == LAST - 2 * DAY, "another series is not held"


def test_a_forecast_whose_candle_fell_into_an_outage_long_ago_holds_nothing(
    cleaned: Settings, minutes: Candles
) -> None:
    store.upsert(*SERIES, "coinbase", minutes)
    insert_forecast(LAST)
    month = replace(minutes, timestamp=minutes.timestamp + 30 * DAY)
    store.upsert(*SERIES, "coinbase", month)
    cleaning.clean(cleaned, EXCHANGES)
    assert first_stored() == LAST - 1000 * MINUTE, "its candle may still come"
    store.upsert(*SERIES, "coinbase", replace(minutes, timestamp=minutes.timestamp + 92 * DAY))
    cleaning.clean(cleaned, EXCHANGES)
    assert first_stored() == LAST + 92 * DAY - 2 * DAY


def test_what_has_ended_holds_nothing(cleaned: Settings, minutes: Candles) -> None:
    store.upsert(*SERIES, "coinbase", minutes)
    insert_session(START, finished=True)
    insert_forecast(START, settled=2)
    cleaning.clean(cleaned, EXCHANGES)
    assert first_stored() == LAST - 2 * DAY


def test_flags_go_with_their_candles_and_those_left_are_judged_by_the_past_that_is_left(
    cleaned: Settings, minutes: Candles
) -> None:
    rows = [100, 1000, ROWS - 2 * 1440 + 60, ROWS - 10]
    high = minutes.high.copy()
    high[rows] *= 10
    store.upsert(*SERIES, "coinbase", replace(minutes, high=high))
    assert len(find_outliers(replace(minutes, high=high), MINUTE)) == 4
    cleaning.clean(cleaned, EXCHANGES)
    expected = [each.timestamp for each in find_outliers(store.load_candles(*SERIES), MINUTE)]
    query = text("SELECT extract(epoch FROM timestamp)::bigint FROM candle_flags ORDER BY timestamp")
    assert db.session.execute(query).scalars().all() == expected


def test_an_import_that_ends_while_it_is_asked_what_may_go_is_kept(
    app: Flask, cleaned: Settings, minutes: Candles, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.upsert(*SERIES, "coinbase", minutes[100:])
    waiting = [minutes[:100]]

    def need(ticker: str, interval: str) -> None:
        if waiting:
            store.upsert(ticker, interval, "a file", waiting.pop())

    monkeypatch.setitem(app.extensions["candle_needs"], "nothing", need)
    ((plan, deleted),) = cleaning.clean(cleaned, EXCHANGES)
    assert (plan.held_by, deleted) == (None, 0), "the plan was made before"
    assert first_stored() == START


def test_in_small_batches_the_same_goes(
    cleaned: Settings, minutes: Candles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "BATCH_ROWS", 1000)
    store.upsert(*SERIES, "coinbase", minutes)
    cleaning.clean(cleaned, EXCHANGES)
    assert first_stored() == LAST - 2 * DAY


@pytest.fixture
def backfills(cleaned: Settings) -> Iterator[Backfills]:
    with closing(Sources(cleaned)) as sources:
        yield Backfills(Jobs(Told()), sources, cleaned)


def test_the_schedule_cleans_and_keeps_what_came_of_it(backfills: Backfills, minutes: Candles) -> None:
    store.upsert(*SERIES, "kraken", minutes)
    run = schedules.run("cleanup", backfills, "a worker")
    assert run["status"] == COMPLETED
    assert run["result"]["deleted"] == run["result"]["series"]["BTC-USD 1m"]["deleted"] > 4000
    last = {each["name"]: each["last_run"] for each in schedules.listing()}
    assert last["cleanup"] == run


def test_by_default_two_years_of_minutes_are_kept_and_a_file_for_ever(settings: Settings) -> None:
    assert cleaning.keep_days(settings) == {"1m": 730, "5m": 1825}


def test_a_dry_run_says_what_would_go_and_deletes_nothing(
    app: Flask, cleaned: Settings, minutes: Candles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS", cleaned)
    monkeypatch.setenv("COLUMNS", "160")
    run: Callable[..., Any] = app.test_cli_runner().invoke
    assert "No series" in run(market, ["clean"]).output
    store.upsert(*SERIES, "kraken", minutes)
    dry = run(market, ["clean", "--dry-run"])
    assert "would go" in dry.output, dry.output
    going = f"{int((minutes.timestamp < LAST - 2 * DAY).sum()):,}"
    assert going in dry.output
    assert first_stored() == START
    assert going in run(market, ["clean"]).output
    assert first_stored() == LAST - 2 * DAY
    assert at(first_stored()) == at(LAST) - timedelta(days=2)
