"""Which models may go, and their going."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from server.errors import Conflict, InvalidInput, NotFound
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.registry import models
from server.registry.tables import ACTIVE, Model


def prunable(keep: int) -> Sequence[Model]:
    """Models that are not active, apart from the ``keep`` newest such ones of each kind; oldest first."""
    if keep < 0:
        raise InvalidInput(f"keep={keep} must be 0 or more", field="keep", value=keep)
    age = func.row_number().over(
        partition_by=(Model.ticker, Model.interval, Model.model_type), order_by=Model.version.desc()
    )
    ranked = select(Model.id, age.label("age")).where(Model.status != ACTIVE).subquery()
    old = select(Model).join(ranked, ranked.c.id == Model.id).where(ranked.c.age > keep)
    return db.session.scalars(old.order_by(Model.created_at, Model.id)).all()


def prune(model_ids: Sequence[str], artifacts: ArtifactStore) -> int:
    """Delete these models with their artifacts; how many went. Those that became active stay."""
    deleted = 0
    for model_id in model_ids:
        try:
            models.delete(model_id, artifacts)
        except (Conflict, NotFound):
            continue
        deleted += 1
    return deleted
