"""What the processes hold: the web process after use, the trainer after many trainings.

Resident memory (RSS). The trainer is its Celery parent and the warm child that waits for a task, added up (a
page that both use counts twice); the child is replaced after each training
(`TRAINING_TASKS_PER_CHILD=1`). Beside it, what one process does that is never replaced.
"""

from __future__ import annotations

from contextlib import ExitStack

import psutil

from benchmarks.product import (
    Poster,
    Watcher,
    fresh_process,
    has_tensorflow,
    running_product,
    wait_until_warm,
)
from benchmarks.report import Row, quick
from tests.stack import Stack

MEGABYTE = 1_000_000
WEB_GOAL = 220.0
GROWTH_GOAL = 0.05
REQUESTS, SOCKETS = 400, 50
PATHS = (
    "/train",
    "/train/running",
    "/market/tickers",
    "/market/candles?ticker=BTC-USD&interval=1h",
    "/health",
)
TRAINING = {
    "ticker": "BTC-USD", "interval": "1h", "model_type": "CNN", "lookback": 10, "horizon": 1, "epochs": 1,
    "batch_size": 32, "learning_rate": 1e-3, "patience": None, "seed": 7,
}  # fmt: skip


def run() -> list[Row]:
    """Megabytes of the web process and of the trainer."""
    early, late = (1, 3) if quick() else (5, 30)
    with running_product() as stack:
        web = _web_rows(stack)
        parent, child = _trainer_after(stack, early, late)
    request = {**TRAINING, "rows": 17_513, "trainings": late}
    return [*web, *_trainer_rows(parent, child, early, late), _kept_process(request, early, late)]


def _web_rows(stack: Stack) -> list[Row]:
    fresh = _resident(_web(stack))
    poster = Poster(stack)
    with ExitStack() as sockets:
        for _ in range(SOCKETS):
            sockets.enter_context(Watcher(stack))
        for number in range(REQUESTS):
            poster.call("GET", PATHS[number % len(PATHS)])
        used = _resident(_web(stack))
        tensorflow = has_tensorflow(_web(stack).pid)
    return [
        Row("web process, just started", fresh, "MB"),
        Row(f"web process, {REQUESTS} requests, {SOCKETS} sockets", used, "MB", None, None,
            f"below {WEB_GOAL:.0f} MB", used < WEB_GOAL),
        Row("web process, TensorFlow is loaded", "yes" if tensorflow else "no", "", None, None, "never",
            not tensorflow),
    ]  # fmt: skip


def _web(stack: Stack) -> psutil.Process:
    """The process that answers: gunicorn's only worker."""
    return stack.children_of("web")[0]


def _trainer_after(stack: Stack, early: int, late: int) -> tuple[dict[int, float], dict[int, float]]:
    """Megabytes of parent and warm child, by the number of trainings done before."""
    parent: dict[int, float] = {}
    child: dict[int, float] = {}
    poster = Poster(stack)
    for done in range(1, late + 1):
        session_id = poster.call("POST", "/train", TRAINING)["session_id"]
        stack.wait_for_status(session_id, "COMPLETED")
        wait_until_warm(stack)
        if done in (early, late):
            parent[done] = _resident(psutil.Process(stack.pid("trainer")))
            child[done] = sum(_resident(each) for each in stack.children_of("trainer"))
    return parent, child


def _resident(process: psutil.Process) -> float:
    resident: int = process.memory_info().rss
    return resident / MEGABYTE


def _trainer_rows(parent: dict[int, float], child: dict[int, float], early: int, late: int) -> list[Row]:
    before, after = parent[early] + child[early], parent[late] + child[late]
    name = f"after {late} trainings; peer: after {early}"
    return [
        Row(f"trainer {name}", after, "MB", before, after / before, f"within {GROWTH_GOAL:.0%}",
            abs(after - before) <= GROWTH_GOAL * before),
        Row(f"- of it its parent {name}", parent[late], "MB", parent[early], parent[late] / parent[early]),
        Row(f"- of it its child {name}", child[late], "MB", child[early], child[late] / child[early]),
    ]  # fmt: skip


def _kept_process(request: dict[str, object], early: int, late: int) -> Row:
    held = fresh_process("repeated", request)
    before, after = held[early - 1], held[late - 1]
    name = f"one process never replaced, after {late} trainings; peer: after {early}"
    return Row(name, after, "MB", before, after / before)
