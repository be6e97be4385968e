"""How fast forecasts are served: beside `model.predict` in Flask, and beside MLflow's scoring server.

The product's own stack serves a 24-step LSTM from one web process (gunicorn with gevent, one worker):
each `POST /predict` reads the model and the series, forecasts, puts intervals around it, stores the
forecast with its steps and its event, and publishes it. Rate limits are counted, with limits that are
never reached. Clients share the cores. *At 100 requests/s*: each request is due at its own time and its
latency counts from then, however late those before it were. *16 connections*: each asks again once it
is answered. The peers serve the same network's `.keras` file; they are sent the scaled window ready made
and store nothing. *Flask* is `model.predict` in a view under gunicorn with 16 threads, *MLflow* is
`mlflow models serve` with its own defaults, from an environment of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from statistics import median, quantiles

import numpy as np

from benchmarks import cached_models
from benchmarks.database import reading
from benchmarks.forecast_listener import ForecastListener
from benchmarks.keras_peer import running_keras
from benchmarks.mlflow_peer import NotAvailable, running_mlflow
from benchmarks.predict_load import Load, Tally, offer
from benchmarks.product import Poster, output_of, running_product, wait_until_warm
from benchmarks.report import Row, as_text, quick
from benchmarks.served import HOST, Peer
from benchmarks.trained_model import HORIZON, INTERVAL, TICKER, TRAINING, TrainedModel, train
from server.config import Settings
from server.local.environment import environment_of
from server.local.processes import StackError
from tests.stack import Stack

RATE, CONNECTIONS = 100.0, 16
P50_GOAL, P99_GOAL, THROUGHPUT_GOAL, PEER_GOAL, COLD_GOAL = 10.0, 40.0, 300.0, 10.0, 150.0
SAME_FORECAST = 1e-5
COLD_MODELS = 10
CACHED_MODELS, SMALL_CACHE = 200, 50
ASKED = {"ticker": TICKER, "interval": INTERVAL, "horizon": HORIZON}
# Counted on every request, reached by none.
LIMITS = {
    spec.name: "1000000 per second"
    for spec in fields(Settings)
    if spec.name.startswith("rate_limit_") and spec.name != "rate_limit_enabled"
}


@dataclass(frozen=True, slots=True)
class Stored:
    """Rows of forecasts, of their steps and of their events; events that the room's listener heard."""

    forecasts: int
    steps: int
    events: int
    heard: int = 0


def run() -> list[Row]:
    """The product first, then its peers on the machine that it has left."""
    with tempfile.TemporaryDirectory(prefix="crypto-predict-bench-") as name:
        folder = Path(name)
        with running_product(rate_limit_enabled=True, **LIMITS) as stack:
            model = train(stack, TRAINING)
            wait_until_warm(stack)
            cold = _cold_answers(stack, model)
            loads, kept = _measure_product(stack)
            model = _kept(model, folder)
        flask = _measure_peer(running_keras(model.network, folder), model)
        mlflow = _measure_mlflow(model, folder)
        weights = cached_models.rows(model, folder / "copies", CACHED_MODELS, SMALL_CACHE)
    steady, full = loads
    return [
        *_latency_rows(steady),
        *_throughput_rows(full, flask, mlflow),
        *_kept_rows(loads, kept),
        *_cold_rows(cold),
        *weights,
    ]


def _kept(model: TrainedModel, folder: Path) -> TrainedModel:
    """The model in a store that outlives the product's."""
    place = folder / "artifacts" / "models" / model.model_id
    return replace(model, folder=Path(shutil.copytree(model.folder, place)))


def _measure_product(stack: Stack) -> tuple[tuple[Tally, Tally], Stored]:
    """The open loop, with a listener in the room, and the closed one; what both have left behind."""
    product = Load(HOST, stack.settings.port, "/api/v1/predict", json.dumps(ASKED), 2.0, CONNECTIONS)
    _require_path(offer(product))
    before = _stored(stack)
    with ForecastListener(stack, TICKER, INTERVAL) as listener:
        steady = offer(replace(product, rate=RATE, seconds=4.0 if quick() else 20.0))
        heard = listener.heard(steady.answered)
    full = offer(replace(product, seconds=4.0 if quick() else 15.0))
    after = _stored(stack)
    kept = (getattr(after, name) - getattr(before, name) for name in ("forecasts", "steps", "events"))
    return (steady, full), Stored(*kept, heard=heard)


def _require_path(tally: Tally) -> None:
    """A server that refuses is fast: what it answers is looked at before it is measured."""
    if tally.failed:
        raise RuntimeError(f"POST /predict answered {tally.statuses}, at last {tally.sample}")
    found = len(json.loads(tally.sample)["predictions"])
    if found != HORIZON:
        raise RuntimeError(f"POST /predict answered {found} steps, not {HORIZON}")


def _stored(stack: Stack) -> Stored:
    with reading(stack) as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM predictions), (SELECT count(*) FROM prediction_steps),"
                       " (SELECT count(*) FROM prediction_events WHERE type = 'predicted')")  # fmt: skip
        return Stored(*cursor.fetchone())


