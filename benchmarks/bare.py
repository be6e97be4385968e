"""What the server is compared with, each in a process of its own: ``python -m benchmarks.bare TASK JSON``.

Keras is imported and warm, as in a worker that waits for a task, before any clock starts.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil

from benchmarks.series import sample
from server.forecasters import neural
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.checkpoints import NoCheckpoints
from server.forecasters.contract import Dataset, Progress, Rows, StageStarted
from server.forecasters.evaluation import evaluate
from server.forecasters.networks.by_name import network_builder
from server.forecasters.prepare import prepare
from server.market.candles import Candles
from server.training.run import Outcome, run, spec_of

MEGABYTE = 1_000_000


def whole(request: dict[str, Any]) -> dict[str, Any]:
    """A server's run without the server: the same steps, no events, no checkpoints, no database."""
    stages: list[tuple[str, float]] = []

    def note(progress: Progress) -> None:
        if isinstance(progress, StageStarted):
            stages.append((progress.stage, time.perf_counter()))

    candles = sample()
    neural.warm_up()
    started = time.perf_counter()
    outcome = _run(request, lambda: candles, note)
    ended = time.perf_counter()
    moments = [moment for _, moment in stages] + [ended]
    spent = {name: moments[place + 1] - moments[place] for place, (name, _) in enumerate(stages)}
    return {"seconds": ended - started, "stages": spent, "mae": outcome.metrics["overall"]["mae"]}


def plain_keras(request: dict[str, Any]) -> dict[str, Any]:
    """The same job as a notebook does it: windows in memory, ``model.fit``, score, export."""
    candles = sample()
    neural.warm_up()
    spec = spec_of(request["ticker"], "1h", request["model_type"], request)
    started = time.perf_counter()
    data = prepare(candles, "1h", spec.lookback, spec.horizon).dataset
    scale = np.sqrt(np.mean(np.square(data.targets[data.parts.train])))
    network = network_builder(spec.model_type)(spec.lookback, data.features.shape[1], spec.horizon, spec.seed)
    network.compile(
        keras.optimizers.Adam(spec.learning_rate, global_clipnorm=neural.GRADIENT_NORM),
        keras.losses.Huber(),
        metrics=[keras.metrics.MeanAbsoluteError()],
    )
    training, validation = (
        (neural.windows_of(data, rows), data.targets[rows] / scale)
        for rows in (data.parts.train, data.parts.validation)
    )
    fit_started = time.perf_counter()
    network.fit(
        *training,
        batch_size=spec.batch_size,
        epochs=spec.epochs,
        validation_data=validation,
        validation_batch_size=neural.VALIDATION_BATCH,
        verbose=0,
    )
    fit_seconds = time.perf_counter() - fit_started
    _score_and_export(network, data, float(scale))
    return {"seconds": time.perf_counter() - started, "fit": fit_seconds}


def _score_and_export(network: Any, data: Dataset, scale: float) -> None:
    def forecast(origins: Rows) -> Any:
        windows = neural.windows_of(data, origins)
        answers = network.predict(windows, batch_size=neural.PREDICT_BATCH, verbose=0)
        return scale * answers.astype(np.float64)

    evaluate(data, forecast(data.parts.calibration), forecast(data.parts.test))
    finished = neural.NeuralForecaster("plain", network, (), 0)
    with tempfile.TemporaryDirectory() as folder:
        finished.save_onnx(Path(folder) / "model.onnx")
        finished.save_keras(Path(folder) / "model.keras")


def repeated(request: dict[str, Any]) -> list[float]:
    """Memory (MB, resident) of a process that is not replaced, after each of many trainings."""
    candles = sample()[: request["rows"]]
    neural.warm_up()
    memory = []
    for _ in range(request["trainings"]):
        _run(request, lambda: candles, lambda progress: None)
        memory.append(psutil.Process().memory_info().rss / MEGABYTE)
    return memory


def stored_series(request: dict[str, Any]) -> dict[str, float]:
    """A whole run on stored candles: seconds, and the process's peak memory before and after it."""
    # The web application is part of a worker's process, so of its memory too.
    from dataclasses import replace

    from server.app import create_app
    from server.config import Settings
    from server.market.store import load_candles

    app = create_app(replace(Settings.from_environment(), async_mode="threading"))
    neural.warm_up()
    before = peak_memory()
    started = time.perf_counter()
    with app.app_context():
        _run(request, lambda: load_candles(request["ticker"], request["interval"]), lambda progress: None)
    return {"seconds": time.perf_counter() - started, "before": before, "peak": peak_memory()}


def peak_memory() -> float:
    """The most memory this process has held at a time (MB, resident)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024 / MEGABYTE


def _run(
    request: dict[str, Any], candles: Callable[[], Candles], on_progress: Callable[[Progress], None]
) -> Outcome:
    spec = spec_of(request["ticker"], request.get("interval", "1h"), request["model_type"], request)
    with tempfile.TemporaryDirectory() as folder:
        return run(
            spec,
            "bare",
            candles=candles,
            artifacts=ArtifactStore(Path(folder).as_uri()),
            checkpoints=NoCheckpoints(),
            resume_epoch=None,
            on_progress=on_progress,
            should_stop=lambda: False,
        )


TASKS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "whole": whole,
    "plain_keras": plain_keras,
    "repeated": repeated,
    "stored_series": stored_series,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))
