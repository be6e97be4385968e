"""Slow calls made for many at once: what is asked during one call goes along with the next."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    # Ends when the result is there, or with None when it is this one's turn to make the call.
    turn: Future[list[Result] | None] = field(default_factory=Future)


class Gathering(Generic[Item, Result]):
    """Gathers items by key and hands all that wait to one ``call``, at most ``most`` at a time.

    One call a key runs at any moment. Nobody waits for company: an item that comes alone goes alone,
    and whoever made a call leaves the next one to the first who still waits. ``call`` answers one
    result an item, in order; what it raises reaches everyone whose item it was given. Safe between threads.
    """

    def __init__(self, call: Callable[[Sequence[Item]], Sequence[Result]], most: int = 64) -> None:
        self._call = call
        self._most = most
        self._waiting: dict[str, list[_Waiting[Item, Result]]] = defaultdict(list)
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def add(self, key: str, item: Item) -> Result:
        """The result of ``item``, alone or along with others of its ``key``."""
        mine: _Waiting[Item, Result] = _Waiting(item)
        with self._lock:
            self._waiting[key].append(mine)
            must_wait = key in self._running
            self._running.add(key)
        if must_wait and (result := mine.turn.result()) is not None:
            return result[0]
        return self._make_call(key)

    def _make_call(self, key: str) -> Result:
        """Call for those who wait, of whom the caller is the first; the caller's own result."""
        with self._lock:
            waiting = self._waiting[key]
            gathered, self._waiting[key] = waiting[: self._most], waiting[self._most :]
        others = gathered[1:]
        try:
            results = self._call([each.item for each in gathered])
        except BaseException as error:
            for other in others:
                other.turn.set_exception(error)
            raise
        finally:
            self._hand_over(key)
        for other, result in zip(others, results[1:], strict=True):
            other.turn.set_result([result])
        return results[0]

    def _hand_over(self, key: str) -> None:
        with self._lock:
            if waiting := self._waiting[key]:
                waiting[0].turn.set_result(None)
            else:
                del self._waiting[key]
                self._running.discard(key)
