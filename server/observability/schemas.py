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


class DetailedHealthSchema(HealthSchema):
    """The checks, and what runs here."""

    environment = fields.String(required=True)
    async_mode = fields.String(required=True)
    uptime_seconds = fields.Float(required=True)
    versions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
