"""Where the numbers of ``/metrics`` come from when they are not this process's own."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from server.observability.process_slots import ProcessSlots


class Included(Collector):
    """Another registry's metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()


class SharedMetrics(Collector):
    """The metrics of all processes that share the folder."""

    def __init__(self, slots: ProcessSlots) -> None:
        self._slots = slots
        self._files = MultiProcessCollector(None, path=slots.folder)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterator[Metric]:
        self._slots.drop_gauges_of_the_dead()
        yield from self._files.collect()  # type: ignore[no-untyped-call]
