"""The same thing done by several threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from flask import Flask

T = TypeVar("T")


def at_once(app: Flask, threads: int, act: Callable[[], T]) -> list[T]:
    """What ``act()`` gave in each of ``threads`` threads, each with an application context of its own."""
    ready = threading.Barrier(threads)
    given: list[T] = []

    def race() -> None:
        with app.app_context():
            ready.wait()
            given.append(act())

    racers = [threading.Thread(target=race) for _ in range(threads)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    return given
