from __future__ import annotations

from server.realtime.rooms import (
    forecasts_room,
    prediction_room,
    request_of,
    series_of,
    session_of,
    training_room,
)


def test_a_rooms_name_gives_its_session_back() -> None:
    assert session_of(training_room("3f0c")) == "3f0c"


def test_rooms_of_other_kinds_belong_to_no_session() -> None:
    assert session_of("market_BTC-USD_1h") is None
    assert session_of("") is None


def test_the_rooms_of_a_request_and_of_a_series_are_told_apart() -> None:
    request, series = prediction_room("0f3c-1b"), forecasts_room("BTC-USD", "1h")
    assert (request_of(request), series_of(request)) == ("0f3c-1b", None)
    assert (request_of(series), series_of(series)) == (None, ("BTC-USD", "1h"))
    assert request_of(training_room("0f3c")) is series_of(training_room("0f3c")) is None
