"""Stored models for tests: real artifacts around networks that always forecast the same return."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from server.features.build import FEATURE_NAMES
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.contract import Spec
from server.forecasters.evaluation import Evaluation, evaluate
from server.forecasters.fingerprint import data_fingerprint
from server.forecasters.manifest import library_versions
from server.forecasters.prepare import Prepared, prepare
from server.forecasters.scored_part import FILE_NAME, ScoredPart
from server.market.candles import Candles, iso_time
from tests.features.series import walk

ROWS = 700
ID = "0123456789abcdef" * 2


@cache
def candles(rows: int = ROWS) -> Candles:
    """An hourly walk; a longer one begins like a shorter one."""
    return walk(5000)[:rows]


@cache
def network(lookback: int, horizon: int, forecast: float) -> bytes:
    """An ONNX network whose every answer is ``forecast`` (log return), whatever it is shown."""
    weights = np.zeros((lookback * len(FEATURE_NAMES), horizon), dtype=np.float32)
    bias = np.full(horizon, forecast, dtype=np.float32)
    nodes = [
        helper.make_node("Flatten", ["windows"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "weights"], ["moved"]),
        helper.make_node("Add", ["moved", "bias"], ["returns"]),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [helper.make_tensor_value_info("windows", TensorProto.FLOAT, [None, lookback, len(FEATURE_NAMES)])],
        [helper.make_tensor_value_info("returns", TensorProto.FLOAT, [None, horizon])],
        [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    content: bytes = model.SerializeToString()
    return content


def store_model(
    artifacts: ArtifactStore, model_id: str = ID, forecast: float = 0.0, rows: int = ROWS, **changes: Any
) -> dict[str, Any]:
    """Write a model of :func:`candles` and return the manifest of its artifact."""
    spec = Spec(
        **{
            "ticker": "BTC-USD",
            "interval": "1h",
            "model_type": "CNN",
            "lookback": 10,
            "horizon": 2,
            "epochs": 1,
            "batch_size": 32,
            "learning_rate": 1e-3,
            "patience": None,
            "seed": 7,
            **changes,
        }
    )
    manifest, scored = _evaluated(spec, rows, forecast)
    files = {
        "model.onnx": network(spec.lookback, spec.horizon, forecast),
        "model.keras": b"keras" * 50,
        FILE_NAME: scored.to_bytes(),
    }
    artifacts.write(model_id, files, manifest)
    return artifacts.open(model_id).manifest


@cache
def _evaluated(spec: Spec, rows: int, forecast: float) -> tuple[dict[str, Any], ScoredPart]:
    series = candles(rows)
    prepared = prepare(series, spec.interval, spec.lookback, spec.horizon)
    parts = prepared.dataset.parts
    always = [np.full((len(part), spec.horizon), forecast) for part in (parts.calibration, parts.test)]
    evaluation = evaluate(prepared.dataset, *always)
    scored = ScoredPart.of(prepared.dataset, always[1], evaluation.conformal, evaluation.factors)
    return _described(spec, series, prepared, evaluation), scored


def _described(spec: Spec, series: Candles, prepared: Prepared, evaluation: Evaluation) -> dict[str, Any]:
    return {
        "spec": asdict(spec),
        "feature_names": list(prepared.dataset.feature_names),
        "scaler": prepared.scaler.to_dict(),
        "metrics": evaluation.metrics,
        "baseline": evaluation.baseline,
        "conformal": evaluation.conformal.to_json(),
        "widths": evaluation.widths.to_json(),
        "data": _data(series, prepared),
        "libraries": library_versions(),
    }


def _data(series: Candles, prepared: Prepared) -> dict[str, Any]:
    dataset = prepared.dataset
    edges = {
        name: {
            "origins": len(origins),
            "first": iso_time(int(dataset.timestamp[origins[0]])),
            "last": iso_time(int(dataset.timestamp[origins[-1]])),
        }
        for name in ("train", "validation", "calibration", "test")
        for origins in [getattr(dataset.parts, name)]
    }
    return {
        "rows": len(series),
        "start": iso_time(int(series.timestamp[0])),
        "end": iso_time(int(series.timestamp[-1])),
        "fingerprint": data_fingerprint(series),
        "excluded_origins": prepared.excluded_origins,
        "parts": edges,
    }