def _cold_answers(stack: Stack, model: TrainedModel) -> list[float]:
    """Milliseconds of the first answer of models that the running web process has never loaded."""
    environment = environment_of(stack.settings, os.environ)
    copies = str(3 if quick() else COLD_MODELS)
    names = json.loads(output_of(["-m", "benchmarks.model_copies", model.model_id, copies], environment))
    poster, found = Poster(stack), []
    poster.call("POST", "/predict", ASKED)  # the window and the first connections are not the model's
    for name in names:
        started = time.perf_counter()
        poster.call("POST", "/predict", {**ASKED, "model_id": name})
        found.append(1e3 * (time.perf_counter() - started))
    return found


def _measure_peer(running: AbstractContextManager[Peer], model: TrainedModel) -> Tally:
    """The closed loop on a peer, once it was seen to serve the same network."""
    body = json.dumps({"inputs": model.window.tolist()})
    with running as peer:
        difference = float(np.abs(peer.forecast(body) - model.forecast()).max())
        if difference > SAME_FORECAST:
            raise RuntimeError(f"the peer forecasts otherwise: difference {difference}")
        load = Load(HOST, peer.port, peer.path, body, 2.0, CONNECTIONS)
        offer(load)
        return offer(replace(load, seconds=4.0 if quick() else 15.0))


def _measure_mlflow(model: TrainedModel, folder: Path) -> Tally | str:
    try:
        return _measure_peer(running_mlflow(model.network, folder), model)
    except (NotAvailable, StackError) as reason:
        return str(reason)


def _latency_rows(steady: Tally) -> list[Row]:
    cuts = quantiles(steady.latencies, n=1000, method="inclusive")
    name = f"POST /predict at {RATE:.0f} requests/s"
    client = f"{steady.answered:,} answers, slowest {max(steady.latencies):.1f} ms; " + _client(steady)
    return [
        Row(f"{name}, p50", cuts[499], "ms", None, None, f"at most {P50_GOAL:.0f} ms", cuts[499] <= P50_GOAL),
        Row(f"{name}, p99", cuts[989], "ms", None, None, f"at most {P99_GOAL:.0f} ms", cuts[989] <= P99_GOAL,
            client),
    ]  # fmt: skip


def _throughput_rows(full: Tally, flask: Tally, mlflow: Tally | str) -> list[Row]:
    cuts = quantiles(full.latencies, n=100, method="inclusive")
    name = f"POST /predict, {CONNECTIONS} connections"
    rate = full.per_second
    return [
        Row(name, rate, "requests/s", None, None, f"at least {THROUGHPUT_GOAL:.0f}", rate >= THROUGHPUT_GOAL,
            _client(full)),
        Row("- their latency, p50", cuts[49], "ms"),
        Row("- their latency, p99", cuts[98], "ms"),
        _beside(name, "Flask", full, flask),
        _beside(name, "MLflow", full, mlflow),
    ]  # fmt: skip


def _beside(name: str, peer: str, full: Tally, measured: Tally | str) -> Row:
    goal = f"at least {PEER_GOAL:.0f} x"
    if isinstance(measured, str):
        return Row(f"{name}; peer: {peer}", full.per_second, "requests/s", "not measured", None, goal, None,
                   measured)  # fmt: skip
    ratio = full.per_second / measured.per_second
    middle = median(measured.latencies)
    sent = sum(measured.statuses.values())
    note = f"{peer}: {measured.failed} of {sent:,} requests failed, p50 {middle:,.0f} ms"
    return Row(f"{name}; peer: {peer}", full.per_second, "requests/s", measured.per_second, ratio, goal,
               ratio >= PEER_GOAL, note)  # fmt: skip


def _kept_rows(loads: tuple[Tally, Tally], kept: Stored) -> list[Row]:
    answered, failed = (sum(getattr(load, name) for load in loads) for name in ("answered", "failed"))
    statuses = ", ".join(f"{count:,} x {status}" for load in loads for status, count in load.statuses.items())
    unkept = answered - min(kept.forecasts, kept.events, kept.steps // HORIZON)
    unheard = loads[0].answered - kept.heard
    return [
        Row("POST /predict not answered with 200", failed, "requests", None, None, "0", failed == 0,
            statuses),
        Row("answered, but without its rows", unkept, "forecasts", None, None, "0", unkept == 0,
            f"{kept.forecasts:,} forecasts, {kept.steps:,} steps and {kept.events:,} events were stored"),
        Row("answered, but not heard of in the room", unheard, "forecasts", None, None, "0", unheard == 0,
            f"one listener, at {RATE:.0f} requests/s"),
    ]  # fmt: skip


def _cold_rows(cold: list[float]) -> list[Row]:
    goal = f"at most {COLD_GOAL:.0f} ms"
    return [
        Row("first answer of a model never loaded, median", median(cold), "ms"),
        Row("first answer of a model never loaded, slowest", max(cold), "ms", None, None, goal,
            max(cold) <= COLD_GOAL, f"{len(cold)} models, artifact read, verified and loaded"),
    ]  # fmt: skip


def _client(tally: Tally) -> str:
    return f"the client took {tally.cpu_seconds / tally.seconds:.0%} of a core"


if __name__ == "__main__":
    print(as_text(run()))
