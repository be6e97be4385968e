"""Backfills as jobs: told of, resumed, cancelled, given up, over HTTP."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis
from sqlalchemy import text

from server.errors import Conflict, InvalidInput
from server.extensions import db
from server.market import jobs, store, tasks
from server.market.backfill import Progress
from server.market.backfilling import ATTEMPTS, Backfills, ask_for
from server.market.job_schemas import JobsSchema, MarketJobSchema
from server.market.sources.order import Sources
from server.market.tables import CANCELLED, COMPLETED, FAILED, IN_PROGRESS, PENDING
from tests.exchange.running import RunningExchange
from tests.market.backfilled import HOUR, NOON, OTHER, SERIES, Told, at, equals_the_source, hours_ago

pytestmark = pytest.mark.usefixtures("database")


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


def test_whoever_looks_at_a_job_while_it_runs_opens_no_transaction(backfills: Backfills) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(10))
    claimed = backfills.jobs.claim(job.id, "a worker")
    assert claimed is not None
    assert (job.status, claimed.status, claimed.params["since"]) == (
        PENDING,
        IN_PROGRESS,
        job.params["since"],
    )
    assert not db.session().in_transaction()


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


def test_a_stopping_worker_hands_its_job_back_and_the_next_one_goes_on_counting(backfills: Backfills) -> None:
    job = ask_for(backfills.jobs, *SERIES, hours_ago(900))
    handed_back = replace(backfills, stopping=lambda: True).run(job.id, "one")
    assert handed_back is not None
    assert (handed_back.status, handed_back.counts["stored"]) == (PENDING, 300)
    ended = backfills.run(job.id, "two")
    assert ended is not None
    assert (ended.status, ended.counts["stored"], ended.counts["missing"]) == (COMPLETED, 900, 0)


@pytest.mark.parametrize(("patient", "status"), [(False, FAILED), (True, PENDING)])
def test_a_job_that_fails_says_what_it_stored_until_then(
    backfills: Backfills, exchange: RunningExchange, patient: bool, status: str
) -> None:
    backfills.sources.of("coinbase").listing("BTC-USD")
    job = ask_for(backfills.jobs, *SERIES, hours_ago(900))

    def limit(progress: Progress) -> None:
        if progress.pages == 2:
            exchange.fault("status", where="candles", times=None, status=429, retry_after=60)

    ended = backfills.run(job.id, "a worker", patient=patient, on_progress=limit)
    assert ended is not None
    assert ended.status == status
    assert (ended.counts["stored"], ended.percentage) == (600, pytest.approx(66.67, abs=0.1))
    assert len(store.load_candles(*SERIES)) == 600
    db.session.execute(text("UPDATE market_jobs SET due_at = now()"))
    db.session.commit()
    again = backfills.run(job.id, "a worker")
    assert (again is None) == (status == FAILED)
    assert again is None or (again.counts, again.percentage) == (ended.counts, ended.percentage)


def test_of_a_range_that_ends_in_the_future_what_has_happened_is_the_whole(backfills: Backfills) -> None:
    seen: list[float] = []
    job = ask_for(backfills.jobs, *SERIES, hours_ago(1000), datetime(2030, 1, 1, tzinfo=UTC))
    ended = backfills.run(job.id, "a worker", on_progress=lambda progress: seen.append(progress.percentage))
    assert ended is not None
    assert ended.status == COMPLETED
    assert seen == pytest.approx([30, 60, 90, 100], abs=0.1)


def test_while_nobody_can_count_the_calls_no_source_is_asked_and_the_job_waits(
    backfills: Backfills, exchange: RunningExchange
) -> None:
    away = replace(backfills.settings, redis_url="redis://127.0.0.1:1")
    job = ask_for(backfills.jobs, *SERIES, hours_ago(10))
    with closing(Sources(away)) as sources:
        ended = replace(backfills, sources=sources).run(job.id, "a worker")
    assert ended is not None
    assert ended.status == PENDING
    assert ended.error is not None
    assert ended.error["error_code"] == "courtesy_unknown"
    assert jobs.seconds_until_due(job.id) > 20
    assert exchange.calls() == []


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
        {"ticker": "BTC-USD", "since": "2018-06-01", "until": "9999-12-31T23:59:59-14:00"},
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
