"""Many forecasts in one call, each answered for itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from marshmallow import ValidationError

from server.config import Settings
from server.errors import ServerError
from server.observability.metrics import ERRORS
from server.observability.request_context import current_request_id
from server.observability.validation import invalid_fields
from server.prediction import forecasts
from server.prediction.choice import Wanted
from server.prediction.schemas import PredictRequest
from server.realtime.publisher import Publisher


def answer_all(requests: Sequence[dict[str, Any]], settings: Settings, publisher: Publisher) -> list[str]:
    """One JSON object a request, in order: ``{"ok": true, "prediction"}`` or ``{"ok": false, "error"}``."""
    return [_answer(request, settings, publisher) for request in requests]


def _answer(request: dict[str, Any], settings: Settings, publisher: Publisher) -> str:
    try:
        made = forecasts.answer(_wanted(request), settings, publisher)
    except ServerError as error:
        ERRORS.labels(error.code).inc()
        return json.dumps({"ok": False, "error": error.payload(current_request_id())})
    return f'{{"ok":true,"prediction":{made.body()}}}'


def _wanted(request: dict[str, Any]) -> Wanted:
    try:
        return Wanted(**PredictRequest().load(request))
    except ValidationError as error:
        raise invalid_fields(error.normalized_messages(), error) from error  # type: ignore[no-untyped-call]
