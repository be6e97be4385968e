"""A run is owned by one worker at a time, by a lease that it renews.

The lease, not the broker, decides who trains: a message that is delivered twice, or late, finds
the lease taken and leaves. Whoever cancels a session clears its lease; the next renewal finds it
gone. Expiry is measured by the database's clock, the only one that all machines share.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import Engine, func, literal, update
from sqlalchemy.exc import SQLAlchemyError

from server.extensions import db
from server.realtime.publisher import Publisher
from server.training import log as session_log
from server.training.events import PENDING, NewEvent
from server.training.tables import TrainingSession

log = structlog.get_logger(__name__)

RELEASED = {"lease_token": None, "lease_owner": None, "lease_expires_at": None}


@dataclass(slots=True)
class Lease:
    """One worker's hold on one session.

    ``lost`` is set once somebody else took it away, ``given_up`` once the worker itself let go.
    """

    session_id: str
    token: str
    seconds: float
    lost: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)

    def renew(self, engine: Engine) -> bool:
        """Extend the lease; ``False`` when it is gone."""
        renewed = (
            update(TrainingSession)
            .where(TrainingSession.id == self.session_id, TrainingSession.lease_token == self.token)
            .values(lease_expires_at=expiry(self.seconds))
        )
        with engine.begin() as connection:
            return connection.execute(renewed).rowcount == 1


def expiry(seconds: float) -> object:
    """The database's time ``seconds`` from now."""
    return func.clock_timestamp() + literal(timedelta(seconds=seconds))


def claim(session_id: str, owner: str, seconds: float, publisher: Publisher) -> Lease | None:
    """Take a waiting session: ``started`` is appended and the lease written in one transaction.

    ``None`` when there is nothing to do: somebody else has it, it has ended, or it was deleted.
    """
    session: TrainingSession | None = db.session.get(
        TrainingSession, session_id, with_for_update=True, populate_existing=True
    )
    if session is None or session.status != PENDING:
        db.session.rollback()
        return None
    token = uuid.uuid4().hex
    resumed = {"resumed_from_epoch": session.epoch} if session.epoch else {}
    payload = session_log.write(
        session,
        NewEvent("started", {"attempt": session.attempt + 1, "worker": owner, **resumed}),
        lease_token=token,
        lease_owner=owner,
        lease_expires_at=expiry(seconds),
    )
    session_log.commit(session, payload, publisher)
    return Lease(session_id, token, seconds)


@contextmanager
def kept(lease: Lease, engine: Engine, poll_seconds: float) -> Iterator[Lease]:
    """Renew ``lease`` from a thread of its own while the block runs."""
    thread = threading.Thread(target=_keep, args=(lease, engine, poll_seconds), name="lease", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        lease.given_up.set()
        thread.join(timeout=lease.seconds)


def _keep(lease: Lease, engine: Engine, poll_seconds: float) -> None:
    valid_until = time.monotonic() + lease.seconds
    while not lease.given_up.wait(poll_seconds):
        asked_at = time.monotonic()
        try:
            renewed = lease.renew(engine)
        except SQLAlchemyError as error:
            # The database may come back before the lease runs out; until then the run goes on.
            log.warning("lease.renewal_failed", session_id=lease.session_id, error=str(error))
            renewed = asked_at < valid_until
        else:
            valid_until = asked_at + lease.seconds
        if not renewed and not lease.given_up.is_set():
            log.warning("lease.lost", session_id=lease.session_id)
            lease.lost.set()
            return
