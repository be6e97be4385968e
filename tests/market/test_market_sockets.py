"""Market rooms of a real web process, with real clients and a real backfill."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from server.config import Settings
from server.market import store
from server.market.backfilling import Backfills, ask_for
from server.market.candles import Candles
from server.market.job_schemas import JoinedMarket, MarketJobSchema
from server.market.jobs import Jobs
from server.market.sources.order import Sources
from server.realtime.rooms import MARKET_JOB
from tests.market.backfilled import NOON
from tests.realtime.clients import Client
from tests.realtime.conftest import Web, running_web

pytestmark = [pytest.mark.xdist_group("web_processes"), pytest.mark.usefixtures("database")]
SERIES = {"ticker": "BTC-USD", "interval": "1h"}
ROOM = {"room": "market_BTC-USD_1h", **SERIES}


@pytest.fixture(scope="module")
def web(settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web process in the default async mode."""
    with running_web(replace(settings, async_mode="gevent"), app, tmp_path_factory.mktemp("web")) as started:
        yield started


@pytest.fixture
def client(web: Web) -> Iterator[Client]:
    connected = Client(web.url, ["websocket"])
    yield connected
    connected.close()


@pytest.fixture
def backfills(web: Web, market_settings: Settings) -> Iterator[Backfills]:
    with closing(Sources(market_settings)) as sources:
        yield Backfills(Jobs(web.publisher), sources, market_settings)


def start(backfills: Backfills) -> Any:
    return ask_for(backfills.jobs, *SERIES.values(), datetime.fromtimestamp(NOON - 700 * 3600, UTC))


def test_a_room_sees_a_backfill_from_its_request_to_its_end(client: Client, backfills: Backfills) -> None:
    joined = client.call("join_market", SERIES)
    assert joined == {"ok": True, **ROOM, "latest": None, "job": None}
    job = start(backfills)
    backfills.run(job.id, "a worker")
    client.wait_until(lambda: client.of(MARKET_JOB)[-1:] and client.of(MARKET_JOB)[-1]["percentage"] == 100)
    seen = client.of(MARKET_JOB)
    assert [each["last_seq"] for each in seen] == list(range(1, len(seen) + 1))
    assert {each["job_id"] for each in seen} == {job.id}
    assert seen[-1]["counts"]["stored"] == 700


def test_who_joins_later_is_told_of_the_active_job_and_the_newest_candle(
    client: Client, backfills: Backfills, make_candles: Callable[..., Candles]
) -> None:
    store.upsert(*SERIES.values(), "test", make_candles(3))
    job = start(backfills)
    joined = client.call("join_market", SERIES)
    assert joined["job"]["job_id"] == job.id
    assert joined["latest"]["timestamp"] == "2019-01-01T02:00:00Z"
    assert not JoinedMarket().validate({name: value for name, value in joined.items() if name != "ok"})
    assert not MarketJobSchema().validate(joined["job"])


def test_who_left_hears_nothing_more(web: Web, client: Client, backfills: Backfills) -> None:
    stays = Client(web.url, ["websocket"])
    for each in (client, stays):
        each.call("join_market", SERIES)
    assert client.call("leave_market", SERIES) == {"ok": True, **ROOM}
    start(backfills)
    stays.wait_until(lambda: len(stays.of(MARKET_JOB)) == 1)
    assert client.of(MARKET_JOB) == []
    stays.close()


@pytest.mark.parametrize(
    "payload", [{}, {"ticker": "BTC-USD"}, {"ticker": "btc", "interval": "1h"}, SERIES | {"interval": "2h"}]
)
def test_a_room_that_cannot_be_is_refused(client: Client, payload: dict[str, str]) -> None:
    for event in ("join_market", "leave_market"):
        answer = client.call(event, payload)
        assert (answer["ok"], answer["error"]["error_code"]) == (False, "invalid_input")


def test_who_joins_many_rooms_at_once_is_let_into_all(
    client: Client, make_candles: Callable[..., Candles]
) -> None:
    """More of them than the process has connections to its database, of which each look needs two."""
    tickers = [f"C{number:03}-USD" for number in range(100)]
    for ticker in tickers:
        store.upsert(ticker, "1h", "test", make_candles(1))
    for ticker in tickers:
        client.tell("join_market", {"ticker": ticker, "interval": "1h"})
    client.wait_until(lambda: len(client.of("joined_market") + client.of("error_update")) == len(tickers))
    assert client.of("error_update") == []
    assert {each["ticker"] for each in client.of("joined_market")} == set(tickers)
