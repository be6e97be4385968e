"""What a run reports, written to its session's log or shown in passing."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from server.errors import TrainingFailed
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
from server.observability.metrics import TRAINING_EPOCH_SECONDS
from server.realtime.publisher import Publisher
from server.realtime.rooms import TRAINING_PROGRESS, training_room
from server.training import log as session_log
from server.training.events import NewEvent, iso, percentage_of, plain
from server.training.lease import RELEASED, Lease
from server.training.tables import TrainingSession

if TYPE_CHECKING:
    from server.training.run import Outcome


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
        """The candles of the session's pinned range."""
        start, end = (datetime.fromisoformat(moment) for moment in self._range)
        return store.load_candles(*self._series, start, end + timedelta(seconds=1))

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

    def complete(self, outcome: Outcome) -> None:
        """End the session COMPLETED with its model."""
        data = plain(asdict(outcome))
        self._lease.given_up.set()
        self._append(
            NewEvent("completed", data),
            model_id=outcome.model_id,
            metrics=data["metrics"],
            baseline=data["baseline"],
            **RELEASED,
        )

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
