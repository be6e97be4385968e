"""Traces by OpenTelemetry, from a request through its tasks; nothing of it is imported unless asked for.

``OTEL_EXPORTER_OTLP_ENDPOINT`` names the collector. Context travels in the headers of tasks, so that a
training and the request that started it are one trace; log lines then carry its ``trace_id``.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from celery import Celery
from celery.signals import worker_process_shutdown
from flask import Flask
from structlog.typing import Processor

from server.config import Settings

# Asked for every few seconds, and of interest to nobody.
NOT_TRACED = "health,metrics,socket.io"
FLUSH_MILLISECONDS = 2_000


def bind(app: Flask, celery: Celery) -> None:
    """Trace the requests of ``app`` and the tasks of ``celery``, if the settings name a collector."""
    settings: Settings = app.config["SETTINGS"]
    if not settings.otel_exporter_otlp_endpoint:
        return
    # Imported here: who wants no traces pays neither their memory nor their time.
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.flask import FlaskInstrumentor

    provider = _provider(settings)
    app.extensions["tracing"] = provider
    requests: Any = FlaskInstrumentor()
    requests.instrument_app(app, tracer_provider=provider, excluded_urls=NOT_TRACED)
    tasks: Any = CeleryInstrumentor()  # type: ignore[no-untyped-call]
    if tasks.is_instrumented_by_opentelemetry:
        tasks.uninstrument()
    tasks.instrument(tracer_provider=provider)

    def flush(**_: Any) -> None:
        provider.force_flush(FLUSH_MILLISECONDS)

    # A worker's child ends right after its training, without the hooks of an interpreter that ends.
    worker_process_shutdown.connect(flush, weak=False, dispatch_uid="server.tracing")


def processors(settings: Settings) -> list[Processor]:
    """What adds the trace to a log line; nothing without a collector."""
    if not settings.otel_exporter_otlp_endpoint:
        return []
    from opentelemetry.trace import format_trace_id, get_current_span

    def add_trace_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        context = get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = format_trace_id(context.trace_id)
        return event

    return [add_trace_id]


def _provider(settings: Settings) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(
        resource=Resource.create(
            {"service.name": settings.otel_service_name, "deployment.environment.name": settings.app_env}
        )
    )
    endpoint = settings.otel_exporter_otlp_endpoint.rstrip("/")
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint}/v1/traces")))
    return provider
