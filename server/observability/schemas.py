"""What the health answers and every error look like from outside."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


def _timestamp() -> fields.String:
    return fields.String(required=True, metadata={"description": "ISO 8601, UTC", "format": "date-time"})


class ErrorSchema(Schema):
    """The one shape of every error, over HTTP and Socket.IO."""

    error = fields.String(required=True, metadata={"description": "Kind of error", "example": "InvalidInput"})
    error_code = fields.String(
        required=True, metadata={"description": "Stable code for programs", "example": "invalid_input"}
    )
    message = fields.String(required=True, metadata={"description": "One sentence for people"})
    details = fields.Dict(
        keys=fields.String(),
        required=True,
        metadata={"description": "What it is about: field, value, remedy, retry_after (seconds), ..."},
    )
    request_id = fields.String(
        required=True, allow_none=True, metadata={"description": "As in X-Request-ID and in the server's log"}
    )


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.OneOf(["ok"]))
    timestamp = _timestamp()


class CheckSchema(Schema):
    """What one probe found when it asked the thing itself."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "down"]))
    critical = fields.Boolean(
        required=True, metadata={"description": "Whether the server is not ready without it"}
    )
    latency_ms = fields.Float(required=True, metadata={"description": "Time the probe took, milliseconds"})
    error = fields.String(allow_none=True, metadata={"description": "Why it is down"})
    details = fields.Dict(keys=fields.String(), metadata={"description": "What the probe learned besides"})


class HealthSchema(Schema):
    """``down``: a critical check failed (503). ``degraded``: another one did (200)."""

    status = fields.String(required=True, validate=validate.OneOf(["ok", "degraded", "down"]))
    timestamp = _timestamp()
    checks = fields.Dict(keys=fields.String(), values=fields.Nested(CheckSchema), required=True)


class RateLimitsSchema(Schema):
    """How often one client may ask, as in ``30 per minute``."""

    enabled = fields.Boolean(required=True)
    limits = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        required=True,
        metadata={"description": "By what is limited; `default` counts for each other endpoint"},
    )


class SourceStateSchema(Schema):
    """How a source of market data is doing."""

    source = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["closed", "waiting", "half_open", "open"]))
    failures = fields.Integer(required=True, metadata={"description": "In a row"})
    retry_after = fields.Float(required=True, metadata={"description": "Seconds it is left alone still"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Of the last failure"})
    failed_at = fields.Float(required=True, allow_none=True, metadata={"description": "Seconds since 1970"})
    succeeded_at = fields.Float(
        required=True, allow_none=True, metadata={"description": "Seconds since 1970"}
    )
    clock_ahead = fields.Float(
        required=True,
        allow_none=True,
        metadata={"description": "Seconds its clock is ahead of that of the machine which asked it last"},
    )


class StreamedSeriesSchema(Schema):
    """How one followed series is streamed."""

    ticker = fields.String(required=True)
    interval = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(["live", "fallback", "failing", "waiting"]),
        metadata={"description": "From the preferred source, from another, from a failing line, from none"},
    )
    source = fields.String(required=True, allow_none=True)
    preferred = fields.String(required=True, metadata={"description": "The source that is asked first"})
    reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it is not live"})


class DetailedHealthSchema(HealthSchema):
    """The checks, and what runs here."""

    environment = fields.String(required=True)
    async_mode = fields.String(required=True)
    uptime_seconds = fields.Float(required=True)
    versions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    rate_limits = fields.Nested(RateLimitsSchema, required=True)
    sources = fields.List(
        fields.Nested(SourceStateSchema),
        required=True,
        allow_none=True,
        metadata={"description": "Sources of market data, as all processes see them; null: Redis is away"},
    )
    streams = fields.List(
        fields.Nested(StreamedSeriesSchema),
        required=True,
        allow_none=True,
        metadata={"description": "What the stream processes stream; null: Redis is away"},
    )
