"""Prediction rooms of a real web process, with real clients, log and channel."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from server.config import Settings
from server.extensions import db
from server.market import store
from server.prediction import log as prediction_log
from server.prediction import scoring, socket_schemas
from server.prediction.tables import Prediction, PredictionLog
from server.realtime.client import ApiClient
from server.realtime.rooms import PREDICTION_UPDATE, forecasts_room, prediction_room
from server.registry.tables import Model
from tests.prediction.conftest import INTERVAL, TICKER, TO_COME
from tests.realtime.clients import BareClient, Client
from tests.realtime.conftest import Web, running_web

pytestmark = pytest.mark.xdist_group("web_processes")

Connect = Callable[[], Client]
Series = dict[str, str]

_numbers = count(1)
NAMING = {"request_id", "ticker", "interval"}
# More than the kernel's buffers and the queue of one client hold together.
LONG = 5500


@pytest.fixture(scope="module")
def web(settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web process in the default async mode."""
    with running_web(replace(settings, async_mode="gevent"), app, tmp_path_factory.mktemp("web")) as started:
        yield started


@pytest.fixture
def connect(web: Web) -> Iterator[Connect]:
    """Connects Socket.IO clients, and disconnects them at the end of the test."""
    clients: list[Client] = []

    def make() -> Client:
        clients.append(Client(web.url, ["websocket"]))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def series() -> Series:
    """A ticker and interval of which nothing is known yet."""
    return {"ticker": f"COIN{next(_numbers)}-USD", "interval": "1h"}


def append(web: Web, series: Series, count: int, kind: str = "drifted") -> None:
    """Append events as a worker does: stored, committed, published."""
    with web.app.app_context():
        for number in range(count):
            prediction_log.append(**series, type=kind, data={"number": number}, publisher=web.publisher)


def seqs(client: Client) -> list[int]:
    """The numbers of the events received, in the order in which they came."""
    return [payload["seq"] for payload in client.of(PREDICTION_UPDATE)]


def ask_to_join(web: Web, payload: dict[str, Any], receive_buffer: int | None = None) -> BareClient:
    """A client that has asked to join and not read the answer; what it reads is in the order of sending."""
    client = BareClient(web.port, receive_buffer)
    client.send(b"40")
    client.wait_for(b"40")
    client.send(f'420["join_prediction",{json.dumps(payload)}]'.encode())
    return client


def next_seq(client: BareClient) -> int:
    """The number of the next event."""
    _, update = json.loads(client.wait_for(b'42["prediction_update"').removeprefix(b"42"))
    return int(update["seq"])


def predict(web: Web, request_id: str) -> dict[str, Any]:
    body = {"ticker": TICKER, "interval": INTERVAL, "horizon": 24, "request_id": request_id}
    return ApiClient(web.url).call("POST", "/predict", json=body)


def score_next_candle(web: Web, of: int = 1) -> None:
    """Store the candle after those known, and score the steps of so many forecasts with it."""
    store.upsert(TICKER, INTERVAL, "the shipped sample", TO_COME[:1])
    opened = datetime.fromtimestamp(int(TO_COME.timestamp[0]), UTC)
    assert scoring.settle(TICKER, INTERVAL, opened, opened, web.publisher) == of


def test_a_request_is_followed_from_before_it_is_made_until_it_is_scored(
    web: Web, connect: Connect, model: Model
) -> None:
    request_id = str(uuid.uuid4())
    early, late = connect(), connect()
    room = {"request_id": request_id, "room": prediction_room(request_id)}
    assert early.call("join_prediction", {"request_id": request_id}) == {"ok": True, **room, "last_seq": 0}
    made = predict(web, request_id)
    early.wait_until(lambda: seqs(early) == [1])
    score_next_candle(web)
    early.wait_until(lambda: seqs(early) == [1, 2])
    assert late.call("join_prediction", {"request_id": request_id})["last_seq"] == 2
    late.wait_until(lambda: seqs(late) == [1, 2])
    predicted, scored = late.of(PREDICTION_UPDATE)
    assert {**predicted["data"], "last_seq": 1} == made
    assert scored["data"]["steps"][0]["actual"] == TO_COME.close[0]
    assert early.of(PREDICTION_UPDATE) == [predicted, scored]


def test_who_joins_a_series_sees_its_last_forecast_and_then_what_happens(
    web: Web, connect: Connect, model: Model
) -> None:
    series = {"ticker": TICKER, "interval": INTERVAL}
    made = [predict(web, str(uuid.uuid4())) for _ in range(2)]
    score_next_candle(web, of=2)
    watcher = connect()
    joined = watcher.call("join_prediction", series)
    assert joined["latest"]["data"]["request_id"] == made[1]["request_id"]
    assert (joined["latest"]["seq"], joined["last_seq"]) == (2, 4)
    assert joined["room"] == forecasts_room(**series)
    assert {name: joined[name] for name in series} == series
    predict(web, str(uuid.uuid4()))
    watcher.wait_until(lambda: seqs(watcher) == [5])
    assert watcher.of("joined_prediction") == [{name: joined[name] for name in joined if name != "ok"}]


def test_every_payload_is_as_the_document_describes_it(web: Web, connect: Connect, model: Model) -> None:
    watcher, series = connect(), {"ticker": TICKER, "interval": INTERVAL}
    predict(web, str(uuid.uuid4()))
    score_next_candle(web)
    watcher.call("join_prediction", {**series, "after": 0})
    watcher.wait_until(lambda: seqs(watcher) == [1, 2])
    watcher.call("leave_prediction", series)
    watcher.wait_until(lambda: bool(watcher.of("left_prediction")))
    socket_schemas.JoinedPrediction().load(watcher.of("joined_prediction")[0])
    socket_schemas.LeftPrediction().load(watcher.of("left_prediction")[0])
    for update in watcher.of(PREDICTION_UPDATE):
        socket_schemas.PredictionUpdate().load(update)
        socket_schemas.DATA_SCHEMAS[update["type"]]().load(update["data"])


