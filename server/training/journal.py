"""What a run reports, written to its session's log or shown in passing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from server.errors import TrainingFailed
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.contract import (
    BatchEnded,
    CandlesRead,
    EpochEnded,
    Evaluated,
    Progress,
    StageStarted,
)
from server.market import store
from server.market.candles import Candles
from server.market.moments import iso
from server.observability.metrics import TRAINING_EPOCH_SECONDS
from server.realtime.publisher import Publisher
from server.realtime.rooms import TRAINING_PROGRESS, training_room
from server.registry import models
from server.registry.announcements import Announce, registered
from server.registry.decision import ActiveModelChanged, Finding
from server.training import log as session_log
from server.training import registration
from server.training.events import NewEvent, percentage_of, plain
from server.training.lease import RELEASED, Lease
from server.training.tables import TrainingSession

if TYPE_CHECKING:
    from server.training.run import Outcome


COMPARISONS = 3
"""Times a model is compared when each time another one has become active meanwhile."""


class Journal:
    """One attempt at a run, writing under its lease. Every write may raise ``LeaseLost``."""

    def __init__(
        self, session: TrainingSession, lease: Lease, publisher: Publisher, progress_seconds: float
    ) -> None:
        self._session_id = session.id
        self._series = (session.ticker, session.interval)
        self._range = (session.params["start_date"], session.params["end_date"])
        self._fingerprint = session.data_fingerprint
        self._model_type = session.model_type
        self._lease = lease
        self._publisher = publisher
        self._progress_seconds = progress_seconds
        self._shown_at = 0.0

    def candles(self) -> Candles:
        """The candles of the session's pinned range, kept for the comparison at the end."""
        start, end = (datetime.fromisoformat(moment) for moment in self._range)
        self._loaded = store.load_candles(*self._series, start, end + timedelta(seconds=1))
        return self._loaded

    def record(self, progress: Progress) -> None:
        """Store an event, or show progress inside an epoch in passing."""
        match progress:
            case BatchEnded():
                self._show(progress)
            case CandlesRead():
                self._expect(progress.fingerprint)
            case StageStarted():
                self._append(NewEvent("stage", asdict(progress)), data_fingerprint=self._fingerprint)
            case EpochEnded():
                self._append(NewEvent("epoch", asdict(progress)))
                TRAINING_EPOCH_SECONDS.labels(model_type=self._model_type).observe(progress.seconds)
            case Evaluated():
                report = plain(asdict(progress))
                self._append(NewEvent("evaluated", report), **report)

    def _expect(self, fingerprint: str) -> None:
        """Refuse candles that changed since the first attempt; the next event stores what was found."""
        if self._fingerprint not in (None, fingerprint):
            raise TrainingFailed(
                "The stored candles of this run's range changed while it was interrupted, so its "
                "checkpoint no longer fits; start a new training",
                error_code="candles_changed",
            )
        self._fingerprint = fingerprint

    def complete(self, outcome: Outcome, artifacts: ArtifactStore, tell: Announce) -> None:
        """Compare the run's stored model with the active one, then end the session COMPLETED with it.

        A model that became active during the comparison is compared with anew. When the lease is lost
        meanwhile no model is registered, and its artifact is known to nobody.
        """
        manifest = artifacts.open(outcome.model_id).manifest
        for _ in range(COMPARISONS):
            finding = registration.compare_with_active(manifest, self._loaded, artifacts)
            try:
                self._complete(outcome, manifest, finding, tell)
            except ActiveModelChanged:
                db.session.rollback()
            else:
                return
        self._complete(outcome, manifest, registration.NEVER_THE_SAME, tell)

    def _complete(
        self, outcome: Outcome, manifest: Mapping[str, Any], finding: Finding, tell: Announce
    ) -> None:
        """The model's row and the event in one transaction, so that there is neither without the other."""
        session = session_log.held(self._session_id, self._lease.token)
        model = models.register(manifest, finding)
        data = plain(asdict(outcome))
        data["model"] = {"version": model.version, "status": model.status, "reason": model.reason}
        columns = {"metrics": data["metrics"], "baseline": data["baseline"], **RELEASED}
        completed = NewEvent("completed", data)
        payload = session_log.write(session, completed, model_id=outcome.model_id, **columns)
        self._lease.given_up.set()
        session_log.commit(session, payload, self._publisher)
        registered(model, tell)

    def _append(self, event: NewEvent, **columns: Any) -> None:
        session_log.append(self._session_id, event, self._publisher, held_by=self._lease.token, **columns)

    def _show(self, batch: BatchEnded) -> None:
        now = time.monotonic()
        if now - self._shown_at < self._progress_seconds:
            return
        self._shown_at = now
        done = batch.epoch - 1 + batch.batch / max(batch.batches, 1)
        payload = {
            "session_id": self._session_id,
            **plain(asdict(batch)),
            "progress": percentage_of("training", done, batch.total_epochs),
            "timestamp": iso(datetime.now(UTC)),
        }
        self._publisher.publish(training_room(self._session_id), TRAINING_PROGRESS, payload)
