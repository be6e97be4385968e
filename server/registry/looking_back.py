"""What a model's artifact alone remembers: its test part as it was scored, and what it was made with."""

from __future__ import annotations

from typing import Any

from server.errors import NotFound
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.scored_part import FILE_NAME, ScoredPart
from server.market.candles import iso_time, require_interval
from server.registry import models

_TIMES = ("origin", "timestamp")


def scored_part(model_id: str, step: int, limit: int, artifacts: ArtifactStore) -> dict[str, Any]:
    """The newest ``limit`` forecasts of the test part, ``step`` candles ahead, as columns.

    Raises :class:`NotFound` for an unknown model and for one that was stored without its test part,
    :class:`InvalidInput` for a step beyond its horizon, :class:`ArtifactDamaged`, :class:`Unavailable`.
    """
    kind = models.require(model_id)
    artifact = artifacts.open(model_id, verify=())
    if FILE_NAME not in artifact.manifest["files"]:
        raise NotFound(
            f"Model {model_id} was stored without its scored test part: train it again to see it",
            model_id=model_id,
        )
    scored = ScoredPart.from_bytes(artifact.read(FILE_NAME))
    columns = scored.columns(step, require_interval(kind.interval), limit)
    times = {name: [iso_time(int(moment)) for moment in columns[name]] for name in _TIMES}
    return {
        "model_id": model_id,
        "ticker": kind.ticker,
        "interval": kind.interval,
        "step": step,
        "horizon": artifact.manifest["spec"]["horizon"],
        "rows": len(times["origin"]),
        **columns,
        **times,
    }


def libraries(model_id: str, artifacts: ArtifactStore) -> dict[str, Any]:
    """The versions that a model was trained with, by library.

    Raises :class:`NotFound` for an unknown model, :class:`ArtifactDamaged`, :class:`Unavailable`.
    """
    models.require(model_id)
    manifest = artifacts.open(model_id, verify=()).manifest
    return {"model_id": model_id, "libraries": manifest["libraries"]}
