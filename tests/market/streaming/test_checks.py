"""Where checking begins: what is stored unchecked is not forgotten because time goes on."""

from __future__ import annotations

from server.market.streaming.checks import MOST_CANDLES, first_to_check

PAIR, STEP = ("BTC-USD", "1m"), 60
PRESENT = 100_000 * STEP


def test_where_nobody_has_checked_the_last_candles_are() -> None:
    assert first_to_check(PAIR, PRESENT, None) == PRESENT - MOST_CANDLES * STEP


def test_what_another_process_stored_and_had_not_checked_is_checked_though_time_went_on() -> None:
    since = PRESENT - MOST_CANDLES * STEP
    for minutes in (1, 30, MOST_CANDLES):
        assert first_to_check(PAIR, PRESENT + minutes * STEP, since) == since


def test_after_long_absence_the_rest_is_left_to_a_backfill() -> None:
    assert first_to_check(PAIR, PRESENT, 0) == PRESENT - 2 * MOST_CANDLES * STEP
