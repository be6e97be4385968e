"""The one error family of the server, sorted by what the caller can do about it.

Every error carries a stable ``error_code`` for programs, a sentence for people, and ``details``
that name the subject (a field, its value, the remedy). Two places turn them into answers:
``app.register_error_handlers`` for HTTP and ``realtime.handlers`` for Socket.IO.
"""

from __future__ import annotations

from typing import Any, ClassVar


class ServerError(Exception):
    """Base of all errors this server raises on purpose.

    ``message`` is one sentence for people; ``details`` are plain JSON values for programs.
    """

    error_code: ClassVar[str] = "internal_error"
    http_status: ClassVar[int] = 500

    def __init__(self, message: str, *, error_code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.code = error_code or self.error_code

    def payload(self, request_id: str | None = None) -> dict[str, Any]:
        """The one shape of an error outside the process: HTTP bodies and socket acknowledgements."""
        return {
            "error": type(self).__name__,
            "error_code": self.code,
            "message": self.message,
            "details": self.details,
            "request_id": request_id,
        }


class InvalidInput(ServerError):
    """The caller sent something that cannot be used; correct it and send it again."""

    error_code = "invalid_input"
    http_status = 422


class NotFound(ServerError):
    """The named thing does not exist."""

    error_code = "not_found"
    http_status = 404


class Conflict(ServerError):
    """The thing exists but its state does not allow the call."""

    error_code = "conflict"
    http_status = 409


class TooManyRequests(ServerError):
    """A limit is reached; wait and try again. ``retry_after`` is in seconds."""

    error_code = "too_many_requests"
    http_status = 429

    def __init__(
        self, message: str, *, retry_after: int, error_code: str | None = None, **details: Any
    ) -> None:
        super().__init__(message, error_code=error_code, **details)
        self.retry_after = retry_after


class Unavailable(ServerError):
    """Something this server depends on does not answer; the same call may succeed later."""

    error_code = "unavailable"
    http_status = 503


class TrainingFailed(ServerError):
    """A training cannot go on (NaN loss, too little data, time limit); the run ends FAILED."""

    error_code = "training_failed"
    http_status = 422
