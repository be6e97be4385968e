"""Forecasts meet what happened: each step once, from a stored candle or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from server.prediction.scoring import RECENT_CANDLES, Due, corrected, due, settle
from server.prediction.socket_schemas import DATA_SCHEMAS
from server.realtime.rooms import forecasts_room, prediction_room
from tests.prediction.recording import RecordingPublisher
from tests.prediction.stored import (
    HOUR,
    INTERVAL,
    START,
    TICKER,
    count_events,
    events,
    scores,
    settled_steps,
    store_closes,
    store_forecast,
)
from tests.racing import at_once

pytestmark = pytest.mark.usefixtures("database")

LATE = START + timedelta(days=100)


def settle_all(publisher: RecordingPublisher) -> int:
    return settle(TICKER, INTERVAL, START, LATE, publisher)


def test_a_step_is_scored_once_its_candle_is_stored(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_closes([100.0, 100.5, 110.0])
    assert settle_all(publisher) == 2
    assert scores("forecast-1") == {1: (100.5, 0.5), 2: (110.0, -8.0), 3: (None, None)}
    assert settled_steps("forecast-1") == 2


def test_the_event_tells_what_was_newly_scored(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_closes([100.0, 100.5])
    settle_all(publisher)
    store_closes([120.0], START + 2 * HOUR)
    settle_all(publisher)
    first, second = (each.data for each in events())
    assert DATA_SCHEMAS["scored"]().validate(first) == {}
    assert [step["step"] for step in first["steps"]] == [1]
    assert second == {
        "model_id": "a" * 32,
        "origin": "2024-03-01T00:00:00.000Z",
        "settled_steps": 2,
        "horizon": 3,
        "steps": [
            {
                "step": 2,
                "timestamp": "2024-03-01T02:00:00.000Z",
                "predicted_price": 102.0,
                "actual": 120.0,
                "error": -18.0,
                "naive_error": -20.0,
                "inside_80": False,
                "inside_95": True,
                "corrected": False,
            }
        ],
    }


def test_both_rooms_are_told_after_the_commit(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0])
    store_closes([100.0, 100.5])
    settle_all(publisher)
    rooms = [forecasts_room(TICKER, INTERVAL), prediction_room("forecast-1")]
    assert publisher.rooms() == rooms
    assert [payload["type"] for _, _, payload in publisher.published] == ["scored", "scored"]


def test_a_second_run_changes_nothing_and_tells_nobody(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0])
    store_closes([100.0, 100.5, 101.0])
    settle_all(publisher)
    before, told = scores("forecast-1"), len(publisher.published)
    assert settle_all(publisher) == 0
    assert (scores("forecast-1"), len(publisher.published)) == (before, told)
    assert settled_steps("forecast-1") == 2


def test_a_missing_candle_leaves_its_step_open(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_closes([100.0, 101.0])
    store_closes([103.0], START + 3 * HOUR)
    settle_all(publisher)
    assert scores("forecast-1")[2] == (None, None)
    assert settled_steps("forecast-1") == 2
    store_closes([102.0], START + 2 * HOUR)
    settle_all(publisher)
    assert settled_steps("forecast-1") == 3


def test_a_corrected_candle_corrects_its_scores(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0])
    store_closes([100.0, 100.5])
    settle_all(publisher)
    store_closes([90.0], START + HOUR)
    assert settle(TICKER, INTERVAL, START + HOUR, START + HOUR, publisher) == 1
    assert scores("forecast-1") == {1: (90.0, 11.0)}
    assert settled_steps("forecast-1") == 1
    assert [event.data["steps"][0]["corrected"] for event in events()] == [False, True]


def test_a_correction_that_nobody_told_is_found_while_it_is_recent(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0])
    store_closes([100.0, 100.5, 101.0])
    settle_all(publisher)
    assert corrected() == []
    store_closes([90.0], START + HOUR)
    assert (due(), corrected()) == ([], [Due(TICKER, INTERVAL, START + HOUR, START + HOUR)])
    settle(*corrected()[0], publisher)
    assert scores("forecast-1") == {1: (90.0, 11.0), 2: (101.0, 1.0)}
    assert corrected() == []
    store_closes([80.0], START + HOUR)
    store_closes([100.0], START + (RECENT_CANDLES + 1) * HOUR)
    assert corrected() == []


def test_candles_outside_the_range_are_left_for_their_own_message(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_closes([100.0, 101.0, 102.0, 103.0])
    settle(TICKER, INTERVAL, START + 2 * HOUR, START + 2 * HOUR, publisher)
    assert [step for step, (actual, _) in scores("forecast-1").items() if actual is not None] == [2]


def test_candles_of_another_series_score_nothing(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0])
    store_closes([100.0, 100.5], ticker="ETH-USD")
    assert settle_all(publisher) == 0
    assert settle("ETH-USD", INTERVAL, START, LATE, publisher) == 0


def test_many_forecasts_take_several_transactions_and_none_is_left_out(
    publisher: RecordingPublisher,
) -> None:
    for number in range(10):
        store_forecast(f"forecast-{number}", [101.0], START + (number % 4) * HOUR)
    store_closes([100.0] * 6)
    assert settle(TICKER, INTERVAL, START, LATE, publisher, at_a_time=3) == 10
    assert [each.seq for each in events()] == list(range(1, 11))
    assert len({each.timestamp for each in events()}) == 4


def test_two_at_once_tell_each_score_once(app: Flask) -> None:
    for number in range(40):
        store_forecast(f"forecast-{number:02}", [101.0, 102.0])
    store_closes([100.0, 101.0, 102.0])
    settled = at_once(app, 4, lambda: settle(TICKER, INTERVAL, START, LATE, RecordingPublisher()))
    assert sum(settled) == 80
    assert count_events() == 40


def test_open_forecasts_whose_candles_came_are_due(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_forecast("forecast-2", [101.0], ticker="ETH-USD")
    store_closes([100.0, 101.0, 102.0])
    assert due() == [Due(TICKER, INTERVAL, START + HOUR, START + 2 * HOUR)]
    settle_all(publisher)
    assert due() == []


def test_a_gap_alone_is_not_due(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0, 102.0, 103.0])
    store_closes([100.0, 101.0])
    store_closes([103.0], START + 3 * HOUR)
    settle_all(publisher)
    assert due() == []


def test_a_forecast_asked_for_late_is_due_beside_one_already_scored(publisher: RecordingPublisher) -> None:
    store_forecast("forecast-1", [101.0])
    store_closes([100.0, 101.0])
    settle_all(publisher)
    store_forecast("forecast-2", [101.0], live=False)
    assert due() == [Due(TICKER, INTERVAL, START + HOUR, START + HOUR)]
