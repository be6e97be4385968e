"""One stream of structured log lines for everything in the process, on standard error.

structlog renders its own lines and those of the standard library (Celery, gunicorn, werkzeug, SQLAlchemy)
alike: JSON, or coloured text on a terminal. Times are UTC with ``Z``. No line shows a secret.
"""

from __future__ import annotations

import logging
import sys
from typing import TextIO

import structlog
from structlog.typing import Processor

from server.config import Settings
from server.observability import redaction, tracing

# These bring handlers of their own, which would print each line twice and in another format.
_LOGGERS_WITH_HANDLERS = (
    "gunicorn.error",
    "gunicorn.access",
    "werkzeug",
    "celery",
    "celery.task",
    "flask.app",
)

# What they say at INFO is said already, or of no use: each request has one access line with its request
# id, each training logs its own events, and the reaper's ticks would bury both.
_LOGGERS_THAT_REPEAT = ("werkzeug", "celery.worker.strategy", "celery.app.trace", "celery.beat", "tf2onnx")


class StandardHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever ``sys.stdout`` or ``sys.stderr`` is at that moment, also after it was replaced."""

    of_a_service = False

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The present standard output of a service, the present standard error of a command."""
        return sys.stdout if self.of_a_service else sys.stderr


def log_to_stdout() -> None:
    """Call it in a service: its log is its output. A command's answer must stay alone on its own."""
    StandardHandler.of_a_service = True


def configure(settings: Settings) -> None:
    """Route structlog and the standard library's logging through one formatter. May be called again."""
    redaction.know(settings)
    enrich = [*_enrich(), *tracing.processors(settings)]
    structlog.configure(
        processors=[*enrich, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = StandardHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=enrich,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_render(settings.log_format, handler.stream),
            ],
        )
    )
    root = logging.getLogger()
    for old in [each for each in root.handlers if isinstance(each, StandardHandler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(settings.log_level)
    _quieten()


def _enrich() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _render(log_format: str, stream: TextIO) -> list[Processor]:
    on_terminal = log_format == "console" or (log_format == "auto" and stream.isatty())
    traceback_as_text = structlog.processors.format_exc_info
    if on_terminal:
        return [traceback_as_text, redaction.redact_event, structlog.dev.ConsoleRenderer()]
    return [traceback_as_text, redaction.redact_event, structlog.processors.JSONRenderer()]


def _quieten() -> None:
    for name in _LOGGERS_WITH_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in _LOGGERS_THAT_REPEAT:
        logging.getLogger(name).setLevel(logging.WARNING)
