"""Active models brought up to date with the newest candle, whatever becomes of one of them."""

from __future__ import annotations

import structlog
from sqlalchemy import text

from server.errors import ServerError
from server.extensions import db
from server.forecasters.serving import OnnxForecaster
from server.prediction import widths
from server.prediction.readiness import Registered, ready
from server.realtime.publisher import Publisher
from server.registry import models
from server.registry.tables import Model

log = structlog.get_logger(__name__)

_BEHIND = text("""
    SELECT model.id
    FROM models AS model JOIN series_versions AS series USING (ticker, interval)
    WHERE model.status = 'active' AND NOT EXISTS (
        SELECT FROM model_interval_widths AS width
        WHERE width.model_id = model.id AND width.origin >= series.newest)
    ORDER BY model.id
""")


def behind() -> list[str]:
    """The active models whose interval widths do not reach the newest candle of their series."""
    with db.engine.connect() as connection:
        return list(connection.scalars(_BEHIND))


def adapt(model_id: str, publisher: Publisher) -> int:
    """Bring the interval widths of a model up to the newest candle; how many rows are new.

    A model that cannot be served is marked and the room of its series told, once; any failure is
    logged, so that other models can go on.
    """
    try:
        rows = widths.bring_up_to_date(_forecaster(model_id, publisher))
    except ServerError as error:
        db.session.rollback()
        log.warning("model.not_adapted", model_id=model_id, error_code=error.code, error=error.message)
        return 0
    log.info("model.adapted", model_id=model_id, rows=rows)
    return rows


def _forecaster(model_id: str, publisher: Publisher) -> OnnxForecaster:
    registered = _registered(models.get(model_id))
    # Loading may take its time: no transaction stays open meanwhile.
    db.session.commit()
    return ready(registered, publisher)


def _registered(model: Model) -> Registered:
    return Registered(
        model.id,
        model.model_type,
        model.version,
        model.ticker,
        model.interval,
        marked=model.fault is not None,
    )
