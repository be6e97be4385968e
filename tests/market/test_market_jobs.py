"""Backfills as jobs: told of, resumed, cancelled, given up; schedules and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from server.config import Settings
from server.errors import Conflict, InvalidInput
from server.extensions import db
from server.market import follows, jobs, schedules, store, tasks
from server.market.backfilling import ATTEMPTS, Backfills, ask_for
from server.market.commands import market
from server.market.job_schemas import JobsSchema, MarketJobSchema, PricesSchema, SchedulesSchema
from server.market.jobs import Jobs
from server.market.sources.order import Sources
from server.market.tables import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, PENDING
from tests.candles import sample_candles
from tests.exchange.running import RunningExchange
from tests.market.conftest import NOON

HOUR = 3600
SERIES = ("BTC-USD", "1h")
OTHER = ("ETH-USD", "1h")

pytestmark = pytest.mark.usefixtures("database")


@dataclass
class Told:
    """A publisher that keeps what it was given."""

    messages: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def publish(self, room: str, event: str, payload: Any) -> None:
        self.messages.append((room, event, dict(payload)))


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def queue(settings: Settings) -> Iterator[Redis]:
    """The broker, whose market queue is empty at first."""
    with Redis.from_url(settings.redis_database(0)) as redis:
        redis.delete("market")
        yield redis
        redis.delete("market")


@pytest.fixture
def backfills(market_settings: Settings, told: Told) -> Iterator[Backfills]:
    """Backfills from the local exchange; a source that fails is asked once, and not left alone."""
    quick = replace(market_settings, source_patience_seconds=0.1, source_failures=1000)
    with closing(Sources(quick)) as sources:
        yield Backfills(Jobs(told), sources, quick)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def hours_ago(hours: int) -> datetime:
    return at(NOON - hours * HOUR)


def equals_the_source(ticker: str, since: int, until: int) -> bool:
    found = store.load_candles(ticker, "1h")
    sample = sample_candles() if ticker == "BTC-USD" else sample_candles(ticker)
    first, end = np.searchsorted(sample.timestamp, [since, until])
    return bool(np.array_equal(found.close, sample.close[first:end]))


def test_a_job_tells_its_room_from_beginning_to_end(backfills: Backfills, told: Told) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(1000))
    ended = backfills.run(job.id, "a worker")
    assert ended is not None
    assert (ended.status, ended.percentage, ended.counts["stored"]) == (COMPLETED, 100.0, 1000)
    assert equals_the_source("BTC-USD", NOON - 1000 * HOUR, NOON)
    assert {(room, event) for room, event, _ in told.messages} == {("market_BTC-USD_1h", "market_job")}
    payloads = [payload for _, _, payload in told.messages]
    assert [each["last_seq"] for each in payloads] == list(range(1, len(payloads) + 1))
    assert [each["status"] for each in payloads][:2] == [PENDING, IN_PROGRESS]
    assert payloads[-1] == jobs.payload(jobs.get(job.id))
    for each in payloads:
        assert not MarketJobSchema().validate(each)


def test_one_job_of_a_series_is_active_at_a_time(backfills: Backfills) -> None:
    first = ask_for(backfills.jobs, *SERIES, hours_ago(5))
    with pytest.raises(Conflict) as refused:
        ask_for(backfills.jobs, *SERIES, hours_ago(9))
    assert refused.value.details["job_id"] == first.id
    ask_for(backfills.jobs, *OTHER, hours_ago(5))
    backfills.run(first.id, "a worker")
    ask_for(backfills.jobs, *SERIES, hours_ago(9))


@pytest.mark.parametrize(
    ("since", "until", "named"),
    [(at(0), None, "since"), (at(4_102_444_800), None, "since"), (hours_ago(5), hours_ago(5), "until")],
)
def test_a_range_that_cannot_be_is_refused(
    backfills: Backfills, since: datetime, until: datetime | None, named: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask_for(backfills.jobs, *SERIES, since, until)
    assert refused.value.details["field"] == named
    assert jobs.listing() == []


def test_a_cancelled_job_ends_after_its_page_and_keeps_what_it_stored(backfills: Backfills) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(3000))
    ended = backfills.run(job.id, "a worker", on_progress=lambda _: backfills.jobs.cancel(job.id))
    assert ended is not None
    assert (ended.status, ended.counts["stored"]) == (CANCELLED, 300)
    assert len(store.load_candles(*SERIES)) == 300
    with pytest.raises(Conflict, match="has ended already"):
        backfills.jobs.cancel(job.id)


def test_a_waiting_job_is_cancelled_at_once(backfills: Backfills) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(10))
    assert backfills.jobs.cancel(job.id).status == CANCELLED
    assert backfills.run(job.id, "a worker") is None


def test_the_job_of_a_worker_that_died_is_taken_by_another_which_goes_on(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(900))

    class Died(BaseException):
        pass

    def die(progress: Any) -> None:
        if progress.pages == 2:
            raise Died

    with pytest.raises(Died):
        backfills.run(job.id, "one", on_progress=die)
    db.session.rollback()
    assert len(store.load_candles(*SERIES)) == 600
    assert backfills.run(job.id, "two") is None, "its lease has not run out"
    assert jobs.lost() == []
    db.session.execute(text("UPDATE market_jobs SET leased_until = now() - interval '1 second'"))
    db.session.commit()
    assert jobs.lost() == [job.id]
    exchange.forget_calls()
    ended = backfills.run(job.id, "two")
    assert ended is not None
    assert (ended.status, ended.counts["stored"]) == (COMPLETED, 300)
    assert equals_the_source("BTC-USD", NOON - 900 * HOUR, NOON)
    assert len(exchange.calls("candles")) <= 2


def test_a_worker_that_lost_its_job_stops_and_says_nothing_more(backfills: Backfills, told: Told) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(900))

    def take_over(_: Any) -> None:
        db.session.execute(text("UPDATE market_jobs SET owner = 'two'"))
        db.session.commit()

    assert backfills.run(job.id, "one", on_progress=take_over) is None
    assert jobs.get(job.id).owner == "two"
    assert told.messages[-1][2]["status"] == IN_PROGRESS


def test_a_failure_that_may_pass_is_tried_again_later_and_given_up_in_the_end(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    backfills.sources.of("coinbase").listing("BTC-USD")
    exchange.fault("status", where="candles", times=None, status=429, retry_after=60)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(10))
    for attempt in range(1, ATTEMPTS + 1):
        ended = backfills.run(job.id, "a worker")
        assert ended is not None
        assert ended.error["error_code"] == "source_rate_limited"  # type: ignore[index]
        if attempt < ATTEMPTS:
            assert ended.status == PENDING
            assert 50 < jobs.seconds_until_due(job.id) <= 60
            assert backfills.run(job.id, "a worker") is None, "it is not due yet"
            db.session.execute(text("UPDATE market_jobs SET due_at = now()"))
            db.session.commit()
    assert ended is not None
    assert ended.status == FAILED


def test_a_failure_that_cannot_pass_ends_the_job_and_is_named(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    job = ask_for(backfills.jobs, "DOGE-USD", "1h", hours_ago(10))
    ended = backfills.run(job.id, "a worker")
    assert ended is not None
    assert (ended.status, ended.error["error_code"]) == (FAILED, "no_source")  # type: ignore[index]
    assert "lists no market for DOGE-USD" in ended.error["message"]  # type: ignore[index]
    delisted = ask_for(backfills.jobs, "WAVES-USD", "1h", hours_ago(10))
    ended = backfills.run(delisted.id, "a worker")
    assert "does not trade WAVES-USD" in ended.error["message"]  # type: ignore[union-attr, index]


def test_a_stopping_worker_hands_its_job_back(backfills: Backfills) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(900))
    ended = replace(backfills, stopping=lambda: True).run(job.id, "one")
    assert ended is not None
    assert ended.status == PENDING
    assert backfills.run(job.id, "two").status == COMPLETED  # type: ignore[union-attr]


def test_over_http_a_backfill_is_queued_shown_and_cancelled(client: FlaskClient, queue: Redis) -> None:
    body = {"ticker": "BTC-USD", "since": "2018-06-01"}
    response = client.post("/api/v1/market/backfill", json=body)
    assert response.status_code == 202, response.json
    job_id = response.json["job_id"]
    assert response.json["params"] == {"since": "2018-06-01T00:00:00Z", "until": None, "refresh": False}
    assert queue.llen("market") == 1
    assert client.get(response.headers["Location"]).json == response.json
    listed = client.get("/api/v1/market/jobs?ticker=BTC-USD&status=PENDING").json
    assert listed == {"jobs": [response.json]}
    assert not JobsSchema().validate(listed)
    again = client.post("/api/v1/market/backfill", json=body)
    assert (again.status_code, again.json["details"]["job_id"]) == (409, job_id)
    assert client.delete(f"/api/v1/market/jobs/{job_id}").json["status"] == CANCELLED
    assert client.delete(f"/api/v1/market/jobs/{job_id}").status_code == 409
    assert client.get("/api/v1/market/jobs/unknown").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ticker": "btc", "since": "2018-06-01"},
        {"ticker": "BTC-USD"},
        {"ticker": "BTC-USD", "since": "never"},
        {"ticker": "BTC-USD", "since": "2018-06-01", "interval": "2h"},
        {"ticker": "BTC-USD", "since": "2018-06-02", "until": "2018-06-01"},
        {"ticker": "BTC-USD", "since": "2018-06-01", "surprise": 1},
        {"ticker": "BTC-USD", "since": "1990-01-01"},
    ],
)
def test_over_http_bad_input_is_named_and_starts_nothing(
    client: FlaskClient, queue: Redis, body: dict[str, Any]
) -> None:
    response = client.post("/api/v1/market/backfill", json=body)
    assert response.status_code == 422
    assert jobs.listing() == []
    assert queue.llen("market") == 0


def test_the_sweep_sends_what_was_lost(backfills: Backfills, queue: Redis) -> None:
    ask_for(backfills.jobs, *SERIES, hours_ago(10))
    tasks.sweep()
    assert queue.llen("market") == 0
    db.session.execute(text("UPDATE market_jobs SET due_at = now() - interval '2 minutes'"))
    db.session.commit()
    tasks.sweep()
    assert queue.llen("market") == 1


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


def test_the_gap_audit_repairs_what_the_source_has(backfills: Backfills) -> None:
    follows.follow(*SERIES)
    job = ask_for(backfills.jobs, *SERIES, hours_ago(100), hours_ago(0))
    backfills.run(job.id, "a worker")
    # As a writer that lost a part would leave it.
    db.session.execute(
        text("DELETE FROM candles WHERE timestamp BETWEEN to_timestamp(:a) AND to_timestamp(:b)"),
        {"a": NOON - 50 * HOUR, "b": NOON - 30 * HOUR},
    )
    db.session.commit()
    run = schedules.run("gaps", backfills, "a worker")
    repaired = run["result"]["series"]["BTC-USD 1h"]
    assert (repaired["missing_before"], repaired["missing"]) == (21, 0)
    assert equals_the_source("BTC-USD", NOON - 100 * HOUR, NOON)


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


@pytest.fixture
def command(app: Flask, backfills: Backfills, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``flask market ...`` against the local exchange."""
    monkeypatch.setitem(app.extensions, "market_sources", backfills.sources)
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(market, list(words))


