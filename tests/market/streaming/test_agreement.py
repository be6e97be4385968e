"""Neither a frame nor an answer is believed alone: what follows when they disagree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    ("again", "written"),
    [(OTHERWISE, {660: OTHERWISE[660]}), (ALL, {}), (WITHOUT, {}), ({}, {})],
)
def test_a_stored_candle_is_replaced_when_two_answers_say_so(
    again: dict[int, Row], written: dict[int, Row]
) -> None:
    assert contradicts(GRID, ALL, OTHERWISE)
    found = agree(GRID, ALL, OTHERWISE, again)
    assert (found.write, found.checked_until) == (written, 660)


def test_what_two_answers_in_a_row_said_wrongly_is_put_right_by_the_next_check() -> None:
    stored = {**ALL, **agree(GRID, ALL, OTHERWISE, OTHERWISE).write}
    found = agree(range(660, GRID.stop, STEP), stored, ALL, ALL)
    assert {**stored, **found.write} == ALL


def test_a_stored_candle_that_no_answer_has_stays() -> None:
    assert contradicts(GRID, ALL, WITHOUT)
    found = agree(GRID, ALL, WITHOUT, WITHOUT)
    assert (found.checked_until, found.write, found.missing) == (GRID.stop, {}, set())


def test_that_a_candle_is_missing_is_believed_when_two_checks_say_so() -> None:
    assert contradicts(GRID, WITHOUT, WITHOUT)
    first = agree(GRID, WITHOUT, WITHOUT, WITHOUT)
    assert (first.checked_until, first.write, first.missing) == (660, {}, {660})
    second = agree(GRID, WITHOUT, WITHOUT, WITHOUT, first.missing)
    assert (second.checked_until, second.missing) == (GRID.stop, {660})
    assert agree(GRID, WITHOUT, WITHOUT, ALL, first.missing).checked_until == 660


@settings(max_examples=60)
@given(st.data())
def test_whatever_single_answers_say_the_store_ends_as_the_source_is(data: st.DataObject) -> None:
    """Each check has one answer that is anything and one that is true, in either order."""
    opens = list(GRID)
    true = {open_: row(open_) for open_ in data.draw(st.sets(st.sampled_from(opens)))}
    anything = st.dictionaries(st.sampled_from(opens), st.sampled_from([10.0, 11.0])).map(
        lambda closes: {open_: row(open_, close) for open_, close in closes.items()}
    )
    stored, missed = dict(data.draw(anything)), set[int]()
    stored = {open_: each for open_, each in stored.items() if open_ in true}
    for _ in range(6):
        answers = [data.draw(anything), true]
        if data.draw(st.booleans()):
            answers.reverse()
        found = agree(GRID, stored, answers[0], answers[1], missed)
        # What one answer alone has that the store lacks is written, and looked at again.
        stored, missed = stored | {o: r for o, r in found.write.items() if o in true}, found.missing
    for _ in range(3):
        found = agree(GRID, stored, true, true, missed)
        stored, missed = stored | found.write, found.missing
    assert stored == true
    assert found.checked_until == GRID.stop


def test_rows_and_candles_say_the_same() -> None:
    shuffled = {opened: ALL[opened] for opened in reversed(GRID)}
    assert rows_of(candles_of(shuffled)) == ALL
    assert len(candles_of({})) == 0
