"""What comes in and goes out of prediction rooms."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.market.candles import INTERVAL_SECONDS
from server.prediction.log import TYPES
from server.prediction.schemas import REQUEST_ID, TICKER, PredictionSchema


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


class PredictionRoom(Schema):
    """One room: that of a request, or that of a ticker and interval."""

    request_id = fields.String(
        validate=REQUEST_ID, metadata=_about("The room of one forecast; it may be joined before the request")
    )
    ticker = fields.String(
        validate=TICKER, metadata=_about("With `interval`: all forecasts of a series", example="BTC-USD")
    )
    interval = fields.String(
        validate=validate.OneOf(INTERVAL_SECONDS), metadata=_about("Needed with `ticker`", example="1h")
    )

    @validates_schema
    def names_one_room(self, data: dict[str, Any], **_: Any) -> None:
        """Either ``request_id``, or ``ticker`` with ``interval``."""
        series = [name for name in ("ticker", "interval") if name in data]
        if "request_id" in data and series:
            sentence = f"name one room: request_id, or ticker and interval, not request_id with {series[0]}"
            raise ValidationError({name: [sentence] for name in ("request_id", *series)})
        if "request_id" not in data and len(series) < 2:
            missing = [name for name in ("ticker", "interval") if name not in series]
            sentence = "name one room: request_id, or ticker and interval"
            raise ValidationError({name: [sentence] for name in (["request_id"] * (not series) + missing)})


class JoinPrediction(PredictionRoom):
    """``join_prediction``: events after ``after`` are replayed, then live ones follow."""

    after = fields.Integer(
        strict=True,
        validate=validate.Range(min=0),
        metadata=_about(
            "Replay what is stored after this number. Default: all in the room of a request, nothing in "
            "that of a series, whose log has no end"
        ),
    )


class LeavePrediction(PredictionRoom):
    """``leave_prediction``."""


class PredictionUpdate(Schema):
    """The one shape of every ``prediction_update``; ``seq`` is that of the room it is sent to."""

    seq = fields.Integer(required=True, metadata=_about("From 1, by 1, no hole, no repeat"))
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    request_id = fields.String(
        required=True, allow_none=True, metadata=_about("The forecast it concerns; null: none alone")
    )
    timestamp = fields.String(required=True)
    data = fields.Dict(required=True, metadata=_about("Depends on the type"))


class PredictionRoomAnswer(Schema):
    """Which room it is, as the client named it."""

    room = fields.String(required=True)
    request_id = fields.String()
    ticker = fields.String()
    interval = fields.String()


class JoinedPrediction(PredictionRoomAnswer):
    """``joined_prediction``: where the room's log ends at the moment of joining."""

    last_seq = fields.Integer(required=True, metadata=_about("0: nothing has happened yet"))
    latest = fields.Nested(
        PredictionUpdate,
        allow_none=True,
        metadata=_about("The last forecast of the series; null: none yet. Not in the room of a request"),
    )


class LeftPrediction(PredictionRoomAnswer):
    """``left_prediction``."""


class PredictedData(PredictionSchema):
    """``data`` of ``predicted``: the forecast as ``POST /predict`` answers it."""

    class Meta:
        exclude = ("last_seq",)


class ScoredStep(Schema):
    """One step beside what happened. Errors are forecast less actual, in quote currency."""

    step = fields.Integer(required=True)
    timestamp = fields.String(required=True, metadata=_about("Open of the candle whose close was forecast"))
    predicted_price = fields.Float(required=True)
    actual = fields.Float(required=True)
    error = fields.Float(required=True)
    naive_error = fields.Float(required=True, metadata=_about("Of the naive forecast"))
    inside_80 = fields.Boolean(required=True)
    inside_95 = fields.Boolean(required=True)
    corrected = fields.Boolean(
        required=True, metadata=_about("The candle was corrected, and an earlier score with it")
    )


class ScoredData(Schema):
    """``data`` of ``scored``: the steps of one forecast that are newly known."""

    model_id = fields.String(required=True)
    origin = fields.String(required=True, metadata=_about("Open of the last candle that the forecast saw"))
    settled_steps = fields.Integer(required=True, metadata=_about("Steps known by now"))
    horizon = fields.Integer(required=True)
    steps = fields.List(fields.Nested(ScoredStep), required=True)


class ModelEventData(Schema):
    """Which model an event is about."""

    model_id = fields.String(required=True)
    model_type = fields.String(required=True)
    version = fields.Integer(required=True)


class ModelUnavailableData(ModelEventData):
    """``data`` of ``model_unavailable``: a model was asked for whose artifact cannot be served."""

    error_code = fields.String(required=True)
    message = fields.String(required=True)


class DriftedData(ModelEventData):
    """``data`` of ``drifted``: live figures left their band, or all are back."""

    recovered = fields.Boolean(required=True, metadata=_about("The figures are back within their band"))
    since = fields.String(required=True, metadata=_about("When they were first found out of it"))
    reason = fields.String(required=True, metadata=_about("Which figures, in words; empty when recovered"))
    figures = fields.Dict(required=True, metadata=_about("Live figures beside those of the naive forecast"))


DATA_SCHEMAS: dict[str, type[Schema]] = {
    "predicted": PredictedData,
    "scored": ScoredData,
    "model_unavailable": ModelUnavailableData,
    "drifted": DriftedData,
}
