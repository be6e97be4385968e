"""Asking for forecasts in tests, a minute after the last stored candle has closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from server import adapters
from server.errors import ServerError
from server.extensions import db
from server.forecasters.artifacts import Artifact
from server.prediction import forecasts
from server.prediction.tables import Prediction
from server.registry.tables import Model
from tests.prediction.conftest import (
    STORED,
    copied,
    registered,
)
from tests.prediction.recording import RecordingPublisher

SERIES = ("BTC-USD", "1h")
LAST_OPEN = datetime.fromtimestamp(int(STORED.timestamp[-1]), UTC)
NOW = LAST_OPEN + timedelta(hours=1, minutes=1)


def ask(
    publisher: Any = None, now: datetime = NOW, trigger: str = "request", **wanted: Any
) -> dict[str, Any]:
    request = {"ticker": "BTC-USD", "interval": "1h", **wanted}
    return forecasts.make(request, adapters.settings(), publisher or RecordingPublisher(), trigger, now)


def refused(kind: type[ServerError], **wanted: Any) -> ServerError:
    with pytest.raises(kind) as error:
        ask(**wanted)
    return error.value


def active_too(artifact: Artifact, model_type: str, skill: float | None = None, **columns: Any) -> Model:
    """Another active model of the series, of another type."""
    row = registered(copied(artifact, model_type.lower(), model_type=model_type).manifest)
    for name, value in {"skill": skill, **columns}.items():
        setattr(row, name, value)
    db.session.commit()
    return row


def codes(answer: dict[str, Any]) -> list[str]:
    return [warning["code"] for warning in answer["warnings"]]


def stored_forecasts() -> int:
    return int(db.session.scalar(select(func.count()).select_from(Prediction)) or 0)
