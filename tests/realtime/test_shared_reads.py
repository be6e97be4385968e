"""Reads that are shared: how many there are, and how old an answer may be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.errors import NotFound
from server.realtime.shared_reads import SharedReads

WAIT = 10


class Slow:
    """A source whose reads take as long as the test wants; each returns its number."""

    def __init__(self) -> None:
        self.count = 0
        self.began = threading.Semaphore(0)
        self.may_end = threading.Semaphore(0)

    def read(self) -> int:
        self.count += 1
        number = self.count
        self.began.release()
        assert self.may_end.acquire(timeout=WAIT)
        return number


@pytest.fixture
def in_context(database: None, app: object) -> Callable[[Callable[[], object]], object]:
    """Runs a function as a request would, with a session of its own."""

    def run(call: Callable[[], object]) -> object:
        with app.app_context():  # type: ignore[attr-defined]
            return call()

    return run


def test_all_who_ask_while_a_read_is_on_its_way_share_the_next(in_context: Callable[..., object]) -> None:
    reads, source, asking = SharedReads(), Slow(), threading.Semaphore(0)

    def ask() -> object:
        asking.release()
        return reads.get("room", source.read)

    with ThreadPoolExecutor(20) as people:
        first = people.submit(in_context, ask)
        assert source.began.acquire(timeout=WAIT)
        later = [people.submit(in_context, ask) for _ in range(15)]
        for _ in range(16):
            assert asking.acquire(timeout=WAIT)
        source.may_end.release(16)
        assert first.result(WAIT) == 1
        # The first read began before they asked, so it is none of theirs.
        assert min(each.result(WAIT) for each in later) == 2
    # One may have asked a moment later than it said.
    assert source.count <= 4


def test_different_rooms_do_not_wait_for_each_other(in_context: Callable[..., object]) -> None:
    reads, source = SharedReads(), Slow()
    with ThreadPoolExecutor(2) as people:
        slow = people.submit(in_context, lambda: reads.get("room", source.read))
        assert source.began.acquire(timeout=WAIT)
        assert in_context(lambda: reads.get("another", lambda: "at once")) == "at once"
        source.may_end.release()
        assert slow.result(WAIT) == 1


def test_what_a_read_raises_is_raised_for_who_asked_and_the_next_reads_anew(
    in_context: Callable[..., object],
) -> None:
    reads = SharedReads()

    def fails() -> None:
        raise NotFound("There is no such room")

    with pytest.raises(NotFound):
        in_context(lambda: reads.get("room", fails))
    assert in_context(lambda: reads.get("room", lambda: "there now")) == "there now"
