"""Values are loaded once however many ask, and the one unused for longest makes room."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from server.prediction.loaded_once import LoadedOnce


def test_many_who_ask_at_once_wait_for_one_load() -> None:
    kept: LoadedOnce[str, object] = LoadedOnce(2)
    loads: list[int] = []
    everyone_asks = threading.Barrier(9)
    released = threading.Event()

    def load() -> object:
        loads.append(1)
        assert released.wait(10)
        return object()

    def ask() -> object:
        everyone_asks.wait(10)
        return kept.get("a", load)

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(8)]
        everyone_asks.wait(10)
        released.set()
        found = {id(answer.result(10)) for answer in answers}
    assert (len(found), len(loads)) == (1, 1)


def test_the_value_unused_for_longest_makes_room() -> None:
    kept: LoadedOnce[str, str] = LoadedOnce(2)
    for key in ("a", "b", "a", "c"):
        kept.get(key, lambda key=key: key.upper())  # type: ignore[misc]
    assert len(kept) == 2
    assert "a" in kept
    assert "c" in kept
    assert "b" not in kept


def test_a_load_that_fails_is_told_to_everyone_and_tried_again_by_the_next() -> None:
    kept: LoadedOnce[str, int] = LoadedOnce(2)

    def fail() -> int:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        kept.get("a", fail)
    assert "a" not in kept
    assert kept.get("a", lambda: 7) == 7


class ProbingLock:
    """A lock that calls ``probe`` each time it was released, in the very moment another thread may come."""

    def __init__(self, probe: Callable[[], None]) -> None:
        self._lock, self._probe = threading.Lock(), probe

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        self._probe()


def test_whoever_comes_as_a_load_ends_finds_its_value_and_loads_nothing() -> None:
    kept: LoadedOnce[str, object] = LoadedOnce(2)
    loaded, found = threading.Event(), []

    def load() -> object:
        loaded.set()
        return object()

    def come() -> None:
        if loaded.is_set() and not found:
            found.append(None)
            found[0] = kept.get("a", lambda: pytest.fail("loaded a second time"))

    kept._lock = ProbingLock(come)  # type: ignore[assignment]
    value = kept.get("a", load)
    assert found == [value]
