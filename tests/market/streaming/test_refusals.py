"""Which sources are passed over for a series that they refused, and for how long."""

from __future__ import annotations

from server.market.sources.contract import SeriesRefused
from server.market.streaming.refusals import LONGEST_SECONDS, SHORTEST_SECONDS, Refusals

PAIR, OTHER = ("BTC-USD", "1m"), ("ETH-USD", "1m")
REFUSED = SeriesRefused("no such stream", source="binance", pair=PAIR)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_source_is_passed_over_for_the_series_that_it_refused_and_for_no_other() -> None:
    refusals = Refusals(Clock())
    refusals.note(PAIR, "binance", REFUSED)
    assert refusals.of(PAIR) == {"binance": REFUSED}
    assert refusals.of(OTHER) == {}
    refusals.keep_only([PAIR])
    assert refusals.of(PAIR) == {"binance": REFUSED}
    refusals.keep_only([OTHER])
    assert refusals.of(PAIR) == {}


def passed_over(refusals: Refusals, clock: Clock) -> float:
    """How long a refusal of now is remembered, to the second."""
    refusals.note(PAIR, "binance", REFUSED)
    began = clock.now
    while refusals.of(PAIR):
        clock.now += 1.0
    return clock.now - began


def test_it_is_passed_over_longer_every_time_until_it_was_well_for_long() -> None:
    clock = Clock()
    refusals = Refusals(clock)
    times = [passed_over(refusals, clock) for _ in range(12)]
    assert times[0] <= SHORTEST_SECONDS + 1
    assert LONGEST_SECONDS / 2 <= times[-1] <= LONGEST_SECONDS + 1
    clock.now += LONGEST_SECONDS
    assert passed_over(refusals, clock) <= SHORTEST_SECONDS + 1
