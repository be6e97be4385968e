"""Training as Celery tasks: a task takes an id, loads what it needs, and obeys the lease."""

from __future__ import annotations

import mmap
import os
import socket
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from celery import Task
from kombu.exceptions import OperationalError as QueueUnreachable
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server import adapters
from server.errors import InvalidInput, ServerError, TooManyRequests, TrainingFailed
from server.extensions import celery, db
from server.market import follows
from server.observability.metrics import ERRORS
from server.registry.announcements import announce
from server.training import lease, reaper, retraining, sessions
from server.training import log as session_log
from server.training.events import ENDED, PENDING, NewEvent
from server.training.journal import Journal
from server.training.lease import RELEASED, Lease
from server.training.log import LeaseLost
from server.training.tables import TrainingSession

log = structlog.get_logger(__name__)

# One byte shared by a worker and the children it forks: set when the worker was asked to stop.
DRAINING = mmap.mmap(-1, 1)

RETRAIN_RETRY_SECONDS = 300
RETRAIN_RETRIES = 24 * 3600 // RETRAIN_RETRY_SECONDS
"""A retraining waits a day for a free slot; then the next one is due."""

HANG_SECONDS = 120
"""How long after its time limit a run may still be seen in a child, before the child is killed."""

_DATABASE_UNREACHABLE = (OperationalError, InterfaceError, PoolTimeout)


def enqueue(session_id: str) -> None:
    """Send a session to the training queue. When the broker is away the reaper sends it later."""
    # A child that hangs cannot notice that its time is up: Celery kills it, and the reaper finds its run.
    hard_limit = adapters.settings().training_time_limit + HANG_SECONDS
    try:
        train.apply_async((session_id,), time_limit=hard_limit)
    except QueueUnreachable as error:
        log.warning("queue.unreachable", session_id=session_id, error=str(error))


class TrainTask(Task):
    """Turns what nobody expected into a FAILED session that says so."""

    def on_failure(self, exc: Exception, task_id: str, args: Any, kwargs: Any, einfo: Any) -> None:
        """Called by Celery, in the worker child, for an exception that the task did not handle."""
        (session_id,) = args
        if isinstance(exc, _DATABASE_UNREACHABLE):
            # Nothing can be stored now. The lease runs out and the run goes on from its checkpoint.
            log.error("training.database_lost", session_id=session_id, error=str(exc))
            return
        log.error("training.unexpected_error", session_id=session_id, exc_info=exc)
        ERRORS.labels(error_code="internal_error").inc()
        # In the task's own context: what the run has locked would else be waited for without end.
        db.session.rollback()
        error = ServerError(f"The training stopped unexpectedly: {type(exc).__name__}")
        held: Lease | None = self.request.get("lease")
        if held is None:
            _fail_unclaimed(session_id, error)
        else:
            # Taken for dead, it may have lost the run: that is its successor's, and not ended here.
            _fail(held, error)


@celery.task(
    name="training.train", bind=True, base=TrainTask, Request="server.training.deliveries:SessionRequest"
)
def train(task: Task, session_id: str) -> None:
    """Train one session, if it still waits for a worker."""
    settings, publisher = adapters.settings(), adapters.publisher()
    owner = f"{socket.gethostname()}:{os.getpid()}"
    held = lease.claim(session_id, owner, settings.lease_seconds, publisher)
    if held is None:
        log.info("training.nothing_to_claim", session_id=session_id)
        return
    task.request.lease = held
    with lease.kept(held, db.engine, settings.lease_poll_seconds):
        _train(held)


def _train(held: Lease) -> None:
    # Keras is imported on the way to the network: only here, never in a web process.
    from server.forecasters.contract import TrainingStopped
    from server.training.run import run, spec_of

    settings, publisher = adapters.settings(), adapters.publisher()
    session = sessions.get(held.session_id)
    journal = Journal(session, held, publisher, settings.progress_seconds)
    checkpoints = adapters.checkpoints(held.session_id)
    should_stop = stop_condition(held, seconds_left(session, settings.training_time_limit))
    try:
        outcome = run(
            spec_of(session.ticker, session.interval, session.model_type, session.params),
            session_id=session.id,
            candles=journal.candles,
            artifacts=adapters.artifacts(),
            checkpoints=checkpoints,
            resume_epoch=session.epoch or None,
            on_progress=journal.record,
            should_stop=should_stop,
        )
        journal.complete(outcome, adapters.artifacts(), announce)
    except LeaseLost:
        log.info("training.lease_lost", session_id=held.session_id)
    except TrainingStopped:
        _stopped(held, should_stop)
    except ServerError as error:
        db.session.rollback()
        _fail(held, error)
    if sessions.get(held.session_id).status in ENDED:
        checkpoints.clear()


