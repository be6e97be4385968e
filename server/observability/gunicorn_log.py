"""What gunicorn says of itself, in the one format and on the one stream of the service's other lines.

Its parent, which tells how workers come, go and die, may not import structlog: asyncio comes with that, and a
lock that is made before the worker patches the standard library stays blocking.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from server.config import Settings
from server.observability import redaction


class JsonLine(logging.Formatter):
    """A line as structlog renders it elsewhere: event, logger, level, UTC time, and the exception if any."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        line: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(redaction.redact_event(None, "", line))


class GunicornLog(Logger):
    """Gunicorn's log until a worker has loaded the application, which then takes it over (logs.py)."""

    def setup(self, cfg: Any) -> None:
        """Called at the start and after SIGHUP."""
        super().setup(cfg)
        settings = Settings.from_environment()
        redaction.know(settings)
        for handler in self.error_log.handlers:
            # A file or a system log that was asked for stays what it is.
            if getattr(handler, "stream", None) is sys.stderr:
                handler.setStream(sys.stdout)
            if settings.log_format == "json" or (settings.log_format == "auto" and not sys.stdout.isatty()):
                handler.setFormatter(JsonLine())