def test_a_series_without_a_forecast_has_none_to_show(web: Web, connect: Connect, series: Series) -> None:
    joined = connect().call("join_prediction", series)
    assert (joined["last_seq"], joined["latest"]) == (0, None)


def test_joining_again_brings_what_happened_since(web: Web, connect: Connect, series: Series) -> None:
    append(web, series, 4)
    watcher = connect()
    assert watcher.call("join_prediction", series)["last_seq"] == 4
    assert watcher.call("leave_prediction", series)["ok"]
    append(web, series, 3)
    watcher.call("join_prediction", {**series, "after": 4})
    append(web, series, 1)
    watcher.wait_until(lambda: len(seqs(watcher)) >= 4)
    assert seqs(watcher) == [5, 6, 7, 8]


def test_joining_during_a_burst_brings_each_event_once_and_in_order(web: Web, series: Series) -> None:
    append(web, series, 50)
    burst = threading.Thread(target=append, args=(web, series, 300))
    burst.start()
    watchers = [ask_to_join(web, {**series, "after": 0}) for _ in range(5)]
    try:
        for watcher in watchers:
            assert [next_seq(watcher) for _ in range(350)] == list(range(1, 351))
    finally:
        burst.join()
        for watcher in watchers:
            watcher.close()


def test_what_the_channel_loses_comes_from_the_log_in_both_rooms(
    web: Web, connect: Connect, series: Series
) -> None:
    request_id = str(uuid.uuid4())
    of_series, of_request = connect(), connect()
    of_series.call("join_prediction", series)
    of_request.call("join_prediction", {"request_id": request_id})
    with web.app.app_context():
        store_request(request_id, series)
        for loses in (True, True, False):
            web.publisher.loses = loses
            prediction_log.append(
                **series, type="scored", data={}, publisher=web.publisher, request_id=request_id
            )
    for watcher in (of_series, of_request):
        watcher.wait_until(lambda watcher=watcher: len(seqs(watcher)) >= 3)
        assert sorted(seqs(watcher)) == [1, 2, 3]


def test_a_log_longer_than_what_may_wait_for_a_client_is_replayed_as_fast_as_it_reads(
    web: Web, series: Series
) -> None:
    with web.app.app_context():
        store_long_log(series)
    slow = ask_to_join(web, {**series, "after": 0}, receive_buffer=65536)
    fast = ask_to_join(web, {**series, "after": 0})
    try:
        for client in (fast, slow):
            assert [next_seq(client) for _ in range(LONG)] == list(range(1, LONG + 1))
        assert b'"ok":true' in slow.wait_for(b"430")
    finally:
        for client in (fast, slow):
            client.close()


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ({}, NAMING),
        ({"after": 3}, NAMING),
        (
            {"request_id": "0f3c1b2a", "ticker": "BTC-USD", "interval": "1h"},
            {"request_id", "ticker", "interval"},
        ),
        ({"request_id": "0f3c1b2a", "ticker": "BTC-USD"}, {"request_id", "ticker"}),
        ({"ticker": "BTC-USD"}, {"interval"}),
        ({"interval": "1h"}, {"ticker"}),
        ({"request_id": "BTC-USD_1h"}, {"request_id"}),
        ({"request_id": None}, {"request_id"}),
        ({"ticker": "btc", "interval": "2h"}, {"ticker", "interval"}),
        ({"ticker": "BTC-USD", "interval": "1h", "after": -1}, {"after"}),
        ({"ticker": "BTC-USD", "interval": "1h", "surprise": 1}, {"surprise"}),
    ],
)
def test_a_room_that_is_not_named_right_is_refused_naming_the_fields(
    web: Web, connect: Connect, payload: dict[str, Any], named: set[str]
) -> None:
    client = connect()
    answer = client.call("join_prediction", payload)
    assert answer["ok"] is False
    assert {each["field"] for each in answer["error"]["details"]["errors"]} == named
    client.wait_until(lambda: bool(client.of("error_update")))
    assert client.disconnects == 0


def test_who_has_left_hears_nothing_more(web: Web, connect: Connect, series: Series) -> None:
    gone, stays = connect(), connect()
    for client in (gone, stays):
        client.call("join_prediction", series)
    left = gone.call("leave_prediction", series)
    assert left == {"ok": True, "room": forecasts_room(**series), **series}
    append(web, series, 1)
    stays.wait_until(lambda: seqs(stays) == [1])
    assert gone.call("leave_prediction", {"request_id": str(uuid.uuid4())})["ok"]
    assert seqs(gone) == []


def store_request(request_id: str, series: Series) -> None:
    """The row of a forecast, as far as the numbering of its events needs it."""
    db.session.add(
        Prediction(
            **series,
            request_id=request_id,
            model_id="c" * 32,
            model_type="CNN",
            model_version=1,
            trigger="request",
            live=True,
            origin=datetime(2018, 4, 14, tzinfo=UTC),
            origin_close=8000.0,
            horizon=1,
            requested={},
            warnings=[],
        )
    )
    db.session.commit()


def store_long_log(series: Series) -> None:
    """Events of a series that took months to come about."""
    db.session.execute(
        text("""
            INSERT INTO prediction_events (ticker, interval, seq, type, timestamp, data)
            SELECT :ticker, :interval, seq, 'drifted', now(), jsonb_build_object('text', repeat('x', 8000))
            FROM generate_series(1, :long) AS seq
        """),
        {**series, "long": LONG},
    )
    db.session.add(PredictionLog(**series, last_seq=LONG))
    db.session.commit()
