"""Frames in whatever order and number: a candle that is called sure is what the exchange had."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from server.market.sources.contract import Listing, LiveCandle, Row
from server.market.sources.growing import GrowingCandles

STEP = 60
LISTING = Listing("BTC-USD", "BTC/USDT", "binance:BTC/USDT")
States = list[list[Row]]


def states(candles: int, frames: int) -> States:
    """Each candle's states on the wire, the last one as it ended."""
    return [
        [(600 + STEP * number, 10.0, 11.0 + frame, 9.0, 10.0 + frame, 1.0 + frame) for frame in range(frames)]
        for number in range(candles)
    ]


def flat(wire: States) -> list[Row]:
    return [row for each in wire for row in each]


def taken(rows: list[Row]) -> list[LiveCandle]:
    series = GrowingCandles(LISTING, "1m")
    return [change for row in rows for change in series.take([(row[0] * 1000, *row[1:])])]


@given(st.integers(2, 6), st.integers(1, 4))
def test_frames_in_order_end_every_candle_but_the_last(candles: int, frames: int) -> None:
    wire = states(candles, frames)
    ended = [change for change in taken(flat(wire)) if change.closed]
    assert [change.row for change in ended] == [each[-1] for each in wire[:-1]]
    assert all(change.sure for change in ended)


@settings(max_examples=50)
@given(st.data())
def test_repeated_and_late_frames_end_no_candle_wrongly(data: st.DataObject) -> None:
    """Frames come again, or late; the last of each candle comes before the next candle's first."""
    wire = states(4, 3)
    rows: list[Row] = []
    for number, each in enumerate(wire):
        again = [row for earlier in wire[:number] for row in earlier]
        extra = data.draw(st.lists(st.sampled_from(each + again), max_size=4))
        rows += [*extra, *each]
    final = {each[-1][0]: each[-1] for each in wire}
    for change in taken(rows):
        if change.closed and change.sure:
            assert change.row == final[change.row[0]]


@given(st.sets(st.integers(0, 4)), st.booleans())
def test_a_candle_without_its_successor_on_the_wire_is_not_sure(lost: set[int], doubted: bool) -> None:
    wire = [each for number, each in enumerate(states(5, 2)) if number not in lost]
    opens = [each[0][0] for each in wire]
    for change in taken(flat(wire)):
        if change.closed:
            following = opens[opens.index(change.row[0]) + 1]
            assert change.sure == (following == change.row[0] + STEP)


@given(st.floats(allow_nan=True) | st.just("12") | st.none())
def test_an_unusable_frame_makes_its_candle_unsure(wrong: object) -> None:
    first, second, third = (each[-1] for each in states(3, 1))
    series = GrowingCandles(LISTING, "1m")
    changes = series.take([(first[0] * 1000, *first[1:]), (first[0] * 1000 + 7, wrong, 1, 1, 1, 1)])
    for row in (second, third):
        changes += series.take([(row[0] * 1000, *row[1:])])
    assert [change.sure for change in changes if change.closed] == [False, True]
