"""A registered model, ready to forecast; or marked, and the room of its series told once, that it is not."""

from __future__ import annotations

from typing import NamedTuple

from server.extensions import db
from server.forecasters.serving import ModelUnusable, OnnxForecaster
from server.prediction import log as prediction_log
from server.prediction.kept import kept
from server.realtime.publisher import Publisher
from server.registry import models


class Registered(NamedTuple):
    """What the registry says of a model. ``marked``: that it could not be served when last asked for."""

    model_id: str
    model_type: str
    version: int
    ticker: str
    interval: str
    marked: bool


def ready(registered: Registered, publisher: Publisher) -> OnnxForecaster:
    """The model itself; its mark is taken away, or set, as it turns out.

    Raises :class:`ModelUnusable` when the artifact is missing, damaged or another model's,
    :class:`Unavailable` when the store does not answer.
    """
    models_kept = kept().models
    was_ready = models_kept.holds(registered.model_id)
    try:
        model = models_kept.get(registered.model_id)
        _require_own_series(model, registered)
    except ModelUnusable as error:
        _mark(registered, error, publisher)
        raise
    if registered.marked and not was_ready:
        models.clear_fault(registered.model_id)
        db.session.commit()
    return model


def _require_own_series(model: OnnxForecaster, registered: Registered) -> None:
    if (model.ticker, model.interval) != (registered.ticker, registered.interval):
        raise ModelUnusable(
            f"The artifact of model {model.model_id} is that of a model of {model.ticker} {model.interval}",
            model_id=model.model_id,
        )


def _mark(registered: Registered, error: ModelUnusable, publisher: Publisher) -> None:
    if not models.set_fault(registered.model_id, error):
        db.session.rollback()
        return
    data = {
        "model_id": registered.model_id,
        "model_type": registered.model_type,
        "version": registered.version,
        "error_code": error.code,
        "message": error.message,
    }
    # Committed with the mark.
    prediction_log.append(registered.ticker, registered.interval, "model_unavailable", data, publisher)
