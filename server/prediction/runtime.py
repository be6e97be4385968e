"""The models that this process has ready to forecast with."""

from __future__ import annotations

from server.forecasters.artifacts import ArtifactStore
from server.forecasters.serving import OnnxForecaster, load_forecaster
from server.observability.metrics import MODEL_CACHE_HITS, MODEL_CACHE_MISSES
from server.prediction.loaded_once import LoadedOnce


class Runtime:
    """At most ``capacity`` models by id; each is loaded once, its checksums verified.

    A model never changes under its id, so one that is kept is right for as long as it is kept; which
    model is the active one is not decided here.
    """

    def __init__(self, artifacts: ArtifactStore, capacity: int) -> None:
        self._artifacts = artifacts
        self._kept: LoadedOnce[str, OnnxForecaster] = LoadedOnce(capacity)

    def __len__(self) -> int:
        return len(self._kept)

    def holds(self, model_id: str) -> bool:
        """Whether the model is ready."""
        return model_id in self._kept

    def get(self, model_id: str) -> OnnxForecaster:
        """The model, loaded now if it is not ready.

        Raises :class:`ModelUnusable` when its artifact is missing or damaged, :class:`Unavailable` when
        the store does not answer; the next call tries again.
        """
        (MODEL_CACHE_HITS if self.holds(model_id) else MODEL_CACHE_MISSES).inc()
        return self._kept.get(model_id, lambda: load_forecaster(self._artifacts, model_id))
