"""What the market calls take and answer."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.market.csv_checks import KINDS
from server.market.moments import Moment

MOST_CANDLES = 10_000
"""More than a year of hours."""


def _ticker(**metadata: Any) -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD"),
        metadata={"description": "BASE-QUOTE in upper case", "example": "BTC-USD", **metadata},
    )


def _interval(description: str = "Length of a candle", **options: Any) -> fields.String:
    return fields.String(
        **(options or {"required": True}),
        validate=validate.OneOf(list(INTERVAL_SECONDS), error="choose one of {choices}"),
        metadata={"description": description, "example": "1h"},
    )


def _time(description: str) -> Moment:
    return Moment(load_default=None, metadata={"description": description, "example": "2019-01-01T00:00:00Z"})


def _stamp(description: str, **options: Any) -> fields.String:
    return fields.String(
        metadata={"description": description, "example": "2019-01-01T00:00:00Z", "format": "date-time"},
        **options,
    )


def _count(description: str) -> fields.Integer:
    return fields.Integer(metadata={"description": description})


class SeriesQuery(Schema):
    """Which series."""

    ticker = _ticker()
    interval = _interval()


class CandlesQuery(SeriesQuery):
    """Which series, which part of it, and how coarse."""

    start = _time("First open; without it the answer holds the last candles before `end`")
    end = _time("Opens before this time only")
    limit = fields.Integer(
        load_default=500,
        validate=validate.Range(min=1, max=MOST_CANDLES),
        metadata={"description": "Most candles in the answer", "example": 500},
    )
    resample = _interval("Coarser interval to sum the candles up to", load_default=None)

    @validates_schema
    def _start_before_end(self, data: dict[str, Any], **_: Any) -> None:
        if data["start"] and data["end"] and data["end"] <= data["start"]:
            raise ValidationError("must be after start", field_name="end")


class ImportQuery(SeriesQuery):
    """Where the candles of the file belong."""

    source = fields.String(
        load_default="CSV upload",
        validate=validate.Length(min=1, max=100),
        metadata={
            "description": "Where the numbers come from; kept on every row",
            "example": "Kraken export",
        },
    )
    skip_bad = fields.Boolean(
        load_default=False,
        metadata={"description": "Store the sound rows of a file that has bad ones", "example": False},
    )


class SeriesSchema(Schema):
    """What is stored of one ticker and interval."""

    ticker = _ticker()
    interval = _interval()
    first = _stamp("Open of the first candle")
    last = _stamp("Open of the last candle")
    rows = _count("Candles stored")
    sources = fields.List(fields.String(), metadata={"description": "Where they come from"})


class TickersSchema(Schema):
    """Everything that is stored."""

    tickers = fields.List(fields.Nested(SeriesSchema))


class FollowedSchema(Schema):
    """One followed series."""

    ticker = _ticker()
    interval = _interval()
    by_setting = fields.Boolean(
        metadata={"description": "Whether the setting FOLLOW names it; then it cannot be unfollowed here"}
    )
    since = _stamp("When it was followed; null when only the setting names it", allow_none=True)
    newest = _stamp("Open of its newest candle; null when nothing of it is stored", allow_none=True)


class FollowedListSchema(Schema):
    """Everything that is followed."""

    followed = fields.List(fields.Nested(FollowedSchema))


class CandleSchema(Schema):
    """One closed candle; prices in the quote currency."""

    timestamp = _stamp("Open of the candle, UTC")
    open = fields.Float()
    high = fields.Float()
    low = fields.Float()
    close = fields.Float()
    volume = fields.Float(metadata={"description": "In the source's unit, the base coin as a rule"})


class CandlesSchema(Schema):
    """A part of a series, oldest first."""

    ticker = _ticker()
    interval = _interval("Length of the candles in this answer")
    count = _count("Candles in this answer")
    incomplete = _count(
        "Resampled buckets left out because a finer candle was missing, also at the range's edges"
    )
    candles = fields.List(fields.Nested(CandleSchema))


class GapSchema(Schema):
    """A run of missing candles."""

    first = _stamp("First open that is missing")
    last = _stamp("Last open that is missing")
    candles = _count("How many are missing")


class GapReportSchema(Schema):
    """Every gap between the first and the last candle of a series."""

    ticker = _ticker()
    interval = _interval()
    first = _stamp("Open of the first candle")
    last = _stamp("Open of the last candle")
    rows = _count("Candles stored")
    missing = _count("Candles missing in all gaps")
    gaps = fields.List(fields.Nested(GapSchema))


class ProblemSchema(Schema):
    """One fault of one line."""

    line = fields.Integer(metadata={"description": "Line of the file, from 1", "example": 17})
    kind = fields.String(validate=validate.OneOf(list(KINDS)), metadata={"example": "high_below_low"})
    field = fields.String(metadata={"description": "Column it is in", "example": "high"})
    value = fields.String(metadata={"description": "The text in the file", "example": "41.5"})
    meaning = fields.String(metadata={"description": "The kind in words"})


class ImportReportSchema(Schema):
    """What the file held and what became of it."""

    ticker = _ticker()
    interval = _interval()
    source = fields.String()
    rows_read = _count("Rows in the file, header not counted")
    rows_sound = _count("Rows without a fault")
    rows_stored = _count("Candles of the file that are stored now")
    rows_changed = _count("Of these, new or different from what was stored")
    problem_counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    problems = fields.List(
        fields.Nested(ProblemSchema), metadata={"description": "The first 100 faults, by line"}
    )
    order = fields.String(validate=validate.OneOf(["ascending", "descending", "mixed"]))
    out_of_order_line = fields.Integer(
        allow_none=True, metadata={"description": "First line that turns back, in a mixed order"}
    )
    first = _stamp("Open of the first candle", allow_none=True)
    last = _stamp("Open of the last candle", allow_none=True)
    missing = _count("Candles missing between first and last")
    gap_count = _count("Gaps between first and last")
    gaps = fields.List(fields.Nested(GapSchema), metadata={"description": "The first 100 gaps"})
