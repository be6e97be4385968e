"""What a process remembers of a room, and when it asks the log instead."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from server.realtime.relay import REMEMBERED, Watermark


class NoLog:
    """A log that nobody asks."""

    event = "training_update"

    def last_seqs(self, rooms: Iterable[str]) -> dict[str, int]:
        raise AssertionError("the log was asked")

    def read(self, room: str, after: int, until: int, limit: int) -> list[dict[str, Any]]:
        raise AssertionError("the log was asked")


def heard(seqs: Iterable[int]) -> Watermark:
    watermark = Watermark(NoLog())
    for seq in seqs:
        watermark.take({"seq": seq, "data": f"event {seq}"})
    return watermark


@given(st.permutations(range(1, 13)), st.integers(0, 12), st.integers(0, 12))
def test_what_was_heard_in_any_order_is_remembered_in_that_of_the_log(
    order: list[int], after: int, until: int
) -> None:
    found = heard(order).remembered(after, until)
    assert found == [{"seq": seq, "data": f"event {seq}"} for seq in range(after + 1, until + 1)]


@given(st.sets(st.integers(1, 12)), st.integers(0, 12), st.integers(0, 12))
def test_with_one_event_missing_the_log_must_be_asked(seqs: set[int], after: int, until: int) -> None:
    wanted = set(range(after + 1, until + 1))
    found = heard(sorted(seqs)).remembered(after, until)
    assert (found is None) == bool(wanted - seqs)


def test_only_the_newest_are_remembered() -> None:
    watermark = heard(range(1, 3 * REMEMBERED + 1))
    newest = 3 * REMEMBERED
    assert watermark.remembered(newest - REMEMBERED - 1, newest) is None
    assert watermark.remembered(newest - REMEMBERED, newest) is not None
    assert watermark.remembered(0, newest) is None


def test_who_has_all_is_sent_nothing() -> None:
    assert heard([]).remembered(7, 7) == []
