"""What the calls for backfills, schedules and prices take and answer, and what goes over market rooms."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.market.moments import Moment
from server.market.schemas import CandleSchema
from server.market.tables import COMPLETED, FAILED, IN_PROGRESS, JOB_STATUSES


def _about(description: str, **more: Any) -> dict[str, Any]:
    return {"description": description, **more}


def _ticker(**options: Any) -> fields.String:
    return fields.String(
        **(options or {"required": True}),
        validate=validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD"),
        metadata=_about("BASE-QUOTE in upper case", example="BTC-USD"),
    )


def _interval(**options: Any) -> fields.String:
    return fields.String(
        **(options or {"required": True}),
        validate=validate.OneOf(list(INTERVAL_SECONDS), error="choose one of {choices}"),
        metadata=_about("Length of a candle", example="1h"),
    )


def _stamp(description: str, **options: Any) -> fields.String:
    return fields.String(metadata=_about(description, format="date-time"), **options)


class BackfillRequest(Schema):
    """Which candles are wanted."""

    ticker = _ticker()
    interval = _interval(load_default="1h")
    since = Moment(
        required=True, metadata=_about("First open that is wanted", example="2020-01-01T00:00:00Z")
    )
    until = Moment(load_default=None, metadata=_about("Opens before this time only; default: up to now"))
    refresh = fields.Boolean(
        load_default=False,
        metadata=_about("Ask for stored candles of the source again, and replace what it corrected"),
    )

    @validates_schema
    def _since_before_until(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("until") and data.get("since") and data["until"] <= data["since"]:
            raise ValidationError("must be after since", field_name="until")


class BackfillParams(Schema):
    """What the job was asked for."""

    since = _stamp("First open that is wanted", required=True)
    until = _stamp("Opens before this time only; null: up to now", required=True, allow_none=True)
    refresh = fields.Boolean(required=True)


class SourceLeft(Schema):
    """A source that failed in the middle, so that the next one went on."""

    source = fields.String(required=True)
    fetched = fields.Integer(required=True, metadata=_about("Candles that it had sent"))
    error_code = fields.String(required=True)
    message = fields.String(required=True, metadata=_about("What it said"))


class BackfillCounts(Schema):
    """What came of it so far; empty before the first page."""

    source = fields.String(metadata=_about("The exchange asked last; empty when nothing was missing"))
    left = fields.List(
        fields.Nested(SourceLeft), metadata=_about("Exchanges that failed before it, in their order")
    )
    pages = fields.Integer(metadata=_about("Answers of the source"))
    fetched = fields.Integer(metadata=_about("Candles that came"))
    stored = fields.Integer(metadata=_about("Of these, new or different from what was stored"))
    filled = fields.Integer(metadata=_about("Flat candles of volume 0 for short times without trades"))
    missing = fields.Integer(metadata=_about("Candles that stay missing: the source has none"))
    gaps = fields.Integer(metadata=_about("Gaps that these make"))


class JobError(Schema):
    """Why it failed, or why it waits for its next attempt."""

    error_code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict(required=True)


class MarketJobSchema(Schema):
    """A job on a series, whole: also the one shape of every ``market_job``."""

    job_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["backfill"]))
    ticker = _ticker()
    interval = _interval()
    params = fields.Nested(BackfillParams, required=True)
    status = fields.String(required=True, validate=validate.OneOf(JOB_STATUSES))
    percentage = fields.Float(required=True)
    counts = fields.Nested(BackfillCounts, required=True)
    error = fields.Nested(JobError, required=True, allow_none=True)
    cancel_requested = fields.Boolean(required=True)
    last_seq = fields.Integer(
        required=True, metadata=_about("Rises with every change; of two messages the higher one counts")
    )
    created_at = _stamp("When it was asked for", required=True)
    started_at = _stamp("When a worker first took it", required=True, allow_none=True)
    finished_at = _stamp("When it ended", required=True, allow_none=True)


class JobsQuery(Schema):
    """Which jobs."""

    ticker = _ticker(load_default=None)
    interval = _interval(load_default=None)
    status = fields.String(load_default=None, validate=validate.OneOf(JOB_STATUSES))
    limit = fields.Integer(load_default=50, validate=validate.Range(min=1, max=500))


class JobsSchema(Schema):
    """The last jobs, newest first."""

    jobs = fields.List(fields.Nested(MarketJobSchema), required=True)


class ScheduleRunSchema(Schema):
    """The last run of a schedule."""

    status = fields.String(required=True, validate=validate.OneOf([IN_PROGRESS, COMPLETED, FAILED]))
    started_at = _stamp("When it began", required=True)
    finished_at = _stamp("When it ended", required=True, allow_none=True)
    result = fields.Dict(required=True, allow_none=True, metadata=_about("What it did, by schedule"))
    error = fields.Nested(JobError, required=True, allow_none=True)


class ScheduleSchema(Schema):
    """One schedule."""

    name = fields.String(required=True)
    does = fields.String(required=True)
    when = fields.String(required=True)
    last_run = fields.Nested(ScheduleRunSchema, required=True, allow_none=True)


class SchedulesSchema(Schema):
    """Every schedule."""

    schedules = fields.List(fields.Nested(ScheduleSchema), required=True)


class ScheduleQueuedSchema(Schema):
    """It will run as soon as a worker is free."""

    name = fields.String(required=True)


class PriceSchema(Schema):
    """The last known price of a ticker."""

    ticker = _ticker()
    price = fields.Float(required=True)
    timestamp = _stamp("The source's own time", required=True)
    source = fields.String(required=True)


class PricesSchema(Schema):
    """Last prices, by ticker."""

    prices = fields.List(fields.Nested(PriceSchema), required=True)


class MarketRoom(Schema):
    """``join_market`` and ``leave_market``: one series."""

    ticker = _ticker()
    interval = _interval()


class MarketRoomAnswer(MarketRoom):
    """Which room it is."""

    room = fields.String(required=True)


class JoinedMarket(MarketRoomAnswer):
    """``joined_market``: what is known at the moment of joining."""

    latest = fields.Nested(
        CandleSchema,
        required=True,
        allow_none=True,
        metadata=_about("The newest stored candle; null: none yet"),
    )
    job = fields.Nested(
        MarketJobSchema,
        required=True,
        allow_none=True,
        metadata=_about("The job that is active now, if any"),
    )


class LeftMarket(MarketRoomAnswer):
    """``left_market``."""


class MarketUpdate(Schema):
    """The one shape of every ``market_update``: a candle as it grows, or as it ended."""

    ticker = _ticker()
    interval = _interval()
    seq = fields.Integer(required=True, metadata=_about("Rises; a later one replaces an earlier one"))
    candle = fields.Nested(CandleSchema, required=True)
    closed = fields.Boolean(required=True)
