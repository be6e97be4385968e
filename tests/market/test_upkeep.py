"""What keeps candles and prices new and whole by itself, and how its last run is told."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from server.config import Settings
from server.errors import Conflict
from server.extensions import db
from server.market import follows, schedules, store
from server.market.backfilling import Backfills, ask_for
from server.market.job_schemas import PricesSchema, SchedulesSchema
from server.market.sources.order import Sources
from server.market.tables import COMPLETED, FAILED
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON, SERIES, equals_the_source, hours_ago

pytestmark = pytest.mark.usefixtures("database")


def test_prices_of_followed_tickers_are_kept(backfills: Backfills, client: FlaskClient) -> None:
    follows.follow(*SERIES)
    follows.follow("DOGE-USD", "1h")
    run = schedules.run("prices", backfills, "a worker")
    assert (run["status"], run["result"]) == (COMPLETED, {"prices": 1, "missing": ["DOGE-USD"]})
    answer = client.get("/api/v1/market/prices").json
    assert not PricesSchema().validate(answer)
    assert [each["ticker"] for each in answer["prices"]] == ["BTC-USD"]


def test_history_brings_followed_series_up_to_now_and_takes_in_corrections(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    follows.follow(*SERIES)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(100), hours_ago(10))
    backfills.run(job.id, "a worker")
    wrong = sample_candles()
    row = int(np.searchsorted(wrong.timestamp, NOON - 12 * HOUR))
    part = wrong[row : row + 1]
    store.upsert(*SERIES, "coinbase", replace(part, volume=part.volume + 1))
    run = schedules.run("history", backfills, "a worker")
    assert run["result"]["series"]["BTC-USD 1h"]["stored"] == 11
    assert equals_the_source("BTC-USD", NOON - 100 * HOUR, NOON)


def test_a_new_series_begins_with_what_its_only_exchange_keeps(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    follows.follow(*SERIES)
    exchange.set_clock(now=time.time(), speed=0)
    with closing(Sources(replace(backfills.settings, market_sources=["kraken"]))) as sources:
        run = schedules.run("history", replace(backfills, sources=sources), "a worker")
    begun = run["result"]["series"]["BTC-USD 1h"]
    assert (begun["status"], begun.get("error")) == (COMPLETED, None)
    rows = (time.time() - datetime.fromisoformat(begun["since"]).timestamp()) // HOUR
    assert 690 < rows < 720, "Kraken keeps 720"


def lose(first: int, last: int) -> None:
    """Delete candles between two opens, as a writer that lost them would leave a series."""
    db.session.execute(
        text("DELETE FROM candles WHERE timestamp BETWEEN to_timestamp(:first) AND to_timestamp(:last)"),
        {"first": first, "last": last},
    )
    db.session.commit()


def test_the_gap_audit_repairs_what_the_source_has(backfills: Backfills) -> None:
    follows.follow(*SERIES)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(100), hours_ago(0))
    backfills.run(job.id, "a worker")
    lose(NOON - 50 * HOUR, NOON - 30 * HOUR)
    run = schedules.run("gaps", backfills, "a worker")
    repaired = run["result"]["series"]["BTC-USD 1h"]
    assert (repaired["missing_before"], repaired["missing"]) == (21, 0)
    assert equals_the_source("BTC-USD", NOON - 100 * HOUR, NOON)


@pytest.mark.parametrize(("candles", "flat"), [(3, 3), (9, 0)])
def test_the_first_gap_of_a_series_is_filled_flat_too_where_nothing_was_traded(
    backfills: Backfills, exchange: RunningExchange, candles: int, flat: int
) -> None:
    follows.follow(*SERIES)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(100), hours_ago(0))
    backfills.run(job.id, "a worker")
    lose(NOON - 50 * HOUR, NOON - (51 - candles) * HOUR)
    # The answers begin with the candle before the gap.
    exchange.fault("missing", where="candles", times=None, position=1, candles=candles)
    run = schedules.run("gaps", backfills, "a worker")
    audited = run["result"]["series"]["BTC-USD 1h"]
    assert (audited["missing_before"], audited["missing"], audited["flat"]) == (candles, candles - flat, flat)
    found = store.load_candles(*SERIES)
    row = int(np.searchsorted(found.timestamp, NOON - 50 * HOUR))
    assert (found.close[row : row + flat] == found.close[row - 1]).all()
    assert (found.volume[row : row + flat] == 0).all()


def test_the_sample_is_brought_up_to_now(backfills: Backfills) -> None:
    for ticker in ("BTC-USD", "ETH-USD"):
        part = sample_candles(ticker)
        end = int(np.searchsorted(part.timestamp, NOON - 20 * HOUR))
        store.upsert(ticker, "1h", "the sample", part[end - 50 : end])
    run = schedules.run("sample", backfills, "a worker")
    assert run["result"]["reached"]
    for ticker in ("BTC-USD", "ETH-USD"):
        assert equals_the_source(ticker, NOON - 70 * HOUR, NOON)


def test_without_an_exchange_the_sample_is_what_there_is(
    backfills: Backfills, market_settings: Settings
) -> None:
    nowhere = [f"{name}=http://127.0.0.1:1" for name in ("coinbase", "kraken", "binance")]
    quick = replace(market_settings, exchange_urls=nowhere, source_failures=1)
    with closing(Sources(quick)) as sources:
        run = schedules.run("sample", replace(backfills, sources=sources, settings=quick), "a worker")
    assert (run["status"], run["result"]["reached"]) == (COMPLETED, False)


def test_schedules_are_listed_with_their_last_run_and_run_when_asked(
    client: FlaskClient, backfills: Backfills, queue: Redis
) -> None:
    schedules.run("prices", backfills, "a worker")
    answer = client.get("/api/v1/tasks/schedules").json
    assert not SchedulesSchema().validate(answer)
    last = {each["name"]: each["last_run"] for each in answer["schedules"]}
    assert last["prices"]["status"] == COMPLETED
    assert last["history"] is None
    assert client.post("/api/v1/tasks/schedules/history/run").status_code == 202
    assert queue.llen("market") == 1
    refused = client.post("/api/v1/tasks/schedules/nothing/run")
    assert (refused.status_code, refused.json["details"]["known"]) == (404, list(schedules.SCHEDULES))


def test_a_schedule_that_failed_says_why_and_one_that_runs_does_not_run_twice(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    follows.follow(*SERIES)
    exchange.fault("status", times=None, status=404)
    run = schedules.run("prices", backfills, "a worker")
    assert (run["status"], run["error"]["error_code"]) == (FAILED, "no_source")
    db.session.execute(text("UPDATE schedule_runs SET status = 'IN_PROGRESS', started_at = now()"))
    db.session.commit()
    with pytest.raises(Conflict):
        schedules.run("prices", backfills, "a worker")


def test_a_schedule_that_finds_redis_away_ends_failed_and_says_so(backfills: Backfills) -> None:
    follows.follow(*SERIES)
    away = replace(backfills.settings, redis_url="redis://127.0.0.1:1")
    with closing(Sources(away)) as sources:
        run = schedules.run("prices", replace(backfills, sources=sources), "a worker")
    assert (run["status"], run["error"]["error_code"]) == (FAILED, "courtesy_unknown")
