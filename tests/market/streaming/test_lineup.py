"""When a source is relied on: not while it fails, and not again at its first candle."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.market.sources.contract import SourceUnreachable
from server.market.streaming.lineup import FAILURES_ALLOWED, LONGEST_STEADY_SECONDS, Standing

LOST = SourceUnreachable("lost", source="kraken")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_takes_several_failures_in_a_row() -> None:
    standing = Standing(60)
    told = [standing.failed(number, LOST) for number in range(1, FAILURES_ALLOWED + 2)]
    assert told == [False] * (FAILURES_ALLOWED - 1) + [True, False], "told once"
    assert standing.away
    assert standing.trouble is LOST


def test_it_is_steady_when_candles_came_for_long_enough_without_a_failure() -> None:
    clock = Clock()
    standing = Standing(60, clock)
    standing.leave(LOST)
    standing.brought()
    clock.now = 59
    standing.brought()
    assert not standing.steady
    standing.failed(1, LOST)
    clock.now = 61
    standing.brought()
    assert not standing.steady, "it begins anew"
    clock.now = 121
    assert standing.steady


@given(st.lists(st.integers(0, 100), max_size=12))
def test_a_source_that_comes_and_goes_is_gone_back_to_ever_more_rarely(stays: list[int]) -> None:
    clock = Clock()
    standing = Standing(60, clock)
    waits = []
    for stay in stays:
        clock.now += stay
        standing.leave(LOST)
        standing.brought()
        left = clock.now
        while not standing.steady:
            clock.now += 10
        standing.rely()
        waits.append(clock.now - left)
    expected = [min(60 * 2**number, LONGEST_STEADY_SECONDS) for number in range(len(waits))]
    assert waits == expected


def test_after_a_long_time_without_trouble_it_is_trusted_as_at_first() -> None:
    clock = Clock()
    standing = Standing(60, clock)
    for _ in range(4):
        standing.leave(LOST)
        standing.rely()
    clock.now += LONGEST_STEADY_SECONDS + 1
    standing.leave(LOST)
    standing.brought()
    clock.now += 60
    assert standing.steady