class StopCondition:
    """Why a run has to stop, asked on every batch; remembers the first reason."""

    def __init__(self, reasons: dict[str, Callable[[], bool]]) -> None:
        self._reasons = reasons
        self.reason: str | None = None

    def __call__(self) -> bool:
        if self.reason is None:
            self.reason = next((name for name, holds in self._reasons.items() if holds()), None)
        return self.reason is not None


def stop_condition(held: Lease, seconds: float) -> StopCondition:
    """Stop when the lease is lost (cancelled, or taken over), the time is up, or the worker drains."""
    deadline = time.monotonic() + seconds
    return StopCondition(
        {
            "lease_lost": held.lost.is_set,
            "time_limit": lambda: time.monotonic() >= deadline,
            "worker_shutdown": lambda: DRAINING[0] == 1,
        }
    )


def seconds_left(session: TrainingSession, time_limit: float) -> float:
    """What remains of a run's time limit, earlier attempts counted in."""
    if session.started_at is None:
        return time_limit
    return time_limit - (datetime.now(UTC) - session.started_at).total_seconds()


def _stopped(held: Lease, condition: StopCondition) -> None:
    if condition.reason == "time_limit":
        limit = adapters.settings().training_time_limit
        _fail(
            held,
            TrainingFailed(
                f"The run took longer than {limit} s (TRAINING_TIME_LIMIT)", error_code="time_limit"
            ),
        )
    elif condition.reason == "worker_shutdown":
        _hand_back(held)


def _hand_back(held: Lease) -> None:
    """Give the run back to the queue; it goes on from its last epoch, and this was no crash."""
    session = sessions.get(held.session_id)
    data = {"reason": "worker_shutdown", "attempt": session.attempt, "epoch": session.epoch}
    columns = {**RELEASED, "enqueued_at": datetime.now(UTC)}
    if _append_if_held(held, NewEvent("requeued", data), columns):
        enqueue(held.session_id)


def _fail(held: Lease, error: ServerError) -> None:
    data = _failure(error)
    _append_if_held(held, NewEvent("failed", data), {**RELEASED, "error": data})


def _append_if_held(held: Lease, event: NewEvent, columns: dict[str, Any]) -> bool:
    held.given_up.set()
    try:
        session_log.append(held.session_id, event, adapters.publisher(), held_by=held.token, **columns)
    except LeaseLost:
        log.info("training.lease_lost", session_id=held.session_id, instead_of=event.type)
        return False
    return True


def _fail_unclaimed(session_id: str, error: ServerError) -> None:
    """End a run FAILED that cannot even be claimed, while it waits: it would be sent again for ever."""
    session = session_log.locked(session_id)
    if session.status != PENDING:
        db.session.rollback()
        log.info("training.lease_lost", session_id=session_id, instead_of="failed")
        return
    data = _failure(error)
    payload = session_log.write(session, NewEvent("failed", data), error=data)
    session_log.commit(session, payload, adapters.publisher())


def _failure(error: ServerError) -> dict[str, Any]:
    return {"error_code": error.code, "message": error.message, "details": error.details}


@celery.task(name="sessions.reap")
def reap() -> None:
    """Pick up runs of dead workers and waiting runs whose message was lost."""
    reaper.reap(adapters.settings(), adapters.publisher(), enqueue)


@celery.task(name="sessions.retrain", bind=True, max_retries=RETRAIN_RETRIES)
def retrain(task: Task, model_id: str, reason: str) -> None:
    """Train an active model anew, as soon as a slot is free; ``reason`` is kept with the session."""
    try:
        retraining.retrain(model_id, reason, adapters.settings(), adapters.publisher(), enqueue)
    except TooManyRequests as error:
        raise task.retry(exc=error, countdown=RETRAIN_RETRY_SECONDS) from error
    except InvalidInput as error:
        log.warning("retraining.impossible", model_id=model_id, reason=reason, error=error.message)


@celery.task(name="sessions.retrain_drifting")
def retrain_drifting() -> None:
    """Train drifting models anew whose message was lost; those that find no free slot at the next tick."""
    for model_id, drift in retraining.overlooked():
        reason = f"drift: {drift}"
        try:
            retraining.retrain(model_id, reason, adapters.settings(), adapters.publisher(), enqueue)
        except TooManyRequests:
            return
        except InvalidInput as error:
            log.warning("retraining.impossible", model_id=model_id, reason=reason, error=error.message)


@celery.task(name="sessions.retrain_followed")
def retrain_followed() -> None:
    """Train the active models of all followed series anew, each by a task of its own."""
    for model_id in retraining.due(follows.followed()):
        retrain.delay(model_id, "nightly")
