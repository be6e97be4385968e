"""How soon a training answers: the call, its first event, its first epoch.

`POST /train` is one new connection a call, answer read to the end. The calls are made with the trainer
stopped, so that nothing but the server works and each session stays queued until it is cancelled, and
again while a training uses the cores. Nobody can join a room before the answer has named the session, so
`queued` is measured from sending the `POST` until a connected client that joins right after the answer
has the event. The first epoch is that of a CNN on 2,000 candles, lookback 30, from sending the `POST`.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from statistics import median, quantiles
from typing import Any

from benchmarks.product import Poster, Watcher, running_product, wait_until_warm
from benchmarks.report import Row, quick
from benchmarks.series import sample
from tests.stack import Stack

POST_GOAL = 50.0
QUEUED_GOAL = 100.0
EPOCH_GOAL = 1.5
CANDLES = 2_000
TRAINING = {"ticker": "BTC-USD", "model_type": "CNN", "epochs": 3, "seed": 7}


def run() -> list[Row]:
    """Milliseconds for the call and ``queued``, seconds for the first epoch."""
    calls, runs = (10, 2) if quick() else (40, 9)
    with running_product() as stack:
        epochs = [_first_epoch(stack) for _ in range(runs)]
        busy = _calls_while_training(stack, calls)
        stack.stop_service("trainer")
        _calls(stack, 5)  # the first connections of the pool, the first query plans
        idle = _calls(stack, calls)
    return [*_call_rows(idle, busy), *_epoch_rows(epochs)]


def _calls(stack: Stack, calls: int) -> list[tuple[float, float]]:
    """Milliseconds from sending the ``POST`` to its answer, and to ``queued``."""
    poster, found = Poster(stack), []
    with Watcher(stack) as watcher:
        for _ in range(calls):
            started = time.perf_counter()
            session_id = poster.call("POST", "/train", TRAINING)["session_id"]
            answered = time.perf_counter()
            watcher.join(session_id)
            queued, _event = watcher.wait_for(session_id, "queued", seconds=30)
            poster.call("DELETE", f"/train/{session_id}/cancel")
            found.append((1e3 * (answered - started), 1e3 * (queued - started)))
    return found


def _calls_while_training(stack: Stack, calls: int) -> list[tuple[float, float]]:
    poster = Poster(stack)
    long = {**TRAINING, "model_type": "LSTM", "epochs": 1000}
    session_id = poster.call("POST", "/train", long)["session_id"]
    with Watcher(stack) as watcher:
        watcher.join(session_id)
        watcher.wait_for(session_id, "epoch")
    found = _calls(stack, calls)
    poster.call("DELETE", f"/train/{session_id}/cancel")
    wait_until_warm(stack)
    return found


def _first_epoch(stack: Stack) -> dict[str, float]:
    """Seconds from sending the ``POST`` until the client has each kind of event."""
    poster, timestamp = Poster(stack), sample().timestamp[:CANDLES]
    first, last = (datetime.fromtimestamp(int(moment), UTC).isoformat() for moment in timestamp[[0, -1]])
    body = {**TRAINING, "start_date": first, "end_date": last}
    arrived: dict[str, float] = {}
    with Watcher(stack) as watcher:
        started = time.perf_counter()
        session_id = poster.call("POST", "/train", body)["session_id"]
        watcher.join(session_id)
        for kind in ("started", "stage", "epoch", "completed"):
            arrived[kind], event = watcher.wait_for(session_id, kind)
            if kind == "epoch":
                arrived["in_epoch"] = started + event["data"]["seconds"]
    wait_until_warm(stack)
    return {kind: moment - started for kind, moment in arrived.items()}


def _call_rows(idle: list[tuple[float, float]], busy: list[tuple[float, float]]) -> list[Row]:
    post, queued = (_percentiles([call[which] for call in idle]) for which in (0, 1))
    post_busy, queued_busy = (_percentiles([call[which] for call in busy]) for which in (0, 1))
    calls = f"{len(idle)} calls"
    return [
        Row("POST /train, p50", post[0], "ms"),
        Row("POST /train, p95", post[1], "ms", None, None, f"at most {POST_GOAL:.0f} ms",
            post[1] <= POST_GOAL, calls),
        Row("POST to `queued` at a client, p50", queued[0], "ms"),
        Row("POST to `queued` at a client, p95", queued[1], "ms", None, None,
            f"at most {QUEUED_GOAL:.0f} ms", queued[1] <= QUEUED_GOAL, calls),
        Row("while a training runs: POST /train, p95", post_busy[1], "ms"),
        Row("while a training runs: POST to `queued`, p95", queued_busy[1], "ms"),
    ]  # fmt: skip


def _epoch_rows(runs: list[dict[str, float]]) -> list[Row]:
    middle = {kind: median(run[kind] for run in runs) for kind in runs[0]}
    waits = sorted(run["epoch"] for run in runs)
    return [
        Row("POST to the first `epoch`, CNN on 2,000 candles", middle["epoch"], "s", None, None,
            f"at most {EPOCH_GOAL} s", middle["epoch"] <= EPOCH_GOAL,
            f"median of {len(runs)} runs, {waits[0]:.2f}-{waits[-1]:.2f} s"),
        Row("- of it until `started`: queue, claim, lease", middle["started"], "s"),
        Row("- of it the epoch itself, tracing included", middle["in_epoch"], "s"),
        Row("POST to `completed`, the same runs, 3 epochs", middle["completed"], "s"),
    ]  # fmt: skip


def _percentiles(values: list[float]) -> tuple[float, Any]:
    return median(values), quantiles(values, n=20, method="inclusive")[-1]
