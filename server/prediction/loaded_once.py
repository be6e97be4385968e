"""Values that are dear to load: kept, each loaded once however many wait for it, the oldest let go."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LoadedOnce(Generic[Key, Value]):
    """At most ``capacity`` values; beyond it the one that was asked for longest ago is let go.

    Whoever asks for a value that is being loaded waits for that load. Safe between threads.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._loading: dict[Key, Future[Value]] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Key) -> bool:
        return key in self._values

    def get(self, key: Key, load: Callable[[], Value]) -> Value:
        """The value kept under ``key``, or what ``load`` returns; what it raises reaches all who wait."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            running = self._loading.get(key)
            mine: Future[Value] = self._loading.setdefault(key, Future())
        if running is not None:
            return running.result()
        return self._load(key, load, mine)

    def _load(self, key: Key, load: Callable[[], Value], mine: Future[Value]) -> Value:
        try:
            value = load()
        except BaseException as error:
            with self._lock:
                del self._loading[key]
            mine.set_exception(error)
            raise
        with self._lock:
            # In one step: whoever comes finds the load or the value that it brought.
            del self._loading[key]
            self._values[key] = value
            while len(self._values) > self._capacity:
                self._values.popitem(last=False)
        mine.set_result(value)
        return value