def test_the_command_backfills_here_and_now(command: Callable[..., Result]) -> None:
    result = command("backfill", "BTC-USD", "--since", hours_ago(400).isoformat())
    assert result.exit_code == 0, result.output
    assert "400 candles new or changed from coinbase" in result.output
    assert equals_the_source("BTC-USD", NOON - 400 * HOUR, NOON)
    assert "COMPLETED" in command("jobs").output


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("DOGE-USD", "--since", "2018-06-01"), "lists no market for DOGE-USD"),
        (("BTC-USD", "--since", "yesterday"), "must be an ISO 8601 time or date"),
        (("BTC-USD", "--since", "2990-01-01"), "must be before now"),
        (("btc", "--since", "2018-01-01"), "BASE-QUOTE"),
    ],
)
def test_the_command_names_what_is_wrong(
    command: Callable[..., Result], words: tuple[str, ...], sentence: str
) -> None:
    result = command("backfill", *words)
    assert result.exit_code != 0
    assert sentence in " ".join(result.output.split())


def test_the_command_lists_and_runs_schedules(command: Callable[..., Result]) -> None:
    assert '"prices": 0' in command("schedules", "--run", "prices").output
    assert "COMPLETED" in command("schedules").output
    assert command("schedules", "--run", "nothing").exit_code == 1
