"""Values are loaded once however many ask, and the one unused for longest makes room."""

from __future__ import annotations

import threading
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


def test_what_is_forgotten_during_its_load_is_answered_but_not_kept() -> None:
    kept: LoadedOnce[str, int] = LoadedOnce(2)

    def load() -> int:
        kept.forget("a")
        return 1

    assert kept.get("a", load) == 1
    assert "a" not in kept
