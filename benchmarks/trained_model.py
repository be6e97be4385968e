"""A model that the product trained, its artifact, and the window that other servers of it are sent."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from benchmarks.product import Poster
from benchmarks.series import sample
from server.features.build import build_features
from server.features.scaling import Scaler
from tests.stack import Stack

TICKER, INTERVAL, HORIZON = "BTC-USD", "1h", 24
# What it learned does not matter for its speed, so one epoch will do. It has not seen the last month.
TRAINING: dict[str, Any] = {
    "ticker": TICKER, "interval": INTERVAL, "model_type": "LSTM", "lookback": 48, "horizon": HORIZON,
    "epochs": 1, "batch_size": 256, "seed": 7, "end_date": "2019-09-01",
}  # fmt: skip


@dataclass(frozen=True)
class TrainedModel:
    """One artifact. ``folder`` holds its manifest, ``model.onnx`` and ``model.keras``."""

    model_id: str
    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What was stored about it."""
        found: dict[str, Any] = json.loads((self.folder / "manifest.json").read_text())
        return found

    @property
    def network(self) -> Path:
        """The ``.keras`` file."""
        return self.folder / "model.keras"

    @property
    def onnx(self) -> bytes:
        """The network as it is served."""
        return (self.folder / "model.onnx").read_bytes()

    @cached_property
    def window(self) -> NDArray[np.float32]:
        """The scaled window before the newest candle, ``(1, lookback, features)``."""
        scaled = Scaler.from_dict(self.manifest["scaler"]).transform(build_features(sample()).values)
        return scaled[None, -self.manifest["spec"]["lookback"] :]

    def forecast(self) -> NDArray[np.float32]:
        """What ONNX Runtime answers to the window, ``(1, horizon)``."""
        session = onnxruntime.InferenceSession(self.onnx, providers=["CPUExecutionProvider"])
        answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: self.window})[0]
        return answer


def train(stack: Stack, request: dict[str, Any]) -> TrainedModel:
    """Train a model through the product; it is the first of its kind, so active when this returns."""
    session_id = Poster(stack).call("POST", "/train", request)["session_id"]
    stack.wait_for_status(session_id, "COMPLETED", seconds=1800)
    return TrainedModel(session_id, stack.folder / "artifacts" / "models" / session_id)
