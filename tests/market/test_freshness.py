"""Age and gaps of followed series, from the rows that say what is stored."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from server.market import follows, freshness, store, stored_gaps
from server.market.candles import Candles
from server.observability.metrics import SERIES_AGE, SERIES_CANDLES, SERIES_INTERVAL, SERIES_MISSING

MakeCandles = Callable[..., Candles]
HOUR = 3600
BITCOIN = ("BTC-USD", "1h")
pytestmark = pytest.mark.usefixtures("database")


def test_a_series_is_as_old_as_the_end_of_its_newest_candle(make_candles: MakeCandles) -> None:
    follows.follow(*BITCOIN)
    newest = (int(time.time()) // HOUR - 3) * HOUR
    store.upsert(*BITCOIN, "test", make_candles(timestamp=[newest - HOUR, newest]))
    found = freshness.gauges()
    assert found[SERIES_AGE][BITCOIN] == pytest.approx(time.time() - newest - HOUR, abs=5)
    assert found[SERIES_INTERVAL] == {BITCOIN: HOUR}
    assert found[SERIES_CANDLES] == {BITCOIN: 2}


def test_missing_candles_are_those_between_the_first_and_the_newest(make_candles: MakeCandles) -> None:
    follows.follow(*BITCOIN)
    first = 1_546_300_800
    opens = [first + hour * HOUR for hour in range(10) if hour not in (3, 4, 7)]
    store.upsert(*BITCOIN, "test", make_candles(timestamp=opens))
    assert freshness.gauges()[SERIES_MISSING] == {BITCOIN: 3}
    assert stored_gaps.gap_report(*BITCOIN).missing == 3
    store.upsert(*BITCOIN, "test", make_candles(timestamp=[first + 3 * HOUR]))
    assert freshness.gauges()[SERIES_MISSING] == {BITCOIN: 2}


def test_a_series_that_was_never_stored_has_no_candle_and_no_age() -> None:
    follows.follow(*BITCOIN)
    found = freshness.gauges()
    assert found[SERIES_CANDLES] == {BITCOIN: 0}
    assert found[SERIES_AGE] == {}
    assert found[SERIES_MISSING] == {}


def test_what_nobody_follows_is_not_shown(make_candles: MakeCandles) -> None:
    store.upsert(*BITCOIN, "test", make_candles())
    assert not any(freshness.gauges().values())
