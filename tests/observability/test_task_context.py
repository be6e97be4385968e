"""A task runs inside the application and under the request id of whoever sent it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery
from celery.contrib.testing.worker import start_worker
from flask import Flask, current_app
from prometheus_client import REGISTRY
from structlog.contextvars import bound_contextvars, get_contextvars

from server.observability import task_context
from tests.applications import UNREACHABLE

seen: list[dict[str, Any]] = []


@pytest.fixture(scope="module")
def celery() -> Iterator[Celery]:
    queue = Celery("under_test", broker="memory://", set_as_current=False)
    queue.conf.update(task_ignore_result=True, worker_hijack_root_logger=False)
    application = Flask("under_test")
    application.config["SETTINGS"] = UNREACHABLE
    task_context.bind(application, queue)

    @queue.task(name="look", shared=False)
    def look() -> None:
        seen.append({**get_contextvars(), "app": current_app.name})

    @queue.task(name="fail", shared=False)
    def fail() -> None:
        raise ValueError("on purpose")

    yield queue
    queue.close()


@pytest.fixture(scope="module")
def worker(celery: Celery) -> Iterator[None]:
    with start_worker(celery, perform_ping_check=False, shutdown_timeout=20):
        yield


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    seen.clear()


@pytest.mark.usefixtures("worker")
def test_a_task_sees_the_application_and_the_request_id_of_its_sender(celery: Celery) -> None:
    with bound_contextvars(request_id="from-a-request"):
        task = celery.tasks["look"].apply_async()
    wait_until_seen(1)
    assert seen == [{"request_id": "from-a-request", "task": "look", "task_id": task.id, "app": "under_test"}]


@pytest.mark.usefixtures("worker")
def test_the_next_task_does_not_inherit_the_request_id_of_one_that_failed(celery: Celery) -> None:
    with bound_contextvars(request_id="first"):
        celery.tasks["fail"].apply_async()
    celery.tasks["look"].apply_async()
    wait_until_seen(1)
    assert seen[0]["request_id"] is None


def test_a_task_run_in_place_keeps_the_id_of_the_request(celery: Celery) -> None:
    with bound_contextvars(request_id="here"):
        celery.tasks["look"].apply()
        assert seen[0]["request_id"] == "here"
        assert get_contextvars()["request_id"] == "here"


@pytest.mark.parametrize(("name", "state"), [("look", "SUCCESS"), ("fail", "FAILURE")])
def test_each_task_is_counted_and_timed(celery: Celery, name: str, state: str) -> None:
    def read() -> tuple[float, float]:
        counted = REGISTRY.get_sample_value("crypto_predict_tasks_total", {"task": name, "state": state})
        timed = REGISTRY.get_sample_value("crypto_predict_task_seconds_count", {"task": name})
        return counted or 0, timed or 0

    counted, timed = read()
    celery.tasks[name].apply()
    assert read() == (counted + 1, timed + 1)


def wait_until_seen(count: int) -> None:
    deadline = time.monotonic() + 20
    while len(seen) < count:
        assert time.monotonic() < deadline, "the task did not run"
        time.sleep(0.01)
