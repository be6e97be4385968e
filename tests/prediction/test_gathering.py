"""Calls are made for all that wait, in order, and never for one key at the same time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from server.prediction.gathering import Gathering


class SlowCall:
    """Doubles numbers; each call waits until it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.entered = threading.Semaphore(0)
        self.let_go = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.calls.append(list(items))
        self.entered.release()
        assert self.let_go.acquire(timeout=10)
        if -1 in items:
            raise ValueError("minus one")
        return [2 * item for item in items]


def gathered(gathering: Gathering[int, int], key: str) -> int:
    return len(gathering._waiting.get(key, ()))


def wait_for(gathering: Gathering[int, int], count: int) -> None:
    while gathered(gathering, "a") < count:
        threading.Event().wait(0.001)


def submit(
    pool: ThreadPoolExecutor, gathering: Gathering[int, int], items: Sequence[int]
) -> list[Future[int]]:
    """Add items one after the other, each from its own thread."""
    found = []
    for item in items:
        before = gathered(gathering, "a")
        found.append(pool.submit(gathering.add, "a", item))
        wait_for(gathering, before + 1)
    return found


def test_what_comes_during_a_call_goes_along_with_the_next() -> None:
    call = SlowCall()
    gathering = Gathering(call)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.add, "a", 1)
        assert call.entered.acquire(timeout=10)
        others = submit(pool, gathering, [2, 3, 4])
        call.let_go.release(2)
        assert [first.result(10), *(other.result(10) for other in others)] == [2, 4, 6, 8]
    assert call.calls == [[1], [2, 3, 4]]


def test_more_than_the_most_take_further_calls() -> None:
    call = SlowCall()
    gathering = Gathering(call, most=2)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.add, "a", 1)
        assert call.entered.acquire(timeout=10)
        others = submit(pool, gathering, [2, 3, 4, 5, 6])
        call.let_go.release(4)
        assert [other.result(10) for other in (first, *others)] == [2, 4, 6, 8, 10, 12]
    assert call.calls == [[1], [2, 3], [4, 5], [6]]


def test_another_key_does_not_wait() -> None:
    call = SlowCall()
    gathering = Gathering(call)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(gathering.add, key, 1) for key in ("a", "b")]
        for _ in answers:
            assert call.entered.acquire(timeout=10)
        call.let_go.release(2)
        assert [answer.result(10) for answer in answers] == [2, 2]


def test_a_failure_reaches_those_of_its_call_and_nobody_else() -> None:
    call = SlowCall()
    gathering = Gathering(call, most=2)
    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(gathering.add, "a", 1)
        assert call.entered.acquire(timeout=10)
        failing, along, later = submit(pool, gathering, [-1, 2, 3])
        call.let_go.release(3)
        assert first.result(10) == 2
        for answer in (failing, along):
            with pytest.raises(ValueError, match="minus one"):
                answer.result(10)
        assert later.result(10) == 6
    call.let_go.release()
    assert gathering.add("a", 5) == 10


def test_nothing_is_kept_of_keys_that_nobody_waits_for() -> None:
    gathering: Gathering[int, int] = Gathering(lambda items: [item + 1 for item in items])
    assert [gathering.add(str(key), key) for key in range(100)] == list(range(1, 101))
    assert not gathering._waiting
    assert not gathering._running
