"""Neither a frame nor an answer is believed alone: what follows when they disagree."""

from __future__ import annotations

import pytest

from server.market.sources.contract import Row
from server.market.streaming.agreement import agree, candles_of, contradicts, rows_of

STEP = 60
GRID = range(600, 840, STEP)


def row(opened: int, close: float = 10.0) -> Row:
    return (opened, 10.0, 12.0, 9.0, close, 1.0)


ALL = {opened: row(opened) for opened in GRID}
WITHOUT = {opened: each for opened, each in ALL.items() if opened != 660}
OTHERWISE = {**ALL, 660: row(660, 11.0)}


def test_what_is_stored_and_answered_alike_is_right() -> None:
    assert not contradicts(GRID, ALL, ALL)
    found = agree(GRID, ALL, ALL)
    assert (found.checked_until, found.write) == (GRID.stop, {})


def test_a_new_candle_is_written_and_checked_by_the_next_answer() -> None:
    assert not contradicts(GRID, WITHOUT, ALL)
    found = agree(GRID, WITHOUT, ALL)
    assert (found.checked_until, found.write) == (660, {660: ALL[660]})
    assert agree(GRID, ALL, ALL).checked_until == GRID.stop


@pytest.mark.parametrize(
    ("again", "checked", "written"),
    [
        (OTHERWISE, GRID.stop, {660: OTHERWISE[660]}),
        (ALL, 660, {}),
        (WITHOUT, 660, {}),
        ({}, 660, {}),
    ],
)
def test_a_stored_candle_is_replaced_when_two_answers_say_so(
    again: dict[int, Row], checked: int, written: dict[int, Row]
) -> None:
    assert contradicts(GRID, ALL, OTHERWISE)
    found = agree(GRID, ALL, OTHERWISE, again)
    assert (found.write, found.checked_until) == (written, checked)


def test_a_candle_that_no_answer_has_is_missing_and_a_stored_one_stays() -> None:
    for stored in (ALL, WITHOUT):
        assert contradicts(GRID, stored, WITHOUT)
        found = agree(GRID, stored, WITHOUT, WITHOUT)
        assert (found.checked_until, found.write) == (GRID.stop, {})
    assert agree(GRID, WITHOUT, WITHOUT, ALL).checked_until == 660


def test_rows_and_candles_say_the_same() -> None:
    shuffled = {opened: ALL[opened] for opened in reversed(GRID)}
    assert rows_of(candles_of(shuffled)) == ALL
    assert len(candles_of({})) == 0
