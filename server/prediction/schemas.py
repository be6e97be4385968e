"""What comes in and goes out of the forecasts' edges."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_dump, post_load, validate, validates_schema

from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.market.moments import Moment
from server.prediction.forecasts import TRIGGERS
from server.prediction.predict import LONGEST_HORIZON
from server.realtime.rooms import REQUEST_ID_PATTERN
from server.registry.tables import STATUSES

LARGEST_BATCH = 100

TICKER = validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD")
REQUEST_ID = validate.Regexp(REQUEST_ID_PATTERN, error="must be 8 to 64 letters, digits or hyphens")


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


class PredictRequest(Schema):
    """The body of ``POST /predict``."""

    ticker = fields.String(
        required=True, validate=TICKER, metadata=_about("What to forecast, as BASE-QUOTE", example="BTC-USD")
    )
    interval = fields.String(
        load_default="1h", validate=validate.OneOf(INTERVAL_SECONDS), metadata=_about("Candle length")
    )
    horizon = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, LONGEST_HORIZON),
        metadata=_about("Candles ahead; default: as far as the model reaches", example=24),
    )
    days = fields.Integer(
        strict=True,
        allow_none=True,
        load_default=None,
        validate=validate.Range(1, LONGEST_HORIZON),
        metadata=_about("The same as `horizon`, for interval 1d alone"),
    )
    model_id = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.Length(1, 128),
        metadata=_about("This model, whether it is active or not"),
    )
    model_type = fields.String(
        allow_none=True,
        load_default=None,
        validate=validate.OneOf(MODEL_TYPES),
        metadata=_about("The active model of this type; without it and `model_id`, the best active one"),
    )
    as_of = Moment(
        allow_none=True,
        load_default=None,
        metadata=_about(
            "Forecast from the last candle that opened at this time or before; default: the newest"
        ),
    )
    start_date = Moment(allow_none=True, load_default=None, metadata=_about("The same as `as_of`"))
    request_id = fields.String(
        allow_none=True,
        load_default=None,
        validate=REQUEST_ID,
        metadata=_about(
            "Names the forecast and its room, which may be joined beforehand; the same request again gets "
            "the stored answer",
            example="3f0c9b0e-8a4b-4f0e-9d6a-3b1c2d4e5f60",
        ),
    )

    @validates_schema
    def _one_name_each(self, data: dict[str, Any], **_: Any) -> None:
        for name, other in (("days", "horizon"), ("start_date", "as_of"), ("model_type", "model_id")):
            if data.get(name) is not None and data.get(other) is not None:
                raise ValidationError(f"give {other} or {name}, not both", name)
        if data.get("days") is not None and data.get("interval") != "1d":
            raise ValidationError("is for interval 1d alone; use horizon, in candles", "days")

    @post_load
    def _wanted(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        days, start = data.pop("days"), data.pop("start_date")
        return {
            **data,
            "horizon": data["horizon"] if days is None else days,
            "as_of": data["as_of"] if start is None else start,
        }


class PredictBatch(Schema):
    """The body of ``POST /predict/batch``; each request is read, and answered, for itself."""

    requests = fields.List(
        fields.Dict(keys=fields.String()),
        required=True,
        validate=validate.Length(1, LARGEST_BATCH),
        metadata=_about(f"1 to {LARGEST_BATCH} bodies of POST /predict"),
    )


class StepSchema(Schema):
    """One step ahead; prices in quote currency."""

    step = fields.Integer(required=True)
    timestamp = fields.String(
        required=True, metadata=_about("Open of the candle whose close is forecast, UTC")
    )
    predicted_price = fields.Float(required=True)
    lower_80 = fields.Float(required=True)
    upper_80 = fields.Float(required=True)
    lower_95 = fields.Float(required=True)
    upper_95 = fields.Float(required=True)
    confidence_score = fields.Float(
        required=True,
        allow_none=True,
        metadata=_about("Share of calibration outcomes on the forecast's side of the last close"),
    )


class NaiveStepSchema(Schema):
    """The naive forecast at the same step: the last close."""

    step = fields.Integer(required=True)
    timestamp = fields.String(required=True)
    predicted_price = fields.Float(required=True)


class OriginSchema(Schema):
    """The last candle that the forecast saw."""

    timestamp = fields.String(required=True, metadata=_about("Its open, UTC"))
    close = fields.Float(required=True)


class ServedModelSchema(Schema):
    """The model that made a forecast, as it was then; shares were measured on its test part."""

    model_type = fields.String(required=True, validate=validate.OneOf(MODEL_TYPES))
    version = fields.Integer(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    trained_until = fields.String(required=True, metadata=_about("Open of the last candle of its data"))
    horizon = fields.Integer(required=True)
    skill = fields.Float(required=True, allow_none=True, metadata=_about("1 - RMSE / RMSE of naive"))
    coverage_80 = fields.Float(required=True, allow_none=True)
    coverage_95 = fields.Float(required=True, allow_none=True)


class WarningSchema(Schema):
    """What to be wary of; further keys depend on the code."""

    class Meta:
        unknown = "include"

    code = fields.String(required=True)
    message = fields.String(required=True)

    @post_dump(pass_original=True)
    def _with_details(self, data: dict[str, Any], original: dict[str, Any], **_: Any) -> dict[str, Any]:
        """What is declared, and the keys that depend on the code."""
        return {**original, **data}


class PredictionSchema(Schema):
    """A forecast: the answer to ``POST /predict``."""

    request_id = fields.String(required=True)
    model_id = fields.String(required=True)
    model = fields.Nested(ServedModelSchema, required=True)
    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    origin = fields.Nested(OriginSchema, required=True)
    generated_at = fields.String(required=True)
    predictions = fields.List(fields.Nested(StepSchema), required=True)
    baseline = fields.List(fields.Nested(NaiveStepSchema), required=True)
    warnings = fields.List(fields.Nested(WarningSchema), required=True)
    last_seq = fields.Integer(
        required=True, metadata=_about("The last event so far in the room of this request")
    )


class ItemSchema(Schema):
    """One answer of a batch: a forecast, or the error that `POST /predict` would have answered."""

    ok = fields.Boolean(required=True)
    prediction = fields.Nested(PredictionSchema)
    error = fields.Dict()


class BatchSchema(Schema):
    """The answers to a batch, in the order of its requests."""

    results = fields.List(fields.Nested(ItemSchema), required=True)


class StoredStepSchema(StepSchema):
    """A step beside what came true; null until its candle is stored."""

    actual = fields.Float(required=True, allow_none=True)
    error = fields.Float(required=True, allow_none=True, metadata=_about("predicted_price - actual"))


class StoredSchema(Schema):
    """A stored forecast without its steps."""

    request_id = fields.String(required=True)
    model_id = fields.String(required=True)
    model_type = fields.String(required=True)
    model_version = fields.Integer(required=True)
    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    origin = fields.Nested(OriginSchema, required=True)
    generated_at = fields.String(required=True)
    trigger = fields.String(required=True, validate=validate.OneOf(TRIGGERS))
    live = fields.Boolean(
        required=True,
        metadata=_about(
            "Made from the newest candle, after the model's own data: counts as live performance"
        ),
    )
    horizon = fields.Integer(required=True)
    settled_steps = fields.Integer(required=True, metadata=_about("Steps whose candle is stored and scored"))
    warnings = fields.List(fields.Nested(WarningSchema), required=True)
    last_seq = fields.Integer(required=True)


class StoredPredictionSchema(StoredSchema):
    """A stored forecast with what came true of it."""

    predictions = fields.List(fields.Nested(StoredStepSchema), required=True)
    baseline = fields.List(fields.Nested(NaiveStepSchema), required=True)


class PredictionsQuery(Schema):
    """Which stored forecasts to list."""

    ticker = fields.String(validate=TICKER)
    interval = fields.String(validate=validate.OneOf(INTERVAL_SECONDS))
    model_id = fields.String()
    model_type = fields.String(validate=validate.OneOf(MODEL_TYPES))
    trigger = fields.String(validate=validate.OneOf(TRIGGERS))
    live = fields.Boolean()
    settled = fields.Boolean(metadata=_about("Whether every step has been scored"))
    start = Moment(metadata=_about("First origin"))
    end = Moment(metadata=_about("Last origin"))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, 100))

    @validates_schema
    def _end_follows_start(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("start") and data.get("end") and data["end"] < data["start"]:
            raise ValidationError("must not lie before start", "end")


class PredictionsSchema(Schema):
    """One page of stored forecasts, newest first."""

    predictions = fields.List(fields.Nested(StoredSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()
