"""Points in time as callers write them, and as they leave the server."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

from marshmallow import fields


class Moment(fields.AwareDateTime):
    """An ISO 8601 time, or a date, which means its midnight; without an offset it is UTC."""

    default_error_messages = {
        "invalid": "must be an ISO 8601 time or date, such as 2019-01-31T12:00:00Z or 2019-01-31",
        "out_of_range": "must lie in the years 1 to 9999, in UTC",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(format="iso", default_timezone=UTC, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> datetime:
        try:
            day = date.fromisoformat(value)
        except (TypeError, ValueError):
            moment: datetime = super()._deserialize(value, attr, data, **options)
        else:
            moment = datetime.combine(day, time(), UTC)
        try:
            return moment.astimezone(UTC)
        except OverflowError as error:
            raise self.make_error("out_of_range", input=value) from error


def iso(moment: datetime | None) -> str | None:
    """ISO 8601 in UTC with ``Z`` and milliseconds, the one form in which times leave the server."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
