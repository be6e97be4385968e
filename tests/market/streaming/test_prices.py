"""What a market room is sent: four states of a growing candle a second, every ended one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from server.market.sources.contract import Row
from server.market.streaming.prices import RoomPrices


class Clock:
    """Time that is moved by hand, and the calls that wait for it."""

    def __init__(self) -> None:
        self.now = 100.0
        self._calls: list[tuple[float, Callable[[], None], Waiting]] = []

    def later(self, seconds: float, call: Callable[[], None]) -> Waiting:
        waiting = Waiting()
        self._calls.append((self.now + seconds, call, waiting))
        return waiting

    def advance(self, seconds: float) -> None:
        self.now += seconds
        due = [each for each in self._calls if each[0] <= self.now]
        self._calls = [each for each in self._calls if each[0] > self.now]
        for _, call, waiting in due:
            if not waiting.cancelled:
                call()


class Waiting:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Sent:
    """What was published."""

    def __init__(self) -> None:
        self.payloads: list[Mapping[str, Any]] = []
        self.rooms: set[tuple[str, str]] = set()

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        self.rooms.add((room, event))
        self.payloads.append(payload)


def row(opened: int, close: float) -> Row:
    return (opened, 10.0, 20.0, 5.0, close, 1.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sent() -> Sent:
    return Sent()


@pytest.fixture
def prices(sent: Sent, clock: Clock) -> RoomPrices:
    return RoomPrices(sent, "BTC-USD", "1m", 7, clock.later, lambda: clock.now)


def test_of_many_states_the_newest_is_sent_four_times_a_second(
    prices: RoomPrices, sent: Sent, clock: Clock
) -> None:
    for number in range(100):
        prices.show_growing(row(60, 10 + number / 100))
        clock.advance(0.01)
    assert 4 <= len(sent.payloads) <= 5
    clock.advance(1)
    assert sent.payloads[-1]["candle"]["close"] == 10.99, "the last state is not lost"
    assert sent.rooms == {("market_BTC-USD_1m", "market_update")}


def test_every_ended_candle_is_sent_at_once_and_once(prices: RoomPrices, sent: Sent) -> None:
    for opened in (60, 120, 180, 60, 120):
        prices.show_ended(row(opened, 12.0))
    assert [each["candle"]["timestamp"][14:16] for each in sent.payloads] == ["01", "02", "03"]
    prices.show_ended(row(60, 13.0))
    assert sent.payloads[-1]["candle"]["close"] == 13.0, "a correction is sent too"


def test_numbers_rise_by_one_whatever_is_sent(prices: RoomPrices, sent: Sent, clock: Clock) -> None:
    prices.show_growing(row(60, 11.0))
    prices.show_ended(row(60, 12.0))
    prices.show_growing(row(120, 12.0))
    clock.advance(1)
    assert [each["seq"] for each in sent.payloads] == [7, 8, 9]
    assert [each["closed"] for each in sent.payloads] == [False, True, False]


def test_an_ended_candle_is_not_shown_growing_afterwards(
    prices: RoomPrices, sent: Sent, clock: Clock
) -> None:
    prices.show_growing(row(60, 11.0))
    prices.show_growing(row(60, 11.5))
    prices.show_ended(row(60, 12.0))
    clock.advance(1)
    assert [each["closed"] for each in sent.payloads] == [False, True]


def test_after_the_end_nothing_that_waits_is_sent(prices: RoomPrices, sent: Sent, clock: Clock) -> None:
    prices.show_growing(row(60, 11.0))
    prices.show_growing(row(60, 11.5))
    prices.close()
    clock.advance(1)
    assert len(sent.payloads) == 1
