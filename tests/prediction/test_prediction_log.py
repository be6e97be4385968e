"""Events are rows first, numbered in two rooms, and published after the commit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from server import adapters
from server.extensions import db
from server.prediction import forecasts, log
from server.prediction.choice import Wanted
from server.realtime.publisher import EncodedPayload
from server.registry.tables import Model
from tests.prediction.recording import RecordingPublisher

SERIES = ("BTC-USD", "1h")
SERIES_ROOM = "prediction_BTC-USD_1h"


class ReadingPublisher:
    """Notes what the log holds at the moment of each publication."""

    def __init__(self) -> None:
        self.stored: list[int] = []

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        with db.engine.connect() as connection:
            count = connection.exec_driver_sql("SELECT count(*) FROM prediction_events").scalar_one()
        self.stored.append(count)


def predicted(*request_ids: str, publisher: Any = None) -> None:
    for request_id in request_ids:
        wanted = Wanted(*SERIES, horizon=2, request_id=request_id)
        forecasts.answer(wanted, adapters.settings(), publisher or RecordingPublisher())


def test_an_event_is_numbered_in_the_room_of_its_series_and_in_that_of_its_request(
    model: Model, publisher: RecordingPublisher
) -> None:
    predicted("request-1", "request-2")
    payload = log.append(*SERIES, "scored", {"step": 1}, publisher, "request-2")
    assert (payload["seq"], payload["request_id"], payload["data"]) == (3, "request-2", {"step": 1})
    assert publisher.rooms() == [SERIES_ROOM, "prediction_request-2"]
    assert [payload["seq"] for _, _, payload in publisher.published] == [3, 2]
    assert log.last_seqs_of_requests(["request-1", "request-2", "unknown-1"]) == {
        "request-1": 1,
        "request-2": 2,
    }
    assert [event["type"] for event in log.read_request("request-2")] == ["predicted", "scored"]


def test_an_event_of_no_request_goes_to_the_series_alone(model: Model, publisher: RecordingPublisher) -> None:
    log.append(*SERIES, "drifted", {"coverage_80": 0.5}, publisher)
    ((room, event, payload),) = publisher.published
    assert (room, event) == (SERIES_ROOM, "prediction_update")
    assert set(payload) == {"seq", "type", "ticker", "interval", "request_id", "timestamp", "data"}
    assert (payload["seq"], payload["request_id"]) == (1, None)


def test_many_events_are_numbered_in_order_and_committed_with_what_came_before(
    model: Model, publisher: RecordingPublisher
) -> None:
    predicted("request-1", "request-2")
    model.reason = "changed in the same transaction"
    events = [
        ("scored", "request-1", {"n": 1}),
        ("scored", "request-2", {"n": 2}),
        ("scored", "request-1", {"n": 3}),
    ]
    payloads = log.append_many(*SERIES, events, publisher)
    db.session.rollback()
    assert [(payload["seq"], payload["data"]["n"]) for payload in payloads] == [(3, 1), (4, 2), (5, 3)]
    assert [event["seq"] for event in log.read_request("request-1")] == [1, 2, 3]
    assert [event["data"].get("n") for event in log.read_request("request-1", after=1)] == [1, 3]
    assert model.reason == "changed in the same transaction"


def test_no_events_still_commit(model: Model, publisher: RecordingPublisher) -> None:
    model.reason = "changed"
    assert log.append_many(*SERIES, [], publisher) == []
    db.session.rollback()
    assert model.reason == "changed"


def test_a_log_is_read_in_parts(model: Model, publisher: RecordingPublisher) -> None:
    log.append_many(*SERIES, [("drifted", None, {"n": n}) for n in range(5)], publisher)
    assert [event["seq"] for event in log.read_series(*SERIES, after=1, until=4)] == [2, 3, 4]
    assert [event["seq"] for event in log.read_series(*SERIES, after=1, limit=2)] == [2, 3]
    assert log.read_series("ETH-USD", "1h") == []


def test_an_event_is_published_after_its_commit(model: Model) -> None:
    publisher = ReadingPublisher()
    predicted("request-1", publisher=publisher)
    log.append(*SERIES, "scored", {}, publisher, "request-1")
    assert publisher.stored == [1, 1, 2, 2]


def test_the_room_of_a_request_that_nobody_could_know_is_not_published_to(
    model: Model, publisher: RecordingPublisher
) -> None:
    forecasts.answer(Wanted(*SERIES), adapters.settings(), publisher)
    assert publisher.rooms() == [SERIES_ROOM]


def test_what_is_published_is_the_stored_event_also_where_it_was_encoded_before(
    model: Model, publisher: RecordingPublisher
) -> None:
    import json

    sent: list[Mapping[str, Any]] = []

    class Keeping(RecordingPublisher):
        def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
            sent.append(payload)

    predicted("request-1", publisher=Keeping())
    assert dict(sent[0]) == log.read_series(*SERIES)[0]
    assert dict(sent[1]) == log.read_request("request-1")[0]
    for payload in sent:
        assert isinstance(payload, EncodedPayload)
        assert json.loads(payload.text) == dict(payload)
