"""What an event does to a session: pure decisions, no database, no clock.

``apply`` is the only place where a status changes. A session that has ended never changes again,
so a completion that arrives after a cancellation is refused, not stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from server.errors import Conflict
from server.training.events import (
    CANCELLED,
    COMPLETED,
    ENDED,
    FAILED,
    IN_PROGRESS,
    PENDING,
    NewEvent,
    percentage_of,
)


@dataclass(frozen=True, slots=True)
class State:
    """The part of a session that events change. ``crashes`` counts workers that died under it."""

    status: str = PENDING
    stage: str | None = None
    epoch: int = 0
    total_epochs: int = 0
    progress: float = 0.0
    attempt: int = 0
    crashes: int = 0
    eta_seconds: float | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


_FROM = {
    "queued": (PENDING,),
    "started": (PENDING,),
    "stage": (IN_PROGRESS,),
    "epoch": (IN_PROGRESS,),
    "evaluated": (IN_PROGRESS,),
    "completed": (IN_PROGRESS,),
    "failed": (PENDING, IN_PROGRESS),
    "cancelled": (PENDING, IN_PROGRESS),
    "requeued": (IN_PROGRESS,),
}

_ENDS = {"completed": COMPLETED, "failed": FAILED, "cancelled": CANCELLED}


def apply(state: State, event: NewEvent, now: datetime) -> State:
    """The state after ``event``. Raises :class:`Conflict` when the session's status forbids it."""
    if state.status not in _FROM[event.type]:
        raise Conflict(
            f"A session that is {state.status} cannot take the event {event.type!r}",
            error_code="session_ended" if state.status in ENDED else "wrong_status",
            status=state.status,
            type=event.type,
        )
    return _CHANGES.get(event.type, _unchanged)(state, event, now)


def lost_worker(state: State, max_attempts: int) -> NewEvent:
    """What to do with a run whose worker stopped renewing its lease: try again, or give up."""
    crashes = state.crashes + 1
    if crashes >= max_attempts:
        message = f"The worker died {crashes} times under this run; see the worker's log for the reason."
        return NewEvent("failed", {"error_code": "worker_lost", "message": message, "details": {}})
    return NewEvent("requeued", {"reason": "worker_lost", "attempt": state.attempt, "epoch": state.epoch})


def _unchanged(state: State, event: NewEvent, now: datetime) -> State:
    return state


def _started(state: State, event: NewEvent, now: datetime) -> State:
    return replace(state, status=IN_PROGRESS, attempt=state.attempt + 1, started_at=state.started_at or now)


def _stage(state: State, event: NewEvent, now: datetime) -> State:
    stage = event.data["stage"]
    # A resumed run passes the early stages again; its progress must not run backwards.
    progress = max(state.progress, percentage_of(stage, state.epoch, state.total_epochs))
    return replace(state, stage=stage, progress=progress)


def _epoch(state: State, event: NewEvent, now: datetime) -> State:
    epoch = int(event.data["epoch"])
    return replace(
        state,
        epoch=epoch,
        progress=percentage_of("training", epoch, state.total_epochs),
        eta_seconds=event.data["eta_seconds"],
    )


def _requeued(state: State, event: NewEvent, now: datetime) -> State:
    crashed = event.data["reason"] == "worker_lost"
    return replace(state, status=PENDING, stage=None, eta_seconds=None, crashes=state.crashes + crashed)


def _ended(state: State, event: NewEvent, now: datetime) -> State:
    status = _ENDS[event.type]
    progress = 100.0 if status == COMPLETED else state.progress
    return replace(state, status=status, progress=progress, eta_seconds=None, finished_at=now)


_CHANGES = {
    "started": _started,
    "stage": _stage,
    "epoch": _epoch,
    "requeued": _requeued,
    "completed": _ended,
    "failed": _ended,
    "cancelled": _ended,
}
