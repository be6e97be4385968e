"""What to be wary of in a forecast: decides from what is known, and asks nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from server.forecasters.serving import OnnxForecaster
from server.market.candles import iso_time, require_interval
from server.market.gaps import Gap
from server.prediction.choice import Chosen
from server.prediction.window import Window
from server.registry.tables import ACTIVE

LATE_SECONDS: Final = 60
"""A closed candle may take this long to arrive before its absence is worth a word."""

DAY: Final = 86400

Caution = dict[str, Any]


def cautions(
    window: Window,
    model: OnnxForecaster,
    chosen: Chosen,
    asked_of: datetime | None,
    now: datetime,
    stale_days: float,
) -> list[Caution]:
    """Each as ``{code, message, ...details}``. ``asked_of``: from when the caller wanted a forecast."""
    found = (
        *stale_candles(window, asked_of, now),
        *gap_in_window(window.gaps(model.lookback)),
        *stale_model(window.origin, model.trained_until, stale_days),
        *inside_training_range(window.origin, model),
        *model_drifting(chosen),
        *not_active(chosen),
    )
    return list(found)


def stale_candles(window: Window, asked_of: datetime | None, now: datetime) -> Iterator[Caution]:
    """Candles after the origin have closed and are not stored."""
    step = require_interval(window.interval)
    if asked_of is None:
        missing = int(now.timestamp() - LATE_SECONDS - window.origin) // step - 1
        until = "now"
    else:
        missing = int(asked_of.timestamp() - window.origin) // step
        until = iso_time(int(asked_of.timestamp()))
    if missing > 0:
        yield _caution(
            "stale_candles",
            f"The last candle seen opened at {iso_time(window.origin)}: "
            f"{missing} of {window.interval} are missing until {until}",
            origin=iso_time(window.origin),
            missing_candles=missing,
        )


def gap_in_window(gaps: tuple[Gap, ...]) -> Iterator[Caution]:
    """The window spans missing candles; no window of a training does."""
    if gaps:
        missing = sum(gap.candles for gap in gaps)
        yield _caution(
            "gap_in_window",
            f"{missing} candles are missing in the window, the first at {iso_time(gaps[0].first)}: "
            "the model was not trained on windows with gaps",
            missing_candles=missing,
            gaps=[
                {"first": iso_time(gap.first), "last": iso_time(gap.last), "candles": gap.candles}
                for gap in gaps
            ],
        )


def stale_model(origin: int, trained_until: int, stale_days: float) -> Iterator[Caution]:
    """The model's data ends long before the origin."""
    days = (origin - trained_until) / DAY
    if days > stale_days:
        yield _caution(
            "stale_model",
            f"The model's data ends {days:.0f} days before the last candle seen: train it again",
            trained_until=iso_time(trained_until),
            days=round(days, 1),
        )


def inside_training_range(origin: int, model: OnnxForecaster) -> Iterator[Caution]:
    """The model has been fitted, calibrated or scored on what it is asked to forecast."""
    if origin >= model.trained_until:
        return
    fitted = origin < model.unseen_from
    part = "fitted and calibrated on candles after" if fitted else "scored on candles after"
    yield _caution(
        "inside_training_range",
        f"The model was {part} {iso_time(origin)}: this is no forecast of what it had not seen",
        trained_until=iso_time(model.trained_until),
        unseen_from=iso_time(model.unseen_from),
        part="fitted" if fitted else "test",
    )


def model_drifting(chosen: Chosen) -> Iterator[Caution]:
    """The model's live figures are out of band."""
    if chosen.drift is not None:
        yield _caution("model_drifting", "The model's live figures are out of their band", drift=chosen.drift)


def not_active(chosen: Chosen) -> Iterator[Caution]:
    """The model was asked for by name and is not the one in service."""
    if chosen.status != ACTIVE:
        yield _caution(
            "not_active",
            f"Model {chosen.model_id} is {chosen.status}, not the active model of its kind",
            status=chosen.status,
        )


def _caution(code: str, message: str, **details: Any) -> Caution:
    return {"code": code, "message": message, **details}
