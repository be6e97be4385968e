"""The artifact store, and the artifacts of the models that are served."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from server.config import Settings
from server.errors import NotFound
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import ArtifactDamaged
from server.operations.findings import Check, Finding, ok, problem
from server.registry.tables import ACTIVE, Model


def store(settings: Settings) -> Finding:
    """Write, read and remove a probe."""
    ArtifactStore(settings.artifact_url).check()
    return ok("artifact store", f"What is written to {settings.artifact_url} can be read again")


def active_models(settings: Settings) -> Iterator[Finding]:
    """Every byte of every active model, against its row."""
    artifacts = ArtifactStore(settings.artifact_url)
    with db.engine.connect() as connection:
        rows = connection.execute(select(Model.id, Model.files).where(Model.status == ACTIVE)).all()
    whole = 0
    for model_id, described in rows:
        try:
            files = artifacts.open(model_id).manifest["files"]
        except (NotFound, ArtifactDamaged) as error:
            yield _unusable(model_id, error.message)
            continue
        stored = {name: entry["sha256"] for name, entry in files.items()}
        if stored != {name: entry["sha256"] for name, entry in described.items()}:
            yield _unusable(model_id, f"the artifact of {model_id} is not the one that was registered")
            continue
        whole += 1
    yield ok("active models", f"{whole} of {len(rows)} active models are whole")


def _unusable(model_id: str, reason: str) -> Finding:
    return problem(
        "active models",
        f"The active model {model_id} cannot be served: {reason}",
        "Restore its artifact from a backup (`flask restore`, `flask models import`), or activate another "
        "version: `flask models list`, `flask models activate`",
    )


CHECKS: dict[str, Check] = {"artifact store": store, "active models": active_models}
