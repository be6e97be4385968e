"""The Celery application for workers and beat: ``celery -A server.worker:celery worker|beat``.

Run one worker for the queue ``training`` (prefork: a child is replaced after its trainings, so no
memory grows from fit to fit), one for ``prediction``, one for ``default`` (threads: short tasks
that must not wait behind a training) and one for ``market`` (threads that wait for exchanges).
"""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from typing import Any

import structlog
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    celeryd_after_setup,
    worker_process_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from redis.exceptions import RedisError

from server.app import create_app
from server.config import Settings
from server.extensions import celery, db
from server.market import schedules
from server.market import tasks as market_tasks
from server.observability.health import beat_worker, forget_worker
from server.observability.logs import log_to_stdout
from server.observability.metrics import serve_worker_metrics
from server.operations import tasks as operations_tasks
from server.training import tasks

log = structlog.get_logger(__name__)

HEARTBEAT_SECONDS = 5.0

log_to_stdout()
# A worker serves no sockets: it needs no cooperative server, whatever the web process uses.
app = create_app(replace(Settings.from_environment(), async_mode="threading"))
settings: Settings = app.config["SETTINGS"]
celery.conf.beat_schedule = {
    # A tick that nobody could take is worthless by the time of the next one.
    "reap-lost-sessions": {
        "task": "sessions.reap",
        "schedule": settings.reaper_seconds,
        "options": {"expires": max(settings.reaper_seconds, 1.0)},
    },
    "follow-up-candles": {
        "task": "prediction.sweep",
        "schedule": settings.prediction_sweep_seconds,
        "options": {"expires": settings.prediction_sweep_seconds},
    },
    "resume-market-jobs": {
        "task": "market.sweep",
        "schedule": settings.market_job_lease_seconds / 4,
        "options": {"expires": settings.market_job_lease_seconds},
    },
}
celery.conf.beat_schedule["tidy"] = {
    "task": operations_tasks.tidy.name,
    "schedule": crontab(hour=settings.retention_hour_utc, minute=20),
    "options": {"expires": 12 * 3600},
}
for schedule in schedules.SCHEDULES.values():
    if schedule.crontab:
        celery.conf.beat_schedule[f"market-{schedule.name}"] = {
            "task": market_tasks.run_schedule.name,
            "args": (schedule.name,),
            "schedule": crontab(**schedule.crontab),
            "options": {"expires": 300},
        }
if settings.auto_retrain:
    celery.conf.beat_schedule["retrain-drifting"] = {
        "task": tasks.retrain_drifting.name,
        "schedule": tasks.RETRAIN_RETRY_SECONDS,
        "options": {"expires": tasks.RETRAIN_RETRY_SECONDS},
    }
if settings.retrain_hour_utc >= 0:
    celery.conf.beat_schedule["retrain-followed"] = {
        "task": "sessions.retrain_followed",
        "schedule": crontab(hour=settings.retrain_hour_utc, minute=0),
        # Some hours late is better than tomorrow.
        "options": {"expires": 12 * 3600},
    }

_queues: set[str] = set()
_stopped = threading.Event()

__all__ = ["celery"]


@celeryd_after_setup.connect
def _note_queues(sender: str, instance: Any, **_: Any) -> None:
    _queues.update(instance.app.amqp.queues.consume_from)


@worker_process_init.connect
def _warm_up(**_: Any) -> None:
    """A child of the training worker is warm before it takes a task.

    Keras is imported here and never in the parent: TensorFlow does not survive a fork.
    """
    with app.app_context():
        db.engine.dispose(close=False)
    if "training" in _queues:
        # What a run imports is imported now as well: it must not wait for that either.
        from server.forecasters.neural import warm_up
        from server.training import run  # noqa: F401

        warm_up()
        log.info("worker.warm", pid=os.getpid())


@worker_ready.connect
def _begin_heartbeat(sender: Any, **_: Any) -> None:
    serve_worker_metrics(settings)
    threading.Thread(target=_beat, args=(sender.hostname,), name="heartbeat", daemon=True).start()


@beat_init.connect
def _begin_metrics(**_: Any) -> None:
    serve_worker_metrics(settings)


def _beat(name: str) -> None:
    while True:
        try:
            beat_worker(settings.redis_database(1), name, _queues)
        except RedisError as error:
            log.warning("worker.heartbeat_failed", error=type(error).__name__)
        if _stopped.wait(HEARTBEAT_SECONDS):
            return


@worker_shutting_down.connect
def _hand_runs_back(**_: Any) -> None:
    """A warm shutdown would wait for hours; the children see this flag and hand their runs back."""
    tasks.DRAINING[0] = 1
    market_tasks.DRAINING.set()


@worker_shutdown.connect
def _say_goodbye(sender: Any, **_: Any) -> None:
    _stopped.set()
    try:
        forget_worker(settings.redis_database(1), sender.hostname, _queues)
    except RedisError as error:
        log.warning("worker.heartbeat_failed", error=type(error).__name__, pid=os.getpid())
