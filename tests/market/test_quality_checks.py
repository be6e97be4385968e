"""What every batch has to be, and what stands out in it: calculations without a store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.market.candles import Candles
from server.market.outliers import ENOUGH, JUMP, WICK, WINDOW, find_outliers, rolling_deviation
from server.market.soundness import UnsoundCandles, require_sound
from tests.candles import sample_candles

HOUR = 3600
MakeCandles = Callable[..., Candles]


def changed(candles: Candles, row: int, **values: float) -> Candles:
    columns = {}
    for name, value in values.items():
        columns[name] = getattr(candles, name).copy()
        columns[name][row] = value
    return replace(candles, **columns)


def times_ten(candles: Candles, row: int) -> Candles:
    prices = {name: getattr(candles, name)[row] * 10 for name in ("open", "high", "low", "close")}
    return changed(candles, row, **prices)


@pytest.mark.parametrize(
    ("column", "value", "fault"),
    [
        ("timestamp", 1_546_300_807, "not on the grid"),
        ("timestamp", 1_546_300_800, "not after the one before it"),
        ("low", 0.0, "not above zero"),
        ("low", float("nan"), "not above zero"),
        ("high", float("inf"), "not finite"),
        ("high", 1.0, "outside the low and the high"),
        ("close", float("nan"), "outside the low and the high"),
        ("volume", -1.0, "the volume"),
        ("volume", float("nan"), "the volume"),
    ],
)
def test_a_batch_that_cannot_be_candles_is_refused_and_says_why(
    make_candles: MakeCandles, column: str, value: float, fault: str
) -> None:
    candles = make_candles(5)
    require_sound(candles, HOUR)
    with pytest.raises(UnsoundCandles, match=fault) as refused:
        require_sound(changed(candles, 2, **{column: value}), HOUR)
    assert refused.value.details["candle"][column] == repr(value)


def test_columns_of_different_lengths_are_no_candles(make_candles: MakeCandles) -> None:
    with pytest.raises(UnsoundCandles, match="different lengths"):
        require_sound(replace(make_candles(5), close=make_candles(4).close), HOUR)


def test_a_price_ten_times_too_high_stands_out_there_and_back() -> None:
    calm = sample_candles()[5_000:5_600]
    row = 400
    found = find_outliers(times_ten(calm, row), HOUR)
    jumps = [each for each in found if each.kind == JUMP and each not in find_outliers(calm, HOUR)]
    assert [each.timestamp for each in jumps] == calm.timestamp[row : row + 2].tolist()
    assert jumps[0].log_return == pytest.approx(np.log(10), abs=0.1)
    assert jumps[1].log_return == pytest.approx(-np.log(10), abs=0.1)
    assert jumps[0].value == pytest.approx(jumps[0].log_return / jumps[0].deviation)


def test_a_high_or_a_low_far_from_the_body_stands_out(make_candles: MakeCandles) -> None:
    candles = make_candles(200)
    candles = changed(candles, 150, high=candles.high[150] * 3)
    candles = changed(candles, 180, low=candles.low[180] / 3)
    found = [(each.timestamp, each.kind, each.log_return > 0) for each in find_outliers(candles, HOUR)]
    assert found == [
        (int(candles.timestamp[150]), WICK, True),
        (int(candles.timestamp[180]), WICK, False),
    ]


def test_real_markets_jump_seldom() -> None:
    for ticker in ("BTC-USD", "ETH-USD"):
        found = find_outliers(sample_candles(ticker), HOUR)
        assert 5 <= len(found) <= 25, "one candle in a thousand, as is written at DEVIATIONS"


def test_a_later_candle_changes_no_earlier_flag() -> None:
    candles = sample_candles()
    whole = find_outliers(candles, HOUR)
    assert whole, "there is something to compare"
    for rows in (6_000, 12_000, 17_000):
        until = candles.timestamp[rows]
        wild = times_ten(candles, rows)
        expected = [each for each in whole if each.timestamp < until]
        assert [each for each in find_outliers(wild, HOUR) if each.timestamp < until] == expected
        assert find_outliers(candles[:rows], HOUR) == expected


@settings(max_examples=25)
@given(st.integers(0, 15_000), st.integers(1, 900))
def test_a_deviation_is_the_same_bit_by_bit_whichever_batch_the_candle_came_in(first: int, rows: int) -> None:
    candles = sample_candles()
    whole = rolling_deviation(candles, HOUR)
    past = max(0, first - WINDOW - 1)
    part = rolling_deviation(candles[past : first + rows], HOUR)[first - past :]
    np.testing.assert_array_equal(part, whole[first : first + rows])


def test_the_deviation_is_the_root_mean_square_of_the_returns_before(make_candles: MakeCandles) -> None:
    candles = make_candles(WINDOW + 20)
    returns = np.diff(np.log(candles.close))
    expected = np.sqrt(np.mean(np.square(returns[9 : 9 + WINDOW])))
    assert rolling_deviation(candles, HOUR)[WINDOW + 10] == pytest.approx(expected, rel=1e-6)


def test_too_short_a_past_judges_nothing(make_candles: MakeCandles) -> None:
    candles = make_candles(ENOUGH + 2)
    assert find_outliers(times_ten(candles, ENOUGH - 1), HOUR) == []
    assert find_outliers(times_ten(candles, ENOUGH + 1), HOUR) != []
    assert find_outliers(candles[:0], HOUR) == []


def test_a_price_that_moved_during_a_gap_is_no_jump() -> None:
    candles = sample_candles()[5_000:5_400]
    after = candles[301:]
    moved = replace(after, **{name: getattr(after, name) * 2 for name in ("open", "high", "low", "close")})
    gone = Candles(
        *(np.concatenate([getattr(candles[:300], n), getattr(moved, n)]) for n in Candles.__slots__)
    )
    assert [each for each in find_outliers(gone, HOUR) if each.timestamp == after.timestamp[0]] == []


def test_the_first_trade_after_a_standstill_is_no_jump_when_it_is_small(make_candles: MakeCandles) -> None:
    candles = make_candles(200)
    still = np.full(200, 100.0)
    still[150:] = 100.05
    candles = replace(candles, open=still, high=still, low=still, close=still)
    assert find_outliers(candles, HOUR) == []


def test_prices_as_far_apart_as_numbers_can_be_have_finite_deviations(make_candles: MakeCandles) -> None:
    calm = make_candles(200)
    found = find_outliers(changed(calm, 150, open=5e-324, high=1.7e308, low=5e-324, close=5e-324), HOUR)
    assert {each.kind for each in found} == {JUMP, WICK}
    assert all(np.isfinite([each.value, each.log_return, each.deviation]).all() for each in found)
