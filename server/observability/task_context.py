"""What a request and its tasks have in common: the application, the request id, the log lines' context.

Each task is counted and timed as well.

Signals rather than a base class, so that no task can be written without them.
"""

from __future__ import annotations

import time
from typing import Any

from celery import Celery, Task
from celery.signals import before_task_publish, setup_logging, task_postrun, task_prerun
from flask import Flask
from structlog.contextvars import bind_contextvars, reset_contextvars

from server.config import Settings
from server.observability import logs
from server.observability.metrics import TASK_SECONDS, TASKS
from server.observability.request_context import current_request_id


def bind(app: Flask, celery: Celery) -> None:
    """Make ``app`` the application in whose context the tasks of ``celery`` run, as ``celery.flask_app``."""
    celery.flask_app = app
    app.extensions["celery"] = celery

    def configure_logs(**_: Any) -> None:
        # The settings of the application that is bound by then.
        settings: Settings = celery.flask_app.config["SETTINGS"]
        logs.configure(settings)

    # A receiver of this signal is what keeps Celery from setting up logging of its own.
    setup_logging.connect(configure_logs, weak=False, dispatch_uid="server.logs")
    before_task_publish.connect(_send_request_id, weak=False, dispatch_uid="server.publish")
    task_prerun.connect(_enter, weak=False, dispatch_uid="server.enter")
    task_postrun.connect(_leave, weak=False, dispatch_uid="server.leave")


def _send_request_id(headers: dict[str, Any], **_: Any) -> None:
    headers.setdefault("request_id", current_request_id())


def _enter(task_id: str, task: Task, **_: Any) -> None:
    # A task run in place, inside a request, keeps that request's id.
    request_id = task.request.get("request_id") or current_request_id()
    task.request.log_tokens = bind_contextvars(request_id=request_id, task=task.name, task_id=task_id)
    context = task.app.flask_app.app_context()
    context.push()
    task.request.flask_context = context
    task.request.started = time.perf_counter()


def _leave(task: Task, state: str, **_: Any) -> None:
    TASKS.labels(task.name, state).inc()
    TASK_SECONDS.labels(task.name).observe(time.perf_counter() - task.request.started)
    task.request.flask_context.pop()
    reset_contextvars(**task.request.log_tokens)
