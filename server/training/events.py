"""The vocabulary of a training's log: statuses, stages, event types and the one payload shape."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PENDING = "PENDING"
IN_PROGRESS = "IN_PROGRESS"
COMPLETED = "COMPLETED"
FAILED = "FAILED"
CANCELLED = "CANCELLED"

ACTIVE = (PENDING, IN_PROGRESS)
ENDED = (COMPLETED, FAILED, CANCELLED)
STATUSES = ACTIVE + ENDED

STAGES = (
    "data_fetching",
    "preprocessing",
    "feature_engineering",
    "model_building",
    "training",
    "evaluating",
    "exporting",
)

TYPES = (
    "queued",
    "started",
    "stage",
    "epoch",
    "evaluated",
    "completed",
    "failed",
    "cancelled",
    "requeued",
)

# The share of a run, in percent, at which a stage begins. Epochs fill what lies between "training"
# and "evaluating"; the rest is short and only has to move forward.
STAGE_PERCENTAGE = dict(zip(STAGES, (1.0, 2.0, 3.0, 4.0, 5.0, 92.0, 96.0), strict=True))


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened to a session, before the log has numbered it."""

    type: str
    data: Mapping[str, Any] = field(default_factory=dict)


def percentage_of(stage: str | None, epoch: float, total_epochs: int) -> float:
    """Progress of a run in percent, 0 to 100."""
    if stage is None:
        return 0.0
    begin = STAGE_PERCENTAGE[stage]
    if stage != "training":
        return begin
    return round(begin + (STAGE_PERCENTAGE["evaluating"] - begin) * epoch / max(total_epochs, 1), 2)


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it: numpy scalars become numbers, NaN and infinities ``None``."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
