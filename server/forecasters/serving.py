"""A trained network without its framework: ONNX Runtime, the scaler and the calibrated intervals.

What a web process serves from, and what a worker compares models with. One intra-op thread: a
forecast of one window takes less than handing it to a second one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
)
from onnxruntime.capi.onnxruntime_pybind11_state import (
    NotImplemented as NotSupported,
)

from server.errors import InvalidInput, NotFound, ServerError
from server.features.build import FEATURE_NAMES, WARM_UP_ROWS
from server.features.scaling import Scaler
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.conformal import ConformalQuantiles
from server.forecasters.contract import Returns, Rows
from server.forecasters.manifest import ArtifactDamaged

ONNX_FILE: Final = "model.onnx"

LONGEST_LOOKBACK: Final = 365
HISTORY_ROWS: Final = WARM_UP_ROWS + LONGEST_LOOKBACK + 1500
"""Candles to load behind an origin. The features need 200 rows before the window; the slower of the
two averages behind the volatility forgets all but a thousandth of what lies further back than this."""

_WINDOWS_AT_A_TIME = 512
_NOT_A_NETWORK = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotSupported, RuntimeException)


class ModelUnusable(ServerError):
    """A model that is registered cannot be served: its artifact is missing, damaged or of another version."""

    error_code = "model_unavailable"
    http_status = 503


class OnnxForecaster:
    """One model, ready to forecast. Safe to share between threads.

    ``trained_until`` and ``unseen_from`` are opens of candles (seconds, UTC): the last candle of the
    model's data, and the first origin that neither training, validation nor calibration used.
    """

    def __init__(self, onnx: bytes, manifest: Mapping[str, Any]) -> None:
        spec, data = manifest["spec"], manifest["data"]
        self.model_id: str = manifest["model_id"]
        self.name: str = spec["model_type"]
        self.ticker: str = spec["ticker"]
        self.interval: str = spec["interval"]
        self.lookback: int = spec["lookback"]
        self.horizon: int = spec["horizon"]
        self.trained_until = _seconds(data["end"])
        self.unseen_from = _seconds(data["parts"]["test"]["first"])
        self.scaler = Scaler.from_dict(manifest["scaler"])
        self.conformal = ConformalQuantiles.from_json(manifest["conformal"])
        if tuple(manifest["feature_names"]) != FEATURE_NAMES:
            raise ModelUnusable(
                f"Model {self.model_id} was trained on other features than this version computes: "
                "train it again",
                model_id=self.model_id,
            )
        self._session = _session(onnx, self.model_id)
        self._input = self._session.get_inputs()[0].name

    def predict(self, features: NDArray[np.float32], origins: Rows) -> Returns:
        """Cumulative log returns ``(len(origins), horizon)`` float64.

        ``features`` are unscaled, ``(rows, features)`` as of :func:`build_features`; ``origins`` are
        rows with at least ``lookback - 1`` finite rows before them. Raises :class:`InvalidInput` when
        a window holds a value that is not finite, :class:`ModelUnusable` when the network's answer does.
        """
        first = int(origins.min()) - self.lookback + 1
        if first < 0 or not np.all(np.isfinite(features[first : int(origins.max()) + 1])):
            raise InvalidInput(
                f"The window of {self.lookback} candles holds values that are not finite, or too few rows",
                error_code="window_not_finite",
                field="lookback",
                value=self.lookback,
            )
        scaled = self.scaler.transform(features[first : int(origins.max()) + 1])
        windows = np.lib.stride_tricks.sliding_window_view(scaled, self.lookback, axis=0).swapaxes(1, 2)
        starts = origins - self.lookback + 1 - first
        parts = [
            self._run(windows[starts[row : row + _WINDOWS_AT_A_TIME]])
            for row in range(0, len(origins), _WINDOWS_AT_A_TIME)
        ]
        return np.concatenate(parts)

    def _run(self, windows: NDArray[np.float32]) -> Returns:
        answer: Returns = np.asarray(
            self._session.run(None, {self._input: np.ascontiguousarray(windows)})[0], dtype=np.float64
        )
        if answer.shape != (len(windows), self.horizon) or not np.all(np.isfinite(answer)):
            raise ModelUnusable(
                f"Model {self.model_id} does not answer with {self.horizon} finite returns",
                model_id=self.model_id,
            )
        return answer


def load_forecaster(store: ArtifactStore, model_id: str) -> OnnxForecaster:
    """The model, its manifest and network verified against their checksums.

    Raises :class:`ModelUnusable` when the artifact is missing or damaged, :class:`Unavailable` when the
    store does not answer.
    """
    try:
        artifact = store.open(model_id, verify=())
        return OnnxForecaster(artifact.read(ONNX_FILE), {**artifact.manifest, "model_id": model_id})
    except (NotFound, ArtifactDamaged) as error:
        raise ModelUnusable(
            f"{error.message}; restore it from a backup, activate another model or train again",
            model_id=model_id,
            cause=error.code,
        ) from error
    except (KeyError, InvalidInput) as error:
        raise ModelUnusable(
            f"The manifest of model {model_id} cannot be used: {error}", model_id=model_id
        ) from error


def _session(onnx: bytes, model_id: str) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # An arena for each of many small models would cost more than it saves.
    options.enable_cpu_mem_arena = False
    try:
        return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    except _NOT_A_NETWORK as error:
        raise ModelUnusable(
            f"The network of model {model_id} cannot be loaded: {error}", model_id=model_id
        ) from error


def _seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
