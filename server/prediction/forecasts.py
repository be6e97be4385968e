"""Forecasts on request or on schedule: choose, look, forecast, store, tell.

Two statements a forecast: one reads the model, the series and the widths, one writes everything.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from server.config import Settings
from server.errors import Conflict, InvalidInput, ServerError
from server.market.candles import iso_time
from server.market.moments import iso
from server.observability.metrics import PREDICTION_SECONDS, PREDICTIONS
from server.prediction import log as prediction_log
from server.prediction import store
from server.prediction.cautions import cautions
from server.prediction.choice import Chosen, Wanted, choose
from server.prediction.kept import kept
from server.prediction.predict import forecast, naive_steps_of, steps_of
from server.prediction.readiness import Registered, ready
from server.realtime.publisher import Publisher

log = structlog.get_logger(__name__)

REQUEST, SCHEDULE = "request", "schedule"
TRIGGERS: Final = (REQUEST, SCHEDULE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A stored forecast: the ``data`` of its first event, the same as JSON, and its room's last number.

    ``repeated``: it was made before, for the same request.
    """

    data: dict[str, Any]
    encoded: str
    last_seq: int
    repeated: bool = False

    @property
    def model_type(self) -> str:
        """The type of the model that made it."""
        return str(self.data["model"]["model_type"])

    def plain(self) -> dict[str, Any]:
        """The body of an answer."""
        return {**self.data, "last_seq": self.last_seq}

    def body(self) -> str:
        """The same as JSON, without encoding the forecast a second time."""
        return f'{self.encoded[:-1]},"last_seq":{self.last_seq}}}'


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a forecast depends on beside its request."""

    settings: Settings
    publisher: Publisher
    trigger: str
    now: datetime


def make(
    request: Mapping[str, Any],
    settings: Settings,
    publisher: Publisher,
    trigger: str = REQUEST,
    now: datetime | None = None,
) -> dict[str, Any]:
    """The forecast that ``request`` asks for, stored and published, as the body of an answer.

    ``request``: the fields of :class:`Wanted`. Raises as :func:`answer` does.
    """
    return answer(Wanted(**request), settings, publisher, trigger, now).plain()


def answer(
    wanted: Wanted,
    settings: Settings,
    publisher: Publisher,
    trigger: str = REQUEST,
    now: datetime | None = None,
) -> Answer:
    """The forecast that is ``wanted``; the one made before when the same was asked under the same id.

    Raises :class:`NotFound` (series, model), :class:`InvalidInput` (horizon, model of another series,
    too few candles, a time in the future), :class:`Conflict` (the request id belongs to another
    request), :class:`ModelUnusable` and :class:`Unavailable`. Then nothing is stored, except that a
    model that cannot be served is marked and the room of its series told, once.
    """
    started = time.perf_counter()
    around = Circumstances(settings, publisher, trigger, now or datetime.now(UTC))
    try:
        found = _answer(wanted, around)
    except ServerError as error:
        status = "unavailable" if error.http_status >= 500 else "refused"
        PREDICTIONS.labels(model_type=wanted.model_type or "any", status=status).inc()
        raise
    PREDICTIONS.labels(model_type=found.model_type, status="repeated" if found.repeated else "made").inc()
    PREDICTION_SECONDS.observe(time.perf_counter() - started)
    return found


def stored(request_id: str) -> dict[str, Any]:
    """A stored forecast with the actual prices known so far. Raises :class:`NotFound`."""
    return store.get(request_id)


def _answer(wanted: Wanted, around: Circumstances) -> Answer:
    _require_past(wanted, around.now)
    chosen = choose(wanted, kept().database)
    if chosen is None:
        return _repeated(wanted)
    record = _forecast(wanted, chosen, around)
    data = _data(record)
    encoded = json.dumps(data, separators=(",", ":"), allow_nan=False)
    seq = kept().writes.add(f"{wanted.ticker} {wanted.interval}", replace(record, data=encoded))
    if seq is None:
        # Stored in this very moment: by somebody else, or by a statement whose answer was lost.
        return _repeated(replace(wanted, request_id=record.request_id))
    # Nobody can have joined the room of a request that got its name here.
    request_seq = None if wanted.request_id is None else 1
    prediction_log.publish(around.publisher, _event(record, data), seq, request_seq, encoded)
    return Answer(data, encoded, last_seq=1)


def _forecast(wanted: Wanted, chosen: Chosen, around: Circumstances) -> store.Record:
    model = ready(_registered(wanted, chosen), around.publisher)
    window = kept().windows.get(wanted.ticker, wanted.interval, chosen.series_version, chosen.origin)
    return store.Record(
        request_id=wanted.request_id or uuid.uuid4().hex,
        wanted=wanted,
        chosen=chosen,
        made=forecast(window, model, chosen.factors, wanted.horizon or model.horizon),
        warnings=cautions(window, model, chosen, wanted.as_of, around.now, around.settings.model_stale_days),
        trigger=around.trigger,
        live=chosen.origin >= max(chosen.newest, model.trained_until),
        created_at=around.now,
    )


def _registered(wanted: Wanted, chosen: Chosen) -> Registered:
    return Registered(
        chosen.model_id,
        chosen.model_type,
        chosen.version,
        wanted.ticker,
        wanted.interval,
        marked=chosen.fault,
    )


def _require_past(wanted: Wanted, now: datetime) -> None:
    if wanted.as_of is not None and wanted.as_of > now:
        raise InvalidInput(
            f"as_of={wanted.plain()['as_of']} lies in the future: leave it out to forecast from now",
            field="as_of",
            value=wanted.plain()["as_of"],
        )


def _event(record: store.Record, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "predicted",
        "ticker": record.wanted.ticker,
        "interval": record.wanted.interval,
        "request_id": record.request_id,
        "timestamp": record.created_at,
        "data": data,
    }


def _repeated(wanted: Wanted) -> Answer:
    """What was answered under this request id, provided that the same is asked."""
    first = store.first_answer(wanted.request_id or "")
    if first.requested != wanted.plain():
        raise Conflict(
            f"request_id {wanted.request_id} belongs to another request: choose a new one",
            error_code="request_id_taken",
            field="request_id",
            value=wanted.request_id,
            requested=first.requested,
        )
    encoded = json.dumps(first.data, separators=(",", ":"))
    return Answer(first.data, encoded, first.last_seq, repeated=True)


def _data(record: store.Record) -> dict[str, Any]:
    wanted, chosen, made = record.wanted, record.chosen, record.made
    return {
        "request_id": record.request_id,
        "model_id": chosen.model_id,
        "model": {
            "model_type": chosen.model_type,
            "version": chosen.version,
            "status": chosen.status,
            "trained_until": iso_time(int(chosen.trained_until.timestamp())),
            "horizon": chosen.horizon,
            "skill": chosen.skill,
            "coverage_80": chosen.coverage_80,
            "coverage_95": chosen.coverage_95,
        },
        "ticker": wanted.ticker,
        "interval": wanted.interval,
        "origin": {"timestamp": iso_time(made.origin), "close": made.close},
        "generated_at": iso(record.created_at),
        "predictions": steps_of(made),
        "baseline": naive_steps_of(made),
        "warnings": record.warnings,
    }
