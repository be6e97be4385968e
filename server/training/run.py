"""One training, straight down: candles, features, windows, fit, evaluate, artifact.

Knows two callables and three stores, and neither Flask, Redis nor the database.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server.forecasters import neural
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.checkpoints import CheckpointStore
from server.forecasters.contract import (
    CandlesRead,
    Dataset,
    Evaluated,
    OnProgress,
    Returns,
    ShouldStop,
    Spec,
    StageStarted,
    TrainingStopped,
)
from server.forecasters.evaluation import Evaluation, evaluate
from server.forecasters.fingerprint import data_fingerprint
from server.forecasters.manifest import library_versions
from server.forecasters.prepare import Prepared, prepare
from server.forecasters.scored_part import FILE_NAME, ScoredPart
from server.forecasters.serving import ONNX_FILE
from server.market.candles import Candles, iso_time
from server.training.events import plain


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a completed run leaves: the stored model and how it did beside the naive forecast."""

    model_id: str
    epochs: int
    best_epoch: int
    metrics: dict[str, Any]
    baseline: dict[str, Any]


def spec_of(ticker: str, interval: str, model_type: str, params: Mapping[str, Any]) -> Spec:
    """The specification of a session from its stored parameters."""
    decided = {
        name: params[name]
        for name in ("lookback", "horizon", "epochs", "batch_size", "learning_rate", "patience", "seed")
    }
    return Spec(ticker=ticker, interval=interval, model_type=model_type, **decided)


def run(
    spec: Spec,
    session_id: str,
    *,
    candles: Callable[[], Candles],
    artifacts: ArtifactStore,
    checkpoints: CheckpointStore,
    resume_epoch: int | None,
    on_progress: OnProgress,
    should_stop: ShouldStop,
) -> Outcome:
    """Train ``spec`` and store the model under ``session_id``.

    ``resume_epoch`` is the last epoch whose end was reported; training goes on after it. Raises
    :class:`TrainingStopped` soon after ``should_stop`` answers True, :class:`TrainingFailed` or
    :class:`InvalidInput` when the data or the loss make the run impossible.
    """
    enter = _entering(on_progress, should_stop)
    enter("data_fetching")
    loaded = candles()
    enter("preprocessing")
    fingerprint = data_fingerprint(loaded)
    on_progress(CandlesRead(fingerprint))
    enter("feature_engineering")
    prepared = prepare(loaded, spec.interval, spec.lookback, spec.horizon)
    enter("model_building")
    training = neural.Training(spec, prepared.dataset, on_progress, should_stop)
    enter("training")
    fitted = training.run(checkpoints, resume_epoch)
    enter("evaluating")
    forecast, evaluation = _evaluated(fitted, prepared.dataset)
    on_progress(Evaluated(evaluation.metrics, evaluation.baseline))
    enter("exporting")
    manifest = describe(spec, loaded, fingerprint, prepared, evaluation, fitted)
    scored = ScoredPart.of(prepared.dataset, forecast, evaluation.conformal, evaluation.factors)
    store(artifacts, session_id, fitted, manifest, scored)
    return Outcome(
        session_id, len(fitted.history), fitted.best_epoch, evaluation.metrics, evaluation.baseline
    )


def _entering(on_progress: OnProgress, should_stop: ShouldStop) -> Callable[[str], None]:
    """What begins a stage, unless the run is to stop before it."""

    def enter(stage: str) -> None:
        if should_stop():
            raise TrainingStopped
        on_progress(StageStarted(stage))

    return enter


def _evaluated(fitted: neural.NeuralForecaster, dataset: Dataset) -> tuple[Returns, Evaluation]:
    """The forecast of the test part, ``(rows, horizon)`` in cumulative log return, and its worth."""
    calibration = fitted.predict(dataset, dataset.parts.calibration)
    test = fitted.predict(dataset, dataset.parts.test)
    return test, evaluate(dataset, calibration, test)


def describe(
    spec: Spec,
    candles: Candles,
    fingerprint: str,
    prepared: Prepared,
    evaluation: Evaluation,
    fitted: neural.NeuralForecaster,
) -> dict[str, Any]:
    """The manifest: everything that serving, comparing and reproducing the model needs."""
    dataset = prepared.dataset
    return {
        "spec": asdict(spec),
        "feature_names": list(dataset.feature_names),
        "scaler": prepared.scaler.to_dict(),
        "metrics": plain(evaluation.metrics),
        "baseline": plain(evaluation.baseline),
        "conformal": evaluation.conformal.to_json(),
        "widths": evaluation.widths.to_json(),
        "data": {
            "rows": len(candles),
            "start": iso_time(int(candles.timestamp[0])),
            "end": iso_time(int(candles.timestamp[-1])),
            "fingerprint": fingerprint,
            "excluded_origins": prepared.excluded_origins,
            "parts": {
                name: {
                    "origins": len(origins),
                    "first": iso_time(int(dataset.timestamp[origins[0]])),
                    "last": iso_time(int(dataset.timestamp[origins[-1]])),
                }
                for name, origins in _parts(prepared).items()
            },
        },
        "libraries": library_versions(),
        "history": [plain(asdict(epoch)) for epoch in fitted.history],
        "epochs": len(fitted.history),
        "best_epoch": fitted.best_epoch,
    }


def _parts(prepared: Prepared) -> dict[str, Any]:
    parts = prepared.dataset.parts
    return {name: getattr(parts, name) for name in ("train", "validation", "calibration", "test")}


def store(
    artifacts: ArtifactStore,
    model_id: str,
    fitted: neural.NeuralForecaster,
    manifest: dict[str, Any],
    scored: ScoredPart,
) -> None:
    """Export and write the model.

    An artifact of that name can only be left from an attempt of this same run that died before it
    was reported, so nobody knows it yet: it is replaced.
    """
    if artifacts.exists(model_id):
        artifacts.delete(model_id)
    with tempfile.TemporaryDirectory(prefix="crypto-predict-") as folder:
        networks = {name: Path(folder) / name for name in (ONNX_FILE, "model.keras")}
        fitted.save_onnx(networks[ONNX_FILE])
        fitted.save_keras(networks["model.keras"])
        artifacts.write(model_id, {**networks, FILE_NAME: scored.to_bytes()}, manifest)
