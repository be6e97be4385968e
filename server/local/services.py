"""The processes of the product, as the local stack and the tests start them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from server.config import PROJECT_ROOT, Settings
from server.local import processes


@dataclass(frozen=True, slots=True)
class Service:
    """One long-running process: its name is also that of its log."""

    name: str
    command: tuple[str, ...]

    def start(self, logs: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """Start it in the project's folder, its output appended to ``logs/NAME.log``."""
        return processes.spawn(
            self.command, log_of(logs, self.name), environment=environment, folder=PROJECT_ROOT
        )


def log_of(logs: Path, name: str) -> Path:
    """The log file of a service."""
    return logs / f"{name}.log"


def services_of(settings: Settings, state: Path) -> list[Service]:
    """Web, workers, beat and the stream of live candles; ``state`` is the folder for beat's schedule.

    Trainings have a worker of their own: one that trains must not delay the reaper, nor a forecast. The
    other workers have threads, not children, so that they never pay for TensorFlow.
    """
    celery = (sys.executable, "-m", "celery", "--quiet", "-A", "server.worker:celery")
    worker = (*celery, "worker", "--loglevel", settings.log_level, "--without-mingle", "--without-gossip")
    trainings = str(settings.training_concurrency)
    threads = ("-P", "threads", "-c", "2")
    schedule = str(state / "beat-schedule")
    services = [
        Service("web", _web_command(settings)),
        Service("trainer", (*worker, "-n", "trainer@%h", "-Q", "training", "-c", trainings)),
        Service("predictor", (*worker, "-n", "predictor@%h", "-Q", "prediction", *threads)),
        Service("worker", (*worker, "-n", "worker@%h", "-Q", "default", *threads)),
        Service("market", (*worker, "-n", "market@%h", "-Q", "market", "-P", "threads", "-c", "4")),
        Service("beat", (*celery, "beat", "--loglevel", settings.log_level, "-s", schedule, "--pidfile=")),
    ]
    if settings.stream_followed:
        # On threads: it has an event loop of its own. With nothing to follow it loads no exchange.
        flask = (sys.executable, "-m", "flask", "--app", "wsgi")
        services.append(Service("stream", (*flask, "market", "stream")))
    return services


def _web_command(settings: Settings) -> tuple[str, ...]:
    if settings.async_mode == "gevent":
        return (sys.executable, "-m", "gunicorn", "wsgi:app")
    return (sys.executable, "wsgi.py")
