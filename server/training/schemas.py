"""What comes in and goes out of the training edges: one schema validates, serialises and documents."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from server.forecasters.contract import MODEL_TYPES
from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN
from server.market.moments import Moment
from server.training.events import STAGES, STATUSES, TYPES
from server.training.ordering import NEWEST_FIRST, SORTS

TICKER = validate.Regexp(TICKER_PATTERN, error="write BASE-QUOTE in upper case, like BTC-USD")
SESSION_ID = validate.Regexp(r"^[0-9a-f]{32}$", error="must be the 32 hexadecimal digits of a session_id")


def _text(example: str, description: str, **options: Any) -> fields.String:
    return fields.String(metadata={"example": example, "description": description}, **options)


def _whole(low: int, high: int, description: str, **options: Any) -> fields.Integer:
    within = validate.Range(low, high)
    return fields.Integer(strict=True, validate=within, metadata={"description": description}, **options)


class StartTraining(Schema):
    """The body of ``POST /train``."""

    ticker = _text("BTC-USD", "What to forecast, as BASE-QUOTE", required=True, validate=TICKER)
    model_type = _text("LSTM", "The network", required=True, validate=validate.OneOf(MODEL_TYPES))
    interval = _text("1h", "Candle length", load_default="1h", validate=validate.OneOf(INTERVAL_SECONDS))
    start_date = Moment(
        load_default=None, metadata={"description": "First candle; default: the first one stored"}
    )
    end_date = Moment(
        load_default=None, metadata={"description": "Last candle; default: the last one stored"}
    )
    lookback = _whole(10, 365, "Candles that a forecast sees", load_default=30)
    horizon = _whole(1, 30, "Candles ahead that are forecast, all at once", load_default=1)
    epochs = _whole(1, 1000, "Passes over the training part, at most", required=True)
    batch_size = _whole(8, 256, "Windows per step", load_default=32)
    learning_rate = fields.Float(
        load_default=1e-3,
        validate=validate.Range(1e-4, 1e-1),
        metadata={"description": "Adam's learning rate"},
    )
    patience = _whole(
        1,
        1000,
        "Epochs without a better validation loss after which training stops; none: never",
        load_default=None,
        allow_none=True,
    )
    seed = _whole(0, 2**31 - 1, "Same seed, same weights; none: drawn", load_default=None, allow_none=True)

    @validates_schema
    def end_follows_start(self, data: dict[str, Any], **_: Any) -> None:
        """``end_date`` must lie after ``start_date``."""
        if data.get("start_date") and data.get("end_date") and data["end_date"] <= data["start_date"]:
            raise ValidationError("must lie after start_date", "end_date")


class TrainingStarted(Schema):
    """The answer to ``POST /train``."""

    session_id = _text("3f0c9b0e8a4b4f0e9d6a3b1c2d4e5f60", "Names the session from here on")
    status = fields.String(validate=validate.OneOf(STATUSES))
    room = _text("training_3f0c9b0e8a4b4f0e9d6a3b1c2d4e5f60", "The Socket.IO room of its updates")
    last_seq = fields.Integer(metadata={"description": "The last event so far; join with after=last_seq"})
    queue_position = fields.Integer(allow_none=True)


class ProgressSchema(Schema):
    """How far a session is."""

    percentage = fields.Float()
    epoch = fields.Integer()
    total_epochs = fields.Integer()
    eta_seconds = fields.Float(allow_none=True)


class FailureSchema(Schema):
    """Why a session failed."""

    error_code = fields.String(required=True)
    message = fields.String(required=True)
    details = fields.Dict()


class SessionSchema(Schema):
    """One session: the status call, the history, and the snapshot on joining its room."""

    session_id = fields.String(required=True)
    room = fields.String(required=True)
    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    model_type = fields.String(required=True)
    status = fields.String(required=True, validate=validate.OneOf(STATUSES))
    stage = fields.String(allow_none=True, validate=validate.OneOf(STAGES))
    progress = fields.Nested(ProgressSchema)
    queue_position = fields.Integer(allow_none=True)
    attempt = fields.Integer()
    params = fields.Dict()
    metrics = fields.Dict(allow_none=True, metadata={"description": "On the test part, scored once"})
    baseline = fields.Dict(allow_none=True, metadata={"description": "The naive forecast, same rows"})
    model_id = fields.String(allow_none=True)
    error = fields.Nested(FailureSchema, allow_none=True)
    last_seq = fields.Integer(required=True)
    created_at = fields.String()
    started_at = fields.String(allow_none=True)
    finished_at = fields.String(allow_none=True)


class RunningSchema(Schema):
    """Sessions that wait or run, against the limit."""

    count = fields.Integer()
    max_sessions = fields.Integer()
    sessions = fields.List(fields.Nested(SessionSchema))


class HistoryQuery(Schema):
    """Which sessions to list."""

    ticker = fields.String(validate=TICKER)
    interval = fields.String(validate=validate.OneOf(INTERVAL_SECONDS))
    model_type = fields.String(validate=validate.OneOf(MODEL_TYPES))
    status = fields.String(validate=validate.OneOf(STATUSES))
    sort = fields.String(
        load_default=NEWEST_FIRST,
        validate=validate.OneOf(SORTS),
        metadata={
            "description": "Smallest first, with `-` before it largest first; sessions without it last"
        },
    )
    page = fields.Integer(load_default=1, validate=validate.Range(min=1))
    page_size = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class HistorySchema(Schema):
    """One page of sessions."""

    sessions = fields.List(fields.Nested(SessionSchema))
    total = fields.Integer()
    page = fields.Integer()
    page_size = fields.Integer()


class EventsQuery(Schema):
    """Which part of a log to read."""

    after = fields.Integer(load_default=0, validate=validate.Range(min=0))
    limit = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 10_000))


class TrainingUpdate(Schema):
    """The one shape of every stored event, over HTTP and as ``training_update``."""

    session_id = fields.String(required=True)
    seq = fields.Integer(required=True, metadata={"description": "From 1, by 1, no hole, no repeat"})
    type = fields.String(required=True, validate=validate.OneOf(TYPES))
    stage = fields.String(required=True, allow_none=True, validate=validate.OneOf(STAGES))
    progress = fields.Float(required=True, metadata={"description": "Percent, 0 to 100"})
    timestamp = fields.String(required=True)
    data = fields.Dict(required=True, metadata={"description": "Depends on the type"})


class EventsSchema(Schema):
    """A part of a session's log, in order."""

    session_id = fields.String()
    last_seq = fields.Integer()
    events = fields.List(fields.Nested(TrainingUpdate))
