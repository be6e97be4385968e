"""The registry: one row per trained model, one active model per kind, and the history of that.

Whoever numbers or activates models of a kind holds its lock until the transaction ends, so that two
at once follow each other. Artifacts are written before their row and removed after it: an artifact
without a row is known to nobody and does no harm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import CursorResult, Update, func, insert, select, text, update

from server.errors import Conflict, NotFound, ServerError, Unavailable
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.serving import ModelUnusable, load_forecaster
from server.registry.announcements import Announce
from server.registry.decision import Finding, Uncompared, decide
from server.registry.tables import ACTIVE, ARCHIVED, CANDIDATE, Activation, IntervalWidth, Model

log = structlog.get_logger(__name__)

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('models'), hashtext(:kind))")


class Kind(NamedTuple):
    """What models compete for: one of them is active."""

    ticker: str
    interval: str
    model_type: str

    @classmethod
    def of(cls, model: Model) -> Kind:
        """The kind of a registered model."""
        return cls(model.ticker, model.interval, model.model_type)

    @classmethod
    def of_manifest(cls, manifest: Mapping[str, Any]) -> Kind:
        """The kind of a stored artifact."""
        return cls(*(manifest["spec"][name] for name in cls._fields))

    def __str__(self) -> str:
        return " ".join(self)


def lock(kind: Kind) -> None:
    """Wait for everyone else who numbers or activates models of ``kind``, until the transaction ends."""
    db.session.execute(_LOCK, {"kind": str(kind)})


def get(model_id: str) -> Model:
    """The model. Raises :class:`NotFound`."""
    model: Model | None = db.session.get(Model, model_id, populate_existing=True)
    if model is None:
        raise NotFound(
            f"There is no model {model_id!r}; GET /api/v1/models lists those that exist",
            field="model_id",
            value=model_id,
        )
    return model


def require(model_id: str) -> Kind:
    """The kind of a registered model; no transaction stays open. Raises :class:`NotFound`."""
    kind = Kind.of(get(model_id))
    db.session.rollback()
    return kind


def active_of(kind: Kind) -> Model | None:
    """The active model of a kind; ``None`` before the first one."""
    query = select(Model).filter_by(**kind._asdict(), status=ACTIVE)
    model: Model | None = db.session.scalar(query.execution_options(populate_existing=True))
    return model


def register(manifest: Mapping[str, Any], finding: Finding) -> Model:
    """Add the model of a stored artifact, active if ``finding`` says that it earned it.

    Part of the caller's transaction: nothing is committed or announced. Raises
    :class:`ActiveModelChanged` when the active model is no longer the one that ``finding`` is
    about, :class:`Conflict` when the model is registered already.
    """
    kind = Kind.of_manifest(manifest)
    lock(kind)
    _require_unknown(manifest["model_id"])
    active = active_of(kind)
    decision = decide(active.id if active else None, finding)
    model = _row(manifest, kind, decision.reason, finding)
    db.session.add(model)
    db.session.flush()
    if decision.activate:
        _make_active(model, active, decision.reason)
    _add_widths(manifest)
    return model


def activate(model_id: str, artifacts: ArtifactStore, announce: Announce) -> Model:
    """Make a model the active one of its kind; an archived one is rolled back to.

    Its artifact is opened first and its ``fault`` cleared. Raises :class:`NotFound`,
    :class:`ModelUnusable` when the artifact is missing or damaged, :class:`Unavailable` when the store
    does not answer; then nothing has changed. Activating the active model changes nothing else.
    """
    require(model_id)
    try:
        load_forecaster(artifacts, model_id)
    except ModelUnusable:
        # Deleted in this very moment it is unknown, and nothing is to be restored.
        require(model_id)
        raise
    model = _locked(model_id)
    model.fault = None
    active = active_of(Kind.of(model))
    if active is not None and active.id == model_id:
        db.session.commit()
        return model
    instead = f" in place of version {active.version}" if active else ""
    _make_active(model, active, f"activated by request{instead}")
    db.session.commit()
    announce(model)
    return model


def delete(model_id: str, artifacts: ArtifactStore) -> None:
    """Remove a model and, after the commit, its artifact. Raises :class:`NotFound`.

    Raises :class:`Conflict` while it is active. Its forecasts and its activations stay. A store that
    does not answer leaves the artifact behind, which is logged.
    """
    model = _locked(model_id)
    kind = Kind.of(model)
    if model.status == ACTIVE:
        db.session.rollback()
        raise Conflict(
            f"Model {model_id} is the active model of {kind}: activate or train another one first",
            error_code="model_active",
            field="model_id",
            value=model_id,
        )
    db.session.delete(model)
    db.session.commit()
    log.info("model.deleted", model_id=model_id)
    _remove_artifact(model_id, kind, artifacts)


def history(filters: Mapping[str, Any], page: int, page_size: int) -> tuple[Sequence[Activation], int]:
    """One page of the changes of active models, newest first, and how many match in all."""
    query = select(Activation).filter_by(**filters)
    total = db.session.scalar(select(func.count()).select_from(query.subquery()))
    newest_first = query.order_by(Activation.id.desc())
    rows = db.session.scalars(newest_first.limit(page_size).offset((page - 1) * page_size)).all()
    return rows, int(total or 0)


def set_fault(model_id: str, error: ServerError) -> bool:
    """Note that a model cannot be served; True when that is news. The caller commits."""
    fault = {"error_code": error.code, "message": error.message, "details": error.details}
    return _changes(update(Model).where(Model.id == model_id, Model.fault.is_(None)).values(fault=fault))


def clear_fault(model_id: str) -> bool:
    """Note that a model can be served again; True when that is news. The caller commits."""
    return _changes(update(Model).where(Model.id == model_id, Model.fault.is_not(None)).values(fault=None))


def flag_drift(model_id: str, drift: dict[str, Any] | None) -> bool:
    """Store which live figures are out of band, or that none is; True when it is one and was the other.

    The caller commits.
    """
    query = select(Model.drift.is_not(None)).where(Model.id == model_id)
    drifted = db.session.scalar(query.with_for_update())
    _changes(update(Model).where(Model.id == model_id).values(drift=drift))
    return drifted is not None and drifted != (drift is not None)


def _changes(statement: Update) -> bool:
    result: CursorResult[Any] = db.session.execute(statement)  # type: ignore[assignment]
    return result.rowcount == 1


def _locked(model_id: str) -> Model:
    """The model, read once nobody else can change its kind. Raises :class:`NotFound`."""
    lock(Kind.of(get(model_id)))
    return get(model_id)


def _require_unknown(model_id: str) -> None:
    if db.session.get(Model, model_id) is not None:
        db.session.rollback()
        raise Conflict(
            f"Model {model_id} is registered already: delete it first, or keep the one that is there",
            error_code="model_exists",
            field="model_id",
            value=model_id,
        )


def _row(manifest: Mapping[str, Any], kind: Kind, reason: str, finding: Finding) -> Model:
    spec, metrics, files = manifest["spec"], manifest["metrics"], manifest["files"]
    compared = None if finding is None or isinstance(finding, Uncompared) else finding.to_json()
    return Model(
        **kind._asdict(),
        id=manifest["model_id"],
        version=_next_version(kind),
        status=CANDIDATE,
        reason=reason,
        lookback=spec["lookback"],
        horizon=spec["horizon"],
        spec=spec,
        metrics=metrics,
        baseline=manifest["baseline"],
        skill=metrics["overall"]["skill"],
        comparison=compared,
        data=manifest["data"],
        trained_until=datetime.fromisoformat(manifest["data"]["end"]),
        files={name: {"sha256": entry["sha256"], "bytes": entry["bytes"]} for name, entry in files.items()},
        size_bytes=sum(entry["bytes"] for entry in files.values()),
        created_at=func.clock_timestamp(),
    )


def _next_version(kind: Kind) -> int:
    newest = select(func.max(Model.version)).filter_by(**kind._asdict())
    return int(db.session.scalar(newest) or 0) + 1


def _make_active(model: Model, previous: Model | None, reason: str) -> None:
    if previous is not None:
        previous.status, previous.reason = ARCHIVED, f"replaced by version {model.version}"
        # One active model a kind: the index holds that between two statements as well.
        db.session.flush()
    model.status, model.reason = ACTIVE, reason
    model.activated_at = func.clock_timestamp()
    db.session.add(
        Activation(
            **Kind.of(model)._asdict(),
            model_id=model.id,
            previous_model_id=previous.id if previous else None,
            reason=reason,
            activated_at=func.clock_timestamp(),
        )
    )


def _add_widths(manifest: Mapping[str, Any]) -> None:
    widths = manifest.get("widths")
    if not widths or not widths["origins"]:
        return
    columns = zip(widths["origins"], widths["factors_80"], widths["factors_95"], strict=True)
    rows = [
        {
            "model_id": manifest["model_id"],
            "origin": datetime.fromisoformat(origin),
            "factors_80": factors_80,
            "factors_95": factors_95,
        }
        for origin, factors_80, factors_95 in columns
    ]
    db.session.execute(insert(IntervalWidth), rows)


def _remove_artifact(model_id: str, kind: Kind, artifacts: ArtifactStore) -> None:
    lock(kind)
    try:
        # Imported again in this very moment, the artifact belongs to the new row.
        if db.session.get(Model, model_id) is None:
            artifacts.delete(model_id)
    except NotFound:
        log.info("model.artifact_was_gone", model_id=model_id)
    except Unavailable as error:
        log.warning("model.artifact_left", model_id=model_id, error=error.message)
    finally:
        db.session.rollback()
