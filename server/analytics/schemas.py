"""What the analytics calls take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from webargs.fields import DelimitedList

from server.analytics.catalogue import USUAL
from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.market.moments import Moment
from server.market.schemas import MOST_CANDLES

LONGEST_PERIOD = 500


def _period(default: int, description: str, shortest: int = 2) -> fields.Integer:
    return fields.Integer(
        load_default=default,
        validate=validate.Range(shortest, LONGEST_PERIOD),
        metadata={"description": f"{description}, in candles", "example": default},
    )


def _ticker(description: str) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD"),
        metadata={"description": description, "example": "BTC-USD"},
    )


def _column(description: str) -> Any:
    return fields.List(fields.Float(allow_none=True), metadata={"description": description})


class RangeQuery(Schema):
    """Which part of a series."""

    interval = fields.String(
        load_default="1h",
        validate=validate.OneOf(list(INTERVAL_SECONDS), error="choose one of {choices}"),
        metadata={"description": "Length of a candle", "example": "1h"},
    )
    start = Moment(
        load_default=None,
        metadata={"description": "First open; without it the answer holds the last candles before `end`"},
    )
    end = Moment(load_default=None, metadata={"description": "Opens before this time only"})
    limit = fields.Integer(
        load_default=500,
        validate=validate.Range(1, MOST_CANDLES),
        metadata={"description": "Most candles in the answer", "example": 500},
    )

    @validates_schema
    def _start_before_end(self, data: dict[str, Any], **_: Any) -> None:
        if data["start"] and data["end"] and data["end"] <= data["start"]:
            raise ValidationError("must be after start", field_name="end")


class MovingAverageQuery(RangeQuery):
    """Which moving average."""

    period = _period(20, "Length of the average")
    type = fields.String(
        load_default="sma",
        validate=validate.OneOf(["sma", "ema"], error="choose one of {choices}"),
        metadata={"description": "Simple or exponential", "example": "ema"},
    )


class VolatilityQuery(RangeQuery):
    """Over how many returns."""

    period = _period(24, "Returns in the window")


class RsiQuery(RangeQuery):
    """Over how many candles."""

    period = _period(14, "Wilder's smoothing")


class AtrQuery(RangeQuery):
    """Over how many candles."""

    period = _period(14, "Wilder's smoothing")


class MacdQuery(RangeQuery):
    """Which averages."""

    fast = _period(12, "The shorter average")
    slow = _period(26, "The longer average")
    signal = _period(9, "The average of their difference", shortest=1)

    @validates_schema
    def _fast_below_slow(self, data: dict[str, Any], **_: Any) -> None:
        if data["slow"] <= data["fast"]:
            raise ValidationError(f"must be longer than fast, which is {data['fast']}", field_name="slow")


class BollingerQuery(RangeQuery):
    """How long and how wide."""

    period = _period(20, "Length of the average")
    deviations = fields.Float(
        load_default=2.0,
        validate=validate.Range(0.1, 10.0),
        metadata={"description": "Half width in standard deviations", "example": 2.0},
    )


class IndicatorsQuery(RangeQuery):
    """Which indicators, each with its usual parameters."""

    names = DelimitedList(
        fields.String(validate=validate.OneOf(list(USUAL), error="choose some of {choices}")),
        load_default=lambda: list(USUAL),
        validate=validate.Length(min=1),
        metadata={"description": "Separated by commas; all of them by default", "example": "sma,rsi"},
    )


class CorrelationQuery(RangeQuery):
    """Which two series."""

    a = _ticker("One series")
    b = _ticker("The other one")
    period = _period(48, "Returns in the window", shortest=3)


class PartSchema(Schema):
    """Values at the candles of a range, oldest first: the same length and order in every list."""

    interval = fields.String(required=True, validate=validate.OneOf(list(INTERVAL_SECONDS)))
    parameters = fields.Dict(
        required=True, keys=fields.String(), metadata={"description": "What the values were computed with"}
    )
    count = fields.Integer(required=True, metadata={"description": "Candles in this answer"})
    missing = fields.Integer(
        required=True,
        metadata={
            "description": "Candles that are missing between the first and the last one that the values "
            "are made of, those before the range included"
        },
    )
    timestamp = fields.List(
        fields.DateTime(format="iso"), required=True, metadata={"description": "Opens of the candles, UTC"}
    )


class IndicatorValuesSchema(Schema):
    """The columns that were asked for; null where a value has too little past."""

    sma = _column("Simple moving average, in the quote currency")
    ema = _column("Exponential moving average, in the quote currency")
    volatility = _column("Annualised, of log returns: 0.5 is 50 % a year")
    rsi = _column("0 to 100; null too where the price stood still for ten periods")
    macd = _column("Fast less slow average, in the quote currency")
    macd_signal = _column("Average of macd")
    macd_histogram = _column("macd less its signal")
    bollinger_upper = _column("In the quote currency")
    bollinger_middle = _column("Simple moving average")
    bollinger_lower = _column("In the quote currency")
    atr = _column("Average true range, in the quote currency")


class IndicatorsSchema(PartSchema):
    """Indicators of one series."""

    ticker = fields.String(required=True, metadata={"example": "BTC-USD"})
    values = fields.Nested(IndicatorValuesSchema, required=True)


class CorrelationValuesSchema(Schema):
    """The one column."""

    correlation = _column("-1 to 1; null where the past is too short or one of the prices stood still")


class CorrelationSchema(PartSchema):
    """The correlation of two series at the candles that both have."""

    a = fields.String(required=True, metadata={"example": "BTC-USD"})
    b = fields.String(required=True, metadata={"example": "ETH-USD"})
    values = fields.Nested(CorrelationValuesSchema, required=True)
