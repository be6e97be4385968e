"""What a worker finds out about a new model before it is registered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from server.errors import ServerError
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.serving import load_forecaster
from server.market.candles import Candles
from server.registry import models
from server.registry.decision import Finding, Uncompared
from server.registry.models import Kind

log = structlog.get_logger(__name__)

NEVER_THE_SAME = Uncompared(
    "not compared: the active model changed each time it was compared; activate this one to serve it"
)


def compare_with_active(manifest: Mapping[str, Any], candles: Candles, artifacts: ArtifactStore) -> Finding:
    """The stored model of ``manifest`` beside the active one of its kind; ``None`` when there is none.

    ``candles`` are those of its training. Raises :class:`ModelUnusable` when it cannot be read back
    itself; an active model that cannot be read, or has too few rows in common, is a reason and no error.
    """
    # SciPy, behind the comparison, is for workers: the web process imports this module as well.
    from server.forecasters.comparison import compare

    candidate = load_forecaster(artifacts, manifest["model_id"])
    active = models.active_of(Kind.of_manifest(manifest))
    active_id = active.id if active else None
    # No transaction stays open while two models forecast.
    db.session.rollback()
    if active_id is None:
        return None
    try:
        found = compare(candles, candidate.interval, candidate, load_forecaster(artifacts, active_id))
    except ServerError as error:
        log.warning(
            "model.not_compared", model_id=candidate.model_id, active_id=active_id, reason=error.message
        )
        return Uncompared(f"not compared with the active model {active_id}: {error.message}", active_id)
    log.info("model.compared", model_id=candidate.model_id, **found.to_json())
    return found
