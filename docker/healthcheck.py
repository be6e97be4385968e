"""Whether the process of this container does its work; ends with 1 and a sentence when it does not.

``healthcheck.py web`` asks the web process whether it answers. ``healthcheck.py worker NAME`` asks the worker
``NAME`` of this host through the broker, by the connection through which it takes its tasks.
``healthcheck.py metrics`` asks beat and the stream of candles for the numbers that they serve.
"""

from __future__ import annotations

import os
import socket
import sys
import urllib.request
from pathlib import Path

SECONDS = float(os.environ.get("HEALTHCHECK_SECONDS", "4"))


def main(kind: str, *names: str) -> str | None:
    """Ask; what is wrong, or None."""
    try:
        healthy = _worker_answers(*names) if kind == "worker" else _url_answers(_url(kind))
    except OSError as error:
        return f"{kind}: {error}"
    return None if healthy else f"{' '.join([kind, *names])}: no answer within {SECONDS:g} seconds"


def _url(kind: str) -> str:
    if kind == "web":
        return f"http://127.0.0.1:{os.environ.get('PORT', '5000')}/health/live"
    return f"http://127.0.0.1:{os.environ['WORKER_METRICS_PORT']}/metrics"


def _url_answers(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - http, our own
        return bool(answer.status == 200)


def _worker_answers(name: str) -> bool:
    # Here, and not the whole product: a check is made every half minute and is to cost little.
    from celery import Celery
    from kombu.exceptions import OperationalError

    from server.config import Settings

    asking = Celery(broker=Settings.from_environment().redis_database(0))
    asking.conf.broker_transport_options = {
        "socket_connect_timeout": SECONDS,
        "socket_timeout": SECONDS,
        "max_retries": 1,
        "interval_start": 0,
    }
    try:
        return bool(asking.control.ping([f"{name}@{socket.gethostname()}"], timeout=SECONDS, limit=1))
    except OperationalError as error:
        raise ConnectionError(f"the broker cannot be reached: {error}") from error


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main(*sys.argv[1:]))
