"""What an answer must be before anything uses it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.market.sources.answers import read_candles, read_price, read_row
from server.market.sources.contract import SourceAnswerUnusable

HOUR = 3600
START = 1_546_300_800  # 2019-01-01T00:00:00Z


def row(number: int, **changes: Any) -> list[Any]:
    """A sound row, ``number`` hours after the start."""
    values = {"t": (START + number * HOUR) * 1000, "o": 10.0, "h": 12.0, "l": 9.0, "c": 11.0, "v": 1.5}
    return list({**values, **changes}.values())


@given(st.lists(st.integers(0, 500), unique=True), st.integers(0, 520))
def test_all_closed_candles_and_no_others_are_kept(numbers: list[int], hours: int) -> None:
    numbers.sort()
    found = read_candles([row(each) for each in numbers], HOUR, START + hours * HOUR, "kraken")
    assert found.timestamp.tolist() == [START + each * HOUR for each in numbers if each < hours]


@given(st.lists(st.integers(0, 50), min_size=2).filter(lambda numbers: numbers != sorted(numbers)))
def test_rows_that_turn_back_are_not_used(numbers: list[int]) -> None:
    with pytest.raises(SourceAnswerUnusable, match="after a later one"):
        read_candles([row(each) for each in numbers], HOUR, START + 100 * HOUR, "kraken")


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.text(), st.booleans()), max_size=8))
def test_whatever_a_row_holds_it_is_sound_or_refused(values: list[Any]) -> None:
    try:
        timestamp, opened, high, low, close, volume = read_row(values, 60, "kraken")
    except SourceAnswerUnusable:
        return
    assert timestamp % 60 == 0
    assert 0 < low <= min(opened, close) <= max(opened, close) <= high < math.inf
    assert 0 <= volume < math.inf


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"t": START * 1000 + 7000}, "not on the grid of 3600 seconds"),
        ({"t": 0}, "not on the grid"),
        ({"h": 8.0}, "cannot be"),
        ({"l": 10.5}, "cannot be"),
        ({"l": 0.0}, "cannot be"),
        ({"v": -1.0}, "cannot be"),
        ({"c": math.nan}, "not six finite numbers"),
        ({"h": math.inf}, "not six finite numbers"),
        ({"o": "10"}, "not six finite numbers"),
        ({"v": None}, "not six finite numbers"),
        ({"v": True}, "not six finite numbers"),
    ],
)
def test_a_candle_that_cannot_be_spoils_the_answer(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(SourceAnswerUnusable, match=reason):
        read_candles([row(0), row(1, **changes)], HOUR, START + 100 * HOUR, "kraken")


def test_a_candle_told_twice_counts_once_and_two_that_differ_are_refused() -> None:
    found = read_candles([row(0), row(1), row(1), row(2)], HOUR, START + 100 * HOUR, "kraken")
    assert len(found) == 3
    with pytest.raises(SourceAnswerUnusable, match="twice, with different numbers"):
        read_candles([row(0), row(0, v=2.0)], HOUR, START + 100 * HOUR, "kraken")


@pytest.mark.parametrize("rows", [None, "rows", {"rows": []}, 7, [None], [[1, 2]], ["123456"]])
def test_what_is_no_list_of_rows_is_refused(rows: Any) -> None:
    with pytest.raises(SourceAnswerUnusable):
        read_candles(rows, HOUR, START, "kraken")


def test_an_answer_without_candles_is_six_empty_columns() -> None:
    found = read_candles([], HOUR, START, "kraken")
    assert len(found) == 0
    assert found.timestamp.dtype == np.int64


@pytest.mark.parametrize("value", [None, 0, -1.0, math.nan, math.inf, "1"])
def test_what_is_no_price_is_refused(value: Any) -> None:
    with pytest.raises(SourceAnswerUnusable, match="is no price"):
        read_price(value, "kraken")
