"""One trace spans a request and its task; without a collector nothing of OpenTelemetry is loaded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from flask import Flask
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from server.config import PROJECT_ROOT, Settings
from server.extensions import celery
from tests.applications import application

PATH = "/api/v1/tasks/schedules/prices/run"
OURS = {"opentelemetry.instrumentation", "opentelemetry.sdk.trace", "opentelemetry.exporter"}


class Collector:
    """A collector of traces on the loopback interface; ``spans`` are those it was sent."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: set[str] = set()
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                collector.take(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def take(self, body: bytes) -> None:
        message = ExportTraceServiceRequest()
        message.ParseFromString(body)
        for resource in message.resource_spans:
            attributes = {each.key: each.value.string_value for each in resource.resource.attributes}
            self.services.add(attributes["service.name"])
            for scope in resource.scope_spans:
                self.spans += scope.spans

    def names(self, trace_id: bytes) -> dict[str, bytes]:
        """Name to parent of the spans of a trace."""
        return {span.name: span.parent_span_id for span in self.spans if span.trace_id == trace_id}


@pytest.fixture
def collector() -> Iterator[Collector]:
    started = Collector()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture
def traced(settings: Settings, database: None, collector: Collector) -> Iterator[Flask]:
    """An application that sends its traces, on the database of the others."""
    with application(settings, otel_exporter_otlp_endpoint=collector.url + "/") as app:
        yield app
        app.extensions["tracing"].shutdown()
    CeleryInstrumentor().uninstrument()  # type: ignore[no-untyped-call]


def test_one_trace_spans_a_request_and_its_task(
    traced: Flask, collector: Collector, capsys: pytest.CaptureFixture[str]
) -> None:
    client = traced.test_client()
    client.get("/health/live")
    # No series is followed, so the task asks no exchange.
    assert client.post(PATH, headers={"X-Request-ID": "from-a-client"}).status_code == 202
    with start_worker(celery, perform_ping_check=False, queues=["market"], shutdown_timeout=20):
        line = wait_for_line(capsys, "schedule.ran")
    traced.extensions["tracing"].force_flush()
    (request,) = [span for span in collector.spans if "schedules" in span.name]
    spans = collector.names(request.trace_id)
    assert spans["apply_async/market.schedule"] == request.span_id
    assert "run/market.schedule" in spans
    assert line["trace_id"] == request.trace_id.hex()
    assert line["request_id"] == "from-a-client"
    assert line["task_id"]
    assert collector.services == {"crypto-predict"}
    assert not any("health" in span.name for span in collector.spans)


def wait_for_line(capsys: pytest.CaptureFixture[str], event: str) -> dict[str, Any]:
    """The first log line of an event."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for text in capsys.readouterr().err.splitlines():
            line: dict[str, Any] = json.loads(text)
            if line["event"] == event:
                return line
        time.sleep(0.05)
    raise AssertionError(f"nothing logged {event}")


def loaded_by_the_web_process(**environment: str) -> set[str]:
    script = "import wsgi, sys; print('LOADED', *sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT_ROOT,
        env={
            **os.environ,
            "APP_ENV": "test",
            "ASYNC_MODE": "threading",
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            **environment,
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.rpartition("LOADED")[2].split())


def test_without_a_collector_nothing_that_traces_is_loaded() -> None:
    # redis-py looks for OpenTelemetry's metrics by itself, and loads them where they are installed.
    assert not OURS & loaded_by_the_web_process()
    assert loaded_by_the_web_process(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1") >= OURS
