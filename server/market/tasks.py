"""Backfills and schedules as Celery tasks of a queue of their own, run by threads that mostly wait."""

from __future__ import annotations

import os
import socket
import threading
import uuid

import structlog
from flask import current_app
from kombu.exceptions import OperationalError as QueueUnreachable

from server.config import Settings
from server.errors import Conflict, Unavailable
from server.extensions import celery
from server.market import jobs, schedules
from server.market.backfilling import Backfills
from server.market.jobs import Jobs
from server.market.sources.order import Sources
from server.market.tables import PENDING
from server.realtime.publisher import process_publisher

DRAINING = threading.Event()
"""Set when the worker was asked to stop: backfills end after their page and are handed back."""

log = structlog.get_logger(__name__)
_lock = threading.Lock()


def process_jobs() -> Jobs:
    """The jobs, told of by this process."""
    settings: Settings = current_app.config["SETTINGS"]
    return Jobs(process_publisher(), settings.market_job_lease_seconds)


def process_backfills() -> Backfills:
    """The backfills of this process; its sources are made once. Only workers and commands may ask."""
    settings: Settings = current_app.config["SETTINGS"]
    with _lock:
        if "market_sources" not in current_app.extensions:
            current_app.extensions["market_sources"] = Sources(settings)
    return Backfills(process_jobs(), current_app.extensions["market_sources"], settings, DRAINING.is_set)


def new_owner() -> str:
    """A name for one run of a job: no other run has it."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def enqueue(job_id: str, seconds: float = 0.0) -> None:
    """Send a job to the queue; when the broker is away the sweep sends it later."""
    try:
        backfill.apply_async((job_id,), countdown=seconds or None)
    except QueueUnreachable as error:
        log.warning("queue.unreachable", job_id=job_id, error=str(error))


def enqueue_schedule(name: str) -> None:
    """Have a schedule run now. Raises :class:`NotFound`, :class:`Unavailable` when the broker is away."""
    schedules.require(name)
    try:
        run_schedule.apply_async((name,))
    except QueueUnreachable as error:
        raise Unavailable("The queue cannot be reached; try again later") from error


@celery.task(name="market.backfill")
def backfill(job_id: str) -> None:
    """Run a backfill, or the rest of one."""
    job = process_backfills().run(job_id, new_owner())
    if job is not None and job.status == PENDING:
        enqueue(job_id, jobs.seconds_until_due(job_id))


@celery.task(name="market.sweep")
def sweep() -> None:
    """Send the jobs of workers that died, and those whose message was lost, to the queue again."""
    for job_id in jobs.lost():
        enqueue(job_id)


@celery.task(name="market.schedule")
def run_schedule(name: str) -> None:
    """Run a schedule; one that runs already is left alone."""
    try:
        run = schedules.run(name, process_backfills(), new_owner())
    except Conflict as error:
        log.info("schedule.skipped", name=name, reason=error.message)
        return
    log.info("schedule.ran", name=name, **run)
