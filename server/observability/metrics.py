"""Every metric of the product, by name, and ``/metrics``.

With ``PROMETHEUS_MULTIPROC_DIR`` the processes of one machine share a folder; any of them answers for all.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask, Request
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    start_http_server,
    values,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from server.config import InvalidSettings, Settings
from server.errors import ServerError
from server.observability.collectors import Included, SharedMetrics
from server.observability.process_slots import ProcessSlots
from server.observability.usage import Usage

_FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
_slots = ProcessSlots(_FOLDER) if _FOLDER else None
# The library's own choice names a process's files by its pid, and worker children are replaced after
# every task; and it takes the variable for set when it is empty.
values.ValueClass = (
    values.MultiProcessValue(_slots.current) if _slots else values.MutexValue  # type: ignore[no-untyped-call]
)

_log = structlog.get_logger(__name__)

TRAINING_SESSIONS = Counter(
    "crypto_predict_training_sessions", "Training sessions that ended", ["model_type", "status"]
)
TRAINING_EPOCH_SECONDS = Histogram(
    "crypto_predict_training_epoch_seconds",
    "Time one epoch took",
    ["model_type"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
SOCKETIO_CONNECTIONS = Gauge(
    "crypto_predict_socketio_connections", "Open Socket.IO connections", multiprocess_mode="sum"
)
SOCKETIO_DISCONNECTS = Counter(
    "crypto_predict_socketio_disconnects",
    "Socket.IO connections that ended, by who or what ended them",
    ["reason"],
)
REALTIME_LAG = Histogram(
    "crypto_predict_realtime_lag_seconds",
    "Time from an event's being recorded to its being sent to the room's members in this process",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PREDICTIONS = Counter(
    "crypto_predict_predictions",
    "Forecasts asked for: made, repeated, refused or unavailable",
    ["model_type", "status"],
)
PREDICTION_SECONDS = Histogram(
    "crypto_predict_prediction_seconds",
    "Time from a request for a forecast to its stored answer",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)
MODEL_CACHE_HITS = Counter("crypto_predict_model_cache_hits", "Forecasts whose model was ready in memory")
MODEL_CACHE_MISSES = Counter("crypto_predict_model_cache_misses", "Forecasts whose model had to be loaded")
CACHE_HITS = Counter("crypto_predict_cache_hits", "Answers found in the cache", ["cache"])
CACHE_MISSES = Counter(
    "crypto_predict_cache_misses", "Answers that had to be computed, a cache that is away included", ["cache"]
)
EVENTS_PUBLISHED = Counter("crypto_predict_events_published", "Events sent to rooms", ["type"])
EVENTS_LEFT_OUT = Counter(
    "crypto_predict_events_left_out", "Events not sent because Redis did not take them; rooms read the log"
)
STREAM_LAG = Histogram(
    "crypto_predict_stream_lag_seconds",
    "Time from the end of a candle, by this machine's clock, to its being stored",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
STREAM_RECONNECTS = Counter(
    "crypto_predict_stream_reconnects", "Lines to a source that failed and were opened again", ["source"]
)
STREAM_SOURCE_CHANGES = Counter(
    "crypto_predict_stream_source_changes",
    "Times that a series was streamed from another source from then on",
    ["before", "source"],
)
CANDLES_STREAMED = Counter(
    "crypto_predict_candles_streamed",
    "Closed candles stored by the stream process: as they came over the line, or fetched",
    ["origin"],
)
SOURCE_CALLS = Counter(
    "crypto_predict_source_calls",
    "Attempts to ask a source of market data: answered, failed, limited by it, or held back here",
    ["source", "outcome"],
)
SOURCE_WAIT = Histogram(
    "crypto_predict_source_wait_seconds",
    "Time a call to a source waited for its turn within the source's rate",
    ["source"],
    buckets=(0.01, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60),
)
TASKS = Counter(
    "crypto_predict_tasks", "Tasks that a worker ended, by Celery's word for how", ["task", "state"]
)
TASK_SECONDS = Histogram(
    "crypto_predict_task_seconds",
    "Time a worker took for a task, from its start to its end",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 5, 30, 60, 300, 1800, 7200),
)
ERRORS = Counter("crypto_predict_errors", "Errors answered or recorded", ["error_code"])
GAUGE_UNAVAILABLE = ERRORS.labels("gauge_unavailable")

# Filled at scrape time from the truth, so that they cannot drift from it.
TRAINING_QUEUE_DEPTH = "crypto_predict_training_queue_depth"
TRAINING_ACTIVE_SESSIONS = "crypto_predict_training_active_sessions"
TRAINING_PROGRESS_AGE = "crypto_predict_training_progress_age_seconds"
WORKERS = "crypto_predict_workers"
QUEUE_MESSAGES = "crypto_predict_queue_messages"
SERIES_AGE = "crypto_predict_series_age_seconds"
SERIES_INTERVAL = "crypto_predict_series_interval_seconds"
SERIES_CANDLES = "crypto_predict_series_candles"
SERIES_MISSING = "crypto_predict_series_missing_candles"
LIVE_SKILL = "crypto_predict_prediction_live_skill"
LIVE_COVERAGE = "crypto_predict_prediction_live_coverage"
LIVE_OUTCOMES = "crypto_predict_prediction_live_outcomes"
MODEL_DRIFTING = "crypto_predict_model_drifting"
MODELS = "crypto_predict_models"
SOURCE_STATE = "crypto_predict_source_state"
SOURCE_CLOCK = "crypto_predict_source_clock_ahead_seconds"
STREAMED_SERIES = "crypto_predict_streamed_series"


@dataclass(frozen=True, slots=True)
class ScrapedGauge:
    """What a gauge says, and the names of its labels."""

    help: str
    labels: tuple[str, ...] = ()


_SERIES = ("ticker", "interval")
_KIND = (*_SERIES, "model_type")
SCRAPED_GAUGES = {
    TRAINING_QUEUE_DEPTH: ScrapedGauge("Training sessions that wait for a worker"),
    TRAINING_ACTIVE_SESSIONS: ScrapedGauge("Training sessions that a worker runs"),
    TRAINING_PROGRESS_AGE: ScrapedGauge(
        "Time since the last event of the running session that has been silent longest; 0 when none runs"
    ),
    WORKERS: ScrapedGauge("Workers that take from a queue and have said so lately", ("queue",)),
    QUEUE_MESSAGES: ScrapedGauge("Tasks that wait in a queue for a worker", ("queue",)),
    SERIES_AGE: ScrapedGauge("Time since the newest candle of a followed series closed", _SERIES),
    SERIES_INTERVAL: ScrapedGauge("Length of a candle of a followed series", _SERIES),
    SERIES_CANDLES: ScrapedGauge("Stored candles of a followed series", _SERIES),
    SERIES_MISSING: ScrapedGauge(
        "Candles that a followed series lacks between its first and its newest", _SERIES
    ),
    LIVE_SKILL: ScrapedGauge("1 - rmse / rmse of naive, over the scored live forecasts", _KIND),
    LIVE_COVERAGE: ScrapedGauge("Share of outcomes inside the interval of this level", (*_KIND, "level")),
    LIVE_OUTCOMES: ScrapedGauge("Scored steps that the live figures of a model rest on", _KIND),
    MODEL_DRIFTING: ScrapedGauge("1 while the live figures of the active model are out of band", _KIND),
    MODELS: ScrapedGauge("Registered models", ("status",)),
    SOURCE_CLOCK: ScrapedGauge(
        "How far the clock of a source of market data is ahead of the clock of the machine that asked it",
        ("source",),
    ),
    STREAMED_SERIES: ScrapedGauge(
        "Series that are streamed or should be, by where they come from: live, fallback, failing or waiting",
        ("source", "state"),
    ),
    SOURCE_STATE: ScrapedGauge(
        "How a source of market data is doing: 0 well, 1 asked for patience, 2 on probation, 3 left alone",
        ("source",),
    ),
}

ByLabels = Mapping[tuple[str, ...], float]
"""Values of a gauge by the values of its labels."""

Reading = Callable[[], Mapping[str, float | ByLabels]]


def bind(app: Flask) -> None:
    """Measure every request and answer ``/metrics``."""
    settings: Settings = app.config["SETTINGS"]
    if settings.prometheus_multiproc_dir and not _slots:
        raise InvalidSettings(
            "PROMETHEUS_MULTIPROC_DIR must be set in the environment of the process: "
            ".env is read too late for it",
            variables=["PROMETHEUS_MULTIPROC_DIR"],
        )
    app.extensions["gauge_readings"] = []
    HttpMetrics(
        app,
        path="/metrics",
        group_by=url_rule,
        registry=CollectorRegistry(),
        excluded_paths=["/metrics"],
    )


def read_at_scrape(app: Flask, reading: Reading) -> None:
    """Fill gauges of ``SCRAPED_GAUGES`` from ``reading()`` whenever ``/metrics`` is asked.

    ``reading`` gives name to value, or for a gauge with labels name to values by labels.
    ``reading`` runs inside the application context. When it fails with a :class:`ServerError`, SQLAlchemy,
    Redis or OS error its gauges are left out of that answer, and the failure is counted.
    """
    app.extensions["gauge_readings"].append(reading)


def serve_worker_metrics(settings: Settings) -> None:
    """Answer ``/metrics`` in a worker, beat or stream on ``settings.worker_metrics_port``; 0: do nothing.

    Call it in a worker's parent. Raises :class:`InvalidSettings` when the folder through which the
    children's numbers reach the parent is not set, ``OSError`` when the port is taken.
    """
    if not settings.worker_metrics_port:
        return
    if not _slots:
        raise InvalidSettings(
            "WORKER_METRICS_PORT needs PROMETHEUS_MULTIPROC_DIR in the environment: "
            "a worker's children count, and their numbers reach it through that folder",
            variables=["PROMETHEUS_MULTIPROC_DIR"],
        )
    registry = CollectorRegistry()
    registry.register(SharedMetrics(_slots))
    registry.register(Usage())
    start_http_server(settings.worker_metrics_port, addr=settings.host, registry=registry)


def url_rule(request: Request) -> str:
    """The route, not the path: a label must not take a new value for every session."""
    return request.url_rule.rule if request.url_rule else "unmatched"


class HttpMetrics(PrometheusMetrics):
    """The exporter's request metrics, answered together with the product's own."""

    def generate_metrics(self, accept_header: str | None = None, names: Any = None) -> tuple[str, str]:
        """The text of ``/metrics`` and its content type."""
        registry = CollectorRegistry()
        if _slots:
            registry.register(SharedMetrics(_slots))
        else:
            registry.register(Included(REGISTRY))
            registry.register(Included(self.registry))
        registry.register(Usage())
        registry.register(_ScrapedGauges(self.app.extensions["gauge_readings"]))
        encode, content_type = choose_encoder(accept_header or "")
        asked = registry.restricted_registry(names) if names else registry
        return encode(asked).decode(), content_type


class _ScrapedGauges(Collector):
    def __init__(self, readings: list[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for reading in self._readings:
            try:
                values_by_name = reading()
            except (ServerError, SQLAlchemyError, RedisError, OSError) as error:
                _log.warning("gauges left out", error=type(error).__name__)
                GAUGE_UNAVAILABLE.inc()
                continue
            for name, value in values_by_name.items():
                yield _family(name, value if isinstance(value, Mapping) else {(): value})


def _family(name: str, values_by_labels: ByLabels) -> GaugeMetricFamily:
    gauge = SCRAPED_GAUGES[name]
    family = GaugeMetricFamily(name, gauge.help, labels=gauge.labels)
    for labels, value in values_by_labels.items():
        family.add_metric(labels, value)
    return family
