"""What the processes of a service use of the machine: memory, processor time, open files.

``prometheus_client`` reports these of one process only, and not at all when processes share their
metrics. Here the process that is asked answers for its whole process group: gunicorn with its workers,
a Celery worker with the children that train.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psutil
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

LEADER = "main"
CGROUP = Path("/sys/fs/cgroup")
"""What the kernel says of a container's memory: control groups, version 2."""


class Used(NamedTuple):
    """One process's memory (bytes), processor time since its start (seconds), and open files.

    Of memory that several processes share, such as what a child has from its parent, each has its part.
    """

    memory: float
    seconds: float
    files: float


class Usage(Collector):
    """The processes of one process group, by default the caller's own.

    The label ``process`` is ``main`` or ``child-N``. A child keeps its name, or its processor time would seem
    to jump; one that was replaced hands it to its successor, so that the names stay few.
    """

    def __init__(self, group: Callable[[], int] = os.getpgrp, cgroup: Path = CGROUP) -> None:
        self._group = group
        self._cgroup = cgroup
        self._names: dict[int, str] = {}

    def collect(self) -> Iterator[Metric]:
        prefix, labels = "crypto_predict_process", ["process"]
        memory = GaugeMetricFamily(
            f"{prefix}_memory_bytes",
            "Memory of a process, with its part of what it shares with others",
            labels=labels,
        )
        seconds = CounterMetricFamily(
            f"{prefix}_cpu_seconds", "Processor time that a process has used", labels=labels
        )
        files = GaugeMetricFamily(
            f"{prefix}_open_files", "Files and sockets a process has open", labels=labels
        )
        everyone = self._used_by_name()
        for name, used in everyone:
            memory.add_metric([name], used.memory)
            seconds.add_metric([name], used.seconds)
            files.add_metric([name], used.files)
        yield from (memory, seconds, files)
        yield GaugeMetricFamily(
            "crypto_predict_memory_used_bytes",
            "Memory that counts against the limit: the container's, or that of the service's processes",
            value=memory_used((used.memory for _, used in everyone), self._cgroup),
        )
        yield GaugeMetricFamily(
            "crypto_predict_memory_limit_bytes",
            "Memory that the service's processes may use: the container's limit, or the machine's memory",
            value=memory_limit(self._cgroup),
        )

    def _used_by_name(self) -> list[tuple[str, Used]]:
        group = self._group()
        alive = {pid: used for pid in psutil.pids() if (used := _used(pid, group)) is not None}
        # Replaced as a whole: two scrapes at a time must not meet in it.
        names = self._names = _names_of(alive, group, self._names)
        return [(names[pid], used) for pid, used in alive.items()]


def memory_limit(cgroup: Path = CGROUP) -> float:
    """Bytes that this process and its neighbours may use together."""
    whole = float(psutil.virtual_memory().total)
    try:
        limit = (cgroup / "memory.max").read_text().strip()
    except OSError:
        return whole  # no container, or the older control groups
    return whole if limit == "max" else min(whole, float(limit))


def memory_used(processes: Iterable[float], cgroup: Path = CGROUP) -> float:
    """Bytes of the limit that are taken, as the kernel counts before it kills: temporary files included, but
    not what it has merely read from disk and can drop at once. Without a container the sum of ``processes``.
    """
    try:
        current = float((cgroup / "memory.current").read_text())
        counts = dict(line.split() for line in (cgroup / "memory.stat").read_text().splitlines())
    except OSError:
        return sum(processes)  # no container, or the older control groups
    return current - float(counts.get("inactive_file", 0))


def _names_of(pids: Iterable[int], leader: int, before: Mapping[int, str]) -> dict[int, str]:
    """The name of each process: the one it had ``before``, or the first that is free."""
    names = {pid: before[pid] for pid in pids if pid in before}
    free = (name for name in map("child-{}".format, count()) if name not in set(names.values()))
    for pid in pids:
        if pid not in names:
            names[pid] = LEADER if pid == leader else next(free)
    return names


def _used(pid: int, group: int) -> Used | None:
    """None for a process of another group, or one that has just ended."""
    try:
        if os.getpgid(pid) != group:
            return None
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return Used(_memory(process), times.user + times.system, process.num_fds())
    except (ProcessLookupError, PermissionError, psutil.Error):
        return None


def _memory(process: psutil.Process) -> float:
    try:
        found = process.memory_full_info()
    except psutil.AccessDenied:
        return float(process.memory_info().rss)
    # A system that does not know a process's part says what is resident.
    return float(getattr(found, "pss", found.rss))
