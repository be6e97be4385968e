from __future__ import annotations

from server.realtime.rooms import session_of, training_room


def test_a_rooms_name_gives_its_session_back() -> None:
    assert session_of(training_room("3f0c")) == "3f0c"


def test_rooms_of_other_kinds_belong_to_no_session() -> None:
    assert session_of("market_BTC-USD_1h") is None
    assert session_of("") is None
