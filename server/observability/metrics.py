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
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from prometheus_flask_exporter import PrometheusMetrics
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from server.config import InvalidSettings, Settings
from server.errors import ServerError
from server.observability.process_slots import ProcessSlots

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
CANDLES_STREAMED = Counter(
    "crypto_predict_candles_streamed",
    "Closed candles stored by the stream process: as they came over the line, or fetched",
    ["origin"],
)
ERRORS = Counter("crypto_predict_errors", "Errors answered or recorded", ["error_code"])

# Filled at scrape time from the truth, so that they cannot drift from it.
TRAINING_QUEUE_DEPTH = "crypto_predict_training_queue_depth"
TRAINING_ACTIVE_SESSIONS = "crypto_predict_training_active_sessions"
LIVE_SKILL = "crypto_predict_prediction_live_skill"
LIVE_COVERAGE = "crypto_predict_prediction_live_coverage"
MODEL_DRIFTING = "crypto_predict_model_drifting"
MODELS = "crypto_predict_models"
SOURCE_STATE = "crypto_predict_source_state"


@dataclass(frozen=True, slots=True)
class ScrapedGauge:
    """What a gauge says, and the names of its labels."""

    help: str
    labels: tuple[str, ...] = ()


_KIND = ("ticker", "interval", "model_type")
SCRAPED_GAUGES = {
    TRAINING_QUEUE_DEPTH: ScrapedGauge("Training sessions that wait for a worker"),
    TRAINING_ACTIVE_SESSIONS: ScrapedGauge("Training sessions that a worker runs"),
    LIVE_SKILL: ScrapedGauge("1 - rmse / rmse of naive, over the scored live forecasts", _KIND),
    LIVE_COVERAGE: ScrapedGauge("Share of outcomes inside the interval of this level", (*_KIND, "level")),
    MODEL_DRIFTING: ScrapedGauge("1 while the live figures of the active model are out of band", _KIND),
    MODELS: ScrapedGauge("Registered models", ("status",)),
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
    """Answer ``/metrics`` in a worker on ``settings.worker_metrics_port``; 0: do nothing.

    Call it in the worker's parent. Raises :class:`InvalidSettings` when the folder through which the
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
    registry.register(_SharedMetrics(_slots))
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
            registry.register(_SharedMetrics(_slots))
        else:
            registry.register(_Included(REGISTRY))
            registry.register(_Included(self.registry))
        registry.register(_ScrapedGauges(self.app.extensions["gauge_readings"]))
        encode, content_type = choose_encoder(accept_header or "")
        asked = registry.restricted_registry(names) if names else registry
        return encode(asked).decode(), content_type


class _Included(Collector):
    """Another registry's metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()


class _SharedMetrics(Collector):
    """The metrics of all processes that share the folder."""

    def __init__(self, slots: ProcessSlots) -> None:
        self._slots = slots
        self._files = MultiProcessCollector(None, path=slots.folder)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        self._slots.drop_gauges_of_the_dead()
        yield from self._files.collect()  # type: ignore[no-untyped-call]


class _ScrapedGauges(Collector):
    def __init__(self, readings: list[Reading]) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        for reading in self._readings:
            try:
                values_by_name = reading()
            except (ServerError, SQLAlchemyError, RedisError, OSError) as error:
                _log.warning("gauges left out", error=type(error).__name__)
                ERRORS.labels("gauge_unavailable").inc()
                continue
            for name, value in values_by_name.items():
                yield _family(name, value if isinstance(value, Mapping) else {(): value})


def _family(name: str, values_by_labels: ByLabels) -> GaugeMetricFamily:
    gauge = SCRAPED_GAUGES[name]
    family = GaugeMetricFamily(name, gauge.help, labels=gauge.labels)
    for labels, value in values_by_labels.items():
        family.add_metric(labels, value)
    return family
