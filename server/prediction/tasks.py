"""What candles that arrive mean for forecasts, as Celery tasks of a queue of their own.

A forecast must not wait behind a training. A message may be lost, come twice or come late: every task
looks at what is stored, and the sweep finds what no message told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import structlog
from kombu.exceptions import OperationalError as QueueUnreachable

from server import adapters
from server.extensions import celery
from server.market.arrivals import candles_stored
from server.market.candles import require_interval
from server.prediction import adapting, forecasts, live, schedule, scoring
from server.registry.announcements import model_activated

log = structlog.get_logger(__name__)

JUDGED_EVERY_SECONDS: Final = 900
"""Models of finer candles are judged once in this time: a month of minutes is much to add up."""


def listen() -> None:
    """Let candles that are stored and models that become active in this process send their task."""
    candles_stored.connect(_send_arrival)
    model_activated.connect(_send_adapt)


@celery.task(name="prediction.candles_arrived")
def candles_arrived(ticker: str, interval: str, first: str, last: str) -> None:
    """Candles from ``first`` to ``last`` (opens, ISO 8601) are new or different: do all that follows."""
    _follow_up(ticker, interval, datetime.fromisoformat(first), datetime.fromisoformat(last))


@celery.task(name="prediction.adapt")
def adapt(model_id: str) -> None:
    """Bring the interval widths of a model up to the newest candle."""
    adapting.adapt(model_id, adapters.publisher())


@celery.task(name="prediction.sweep")
def sweep() -> None:
    """Do what lost messages would have done."""
    for due in (*scoring.due(), *scoring.corrected()):
        _follow_up(*due)
    for model_id in adapting.behind():
        adapting.adapt(model_id, adapters.publisher())
    for series in schedule.overdue():
        schedule.forecast(*series, _make)


def _follow_up(ticker: str, interval: str, first: datetime, last: datetime) -> None:
    """Score what was forecast, correct the widths by it, forecast anew, and judge the models."""
    settings, publisher = adapters.settings(), adapters.publisher()
    scored = scoring.settle(ticker, interval, first, last, publisher)
    for model_id in [model.id for model in live.active_models(ticker, interval)]:
        adapting.adapt(model_id, publisher)
    schedule.forecast(ticker, interval, _make)
    if scored and _is_time_to_judge(interval, last):
        live.watch(ticker, interval, settings, publisher, _send_retrain)


def _is_time_to_judge(interval: str, last: datetime) -> bool:
    closed_at = int(last.timestamp()) + require_interval(interval)
    return require_interval(interval) >= JUDGED_EVERY_SECONDS or closed_at % JUDGED_EVERY_SECONDS == 0


def _make(request: dict[str, Any]) -> None:
    forecasts.make(request, adapters.settings(), adapters.publisher(), forecasts.SCHEDULE)


def _send_arrival(_: object, *, ticker: str, interval: str, first: datetime, last: datetime) -> None:
    _send(candles_arrived.name, ticker, interval, first.isoformat(), last.isoformat())


def _send_adapt(_: object, *, model_id: str, **__: str) -> None:
    _send(adapt.name, model_id)


def _send_retrain(model_id: str, reason: str) -> None:
    # By name: training stands before prediction, and neither knows the other.
    _send("sessions.retrain", model_id, reason)


def _send(name: str, *arguments: str) -> None:
    """Send a task; when the broker is away the sweep does its work later."""
    try:
        celery.send_task(name, arguments)
    except QueueUnreachable as error:
        log.warning("queue.unreachable", task=name, arguments=arguments, error=str(error))
