"""What the server adds to a training: sessions, events, checkpoints, database, rooms.

The shipped BTC-USD candles, one LSTM, the same seed. *Through the server*: from sending `POST /train` to a
Socket.IO client having `completed`, with a warm worker. *Bare run*: the same steps (prepare, fit, evaluate,
export) in a fresh process with Keras imported and warm, its candles in memory; no session, events,
checkpoints or database. *Plain Keras*: the same network, epochs, evaluation and export as a notebook does
it, `model.fit` on windows copied into memory. Medians; the order turns with every repeat.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Any

from benchmarks.product import Poster, Watcher, fresh_process, running_product, wait_until_warm
from benchmarks.report import Row, quick
from tests.stack import Stack

GOAL = 1.05
TRAINING = {
    "ticker": "BTC-USD", "interval": "1h", "model_type": "LSTM", "lookback": 30, "horizon": 1,
    "batch_size": 32, "learning_rate": 1e-3, "patience": None, "seed": 7,
}  # fmt: skip


def run() -> list[Row]:
    """Seconds for a whole training: through the server, bare, and with plain Keras."""
    request = {**TRAINING, "epochs": 2 if quick() else 10}
    with running_product() as stack:
        ways: dict[str, Callable[[], dict[str, Any]]] = {
            "server": lambda: _through_the_server(stack, request),
            "bare": lambda: fresh_process("whole", request),
            "keras": lambda: fresh_process("plain_keras", request),
        }
        results = _alternating(ways, repeats=1 if quick() else 5)
    return _rows(results)


def _alternating(
    ways: dict[str, Callable[[], dict[str, Any]]], repeats: int
) -> dict[str, list[dict[str, Any]]]:
    results: dict[str, list[dict[str, Any]]] = {name: [] for name in ways}
    names = list(ways)
    for repeat in range(repeats):
        turn = repeat % len(names)
        for name in names[turn:] + names[:turn]:
            results[name].append(ways[name]())
    return results


def _through_the_server(stack: Stack, request: dict[str, Any]) -> dict[str, Any]:
    poster = Poster(stack)
    with Watcher(stack) as watcher:
        started = time.perf_counter()
        session_id = poster.call("POST", "/train", request)["session_id"]
        watcher.join(session_id)
        ended, event = watcher.wait_for(session_id, "completed")
    events = poster.call("GET", f"/train/{session_id}/events")["events"]
    # The next child of the trainer imports Keras now: let it, before anything else is measured.
    wait_until_warm(stack)
    mae = event["data"]["metrics"]["overall"]["mae"]
    return {"seconds": ended - started, "stages": _stages(events), "mae": mae}


def _stages(events: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds from each stage's event to the next one's, by the times in the log."""
    marks = [event for event in events if event["type"] in ("queued", "started", "stage", "completed")]
    named = [(mark["data"].get("stage", mark["type"]), _seconds(mark["timestamp"])) for mark in marks]
    return {name: after - moment for (name, moment), (_, after) in pairwise(named)}


def _seconds(timestamp: str) -> float:
    return datetime.fromisoformat(timestamp).timestamp()


def _rows(results: dict[str, list[dict[str, Any]]]) -> list[Row]:
    server, bare, keras = (median(each["seconds"] for each in results[name]) for name in results)
    fit = median(each["fit"] for each in results["keras"])
    same = {round(each["mae"], 6) for name in ("server", "bare") for each in results[name]}
    equal = "all ended with the same test MAE" if len(same) == 1 else f"test MAE differed: {sorted(same)}"
    ratio = server / bare
    return [
        Row("training through the server; peer: bare run", server, "s", bare, ratio,
            f"at most {GOAL} x", ratio <= GOAL,
            f"{len(results['bare'])} repeats of each, {_spread(results)}; {equal}"),
        Row("training through the server; peer: plain Keras", server, "s", keras, server / keras,
            note=f"of the {keras:.1f} s of plain Keras, `model.fit` alone took {fit:.1f} s"),
        *(_stage_row(results, stage) for stage in results["bare"][0]["stages"]),
        _waiting_row(results),
    ]  # fmt: skip


def _spread(results: dict[str, list[dict[str, Any]]]) -> str:
    ranges = {name: sorted(each["seconds"] for each in found) for name, found in results.items()}
    return ", ".join(f"{name} {found[0]:.1f}-{found[-1]:.1f} s" for name, found in ranges.items())


def _stage_row(results: dict[str, list[dict[str, Any]]], stage: str) -> Row:
    server, bare = (median(each["stages"][stage] for each in results[name]) for name in ("server", "bare"))
    # A bare run has nothing to fetch: that ratio would be one with zero.
    ratio = server / bare if bare > 0.01 else None
    return Row(f"- of it {stage}; peer: bare run", server, "s", bare, ratio)


def _waiting_row(results: dict[str, list[dict[str, Any]]]) -> Row:
    waited = median(each["stages"]["queued"] + each["stages"]["started"] for each in results["server"])
    return Row("- of it before the first stage: queue, claim, lease", waited, "s")
