"""What comes in and goes out of the registry's edges."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from server.forecasters.contract import MODEL_TYPES
from server.forecasters.scored_part import MOST_ORIGINS
from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.registry.listing import COLUMNS, METRICS, NEWEST_FIRST
from server.registry.tables import STATUSES


def _about(description: str) -> dict[str, str]:
    return {"description": description}


class KindQuery(Schema):
    """Which kinds of models."""

    ticker = fields.String(
        validate=validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD")
    )
    interval = fields.String(validate=validate.OneOf(INTERVAL_SECONDS))
    model_type = fields.String(validate=validate.OneOf(MODEL_TYPES))
    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class ModelsQuery(KindQuery):
    """Which models to list, and in which order."""

    status = fields.String(validate=validate.OneOf(STATUSES))
    sort = fields.String(
        load_default=NEWEST_FIRST,
        metadata={
            "description": "A metric of the test part or a column, smallest first; with `-` before it "
            f"largest first. One of {', '.join((*METRICS, *COLUMNS))}",
            "example": "-skill",
        },
    )


class DataSchema(Schema):
    """The candles that a model was made of."""

    rows = fields.Integer()
    start = fields.String()
    end = fields.String()
    fingerprint = fields.String(metadata=_about("SHA-256 over all columns"))
    excluded_origins = fields.Integer(metadata=_about("Windows left out because they span missing candles"))
    parts = fields.Dict(metadata=_about("First and last origin of train, validation, calibration and test"))


class ComparisonSchema(Schema):
    """A model beside the one that was active when it was registered, on rows that neither had seen."""

    active_id = fields.String()
    rows = fields.Integer()
    horizon = fields.Integer(metadata=_about("Steps that both forecast"))
    start = fields.String(metadata=_about("First origin"))
    end = fields.String(metadata=_about("Last origin"))
    rmse = fields.Float(allow_none=True)
    active_rmse = fields.Float(allow_none=True)
    naive_rmse = fields.Float(allow_none=True)
    p_value = fields.Float(allow_none=True, metadata=_about("Diebold-Mariano, two-sided"))


class ModelSchema(Schema):
    """One model of a list. ``metrics`` and ``baseline`` were measured on the same test rows."""

    model_id = fields.String(required=True)
    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    model_type = fields.String(required=True)
    version = fields.Integer(required=True, metadata=_about("Counts within ticker, interval and type"))
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    reason = fields.String(required=True, metadata=_about("Why it has this status"))
    lookback = fields.Integer()
    horizon = fields.Integer()
    skill = fields.Float(allow_none=True, metadata=_about("1 - rmse / rmse of naive; naive's is 0"))
    metrics = fields.Dict(required=True)
    baseline = fields.Dict(required=True, metadata=_about("The naive forecast"))
    comparison = fields.Nested(ComparisonSchema, allow_none=True)
    data = fields.Nested(DataSchema)
    trained_until = fields.String(metadata=_about("The last candle of its data"))
    size_bytes = fields.Integer()
    fault = fields.Dict(allow_none=True, metadata=_about("Why it cannot be served at present"))
    drift = fields.Dict(allow_none=True, metadata=_about("Which live figures are out of band"))
    created_at = fields.String()
    activated_at = fields.String(allow_none=True)


class ModelDetailsSchema(ModelSchema):
    """One model, with each step of its test and each file of its artifact."""

    spec = fields.Dict()
    files = fields.Dict(metadata=_about("SHA-256 and size by name"))


class LibrariesSchema(Schema):
    """What a model was made with."""

    model_id = fields.String()
    libraries = fields.Dict(
        keys=fields.String(), values=fields.String(), metadata=_about("Version by library")
    )


class ModelsSchema(Schema):
    """One page of models."""

    models = fields.List(fields.Nested(ModelSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class ActivationSchema(Schema):
    """One change of the active model of a kind."""

    model_id = fields.String()
    previous_model_id = fields.String(allow_none=True)
    ticker = fields.String()
    interval = fields.String()
    model_type = fields.String()
    reason = fields.String()
    activated_at = fields.String()


class ActivationsSchema(Schema):
    """One page of activations, newest first."""

    activations = fields.List(fields.Nested(ActivationSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class ScoredPartQuery(Schema):
    """Which forecasts of a model's test part to show."""

    step = fields.Integer(
        load_default=1, validate=validate.Range(1, 30), metadata=_about("Candles ahead, from 1")
    )
    limit = fields.Integer(
        load_default=1000, validate=validate.Range(1, MOST_ORIGINS), metadata=_about("The newest so many")
    )


def _column(description: str) -> fields.List[float]:
    return fields.List(fields.Float(), metadata=_about(description))


class ScoredPartSchema(Schema):
    """Forecasts of the test part as columns of equal length, oldest first; prices in quote currency."""

    model_id = fields.String()
    ticker = fields.String()
    interval = fields.String()
    step = fields.Integer()
    horizon = fields.Integer()
    rows = fields.Integer()
    origin = fields.List(fields.String(), metadata=_about("Open of the last candle seen"))
    timestamp = fields.List(fields.String(), metadata=_about("Open of the candle whose close was forecast"))
    naive = _column("The last close seen")
    actual = _column("What happened")
    predicted = _column("The forecast")
    lower_80 = _column("Lower bound at 80 %, as it was scored")
    upper_80 = _column("Upper bound at 80 %")
    lower_95 = _column("Lower bound at 95 %")
    upper_95 = _column("Upper bound at 95 %")
