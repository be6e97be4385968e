"""What a check of a deployment found: a status, a sentence for people, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from celery.exceptions import CeleryError
from kombu.exceptions import KombuError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from server.config import Settings
from server.errors import ServerError
from server.observability.redaction import redact

OK, WARNING, PROBLEM = "ok", "warning", "problem"
# What a thing that is down raises; anything else is a defect of the check and must be seen as such.
DOWN = (SQLAlchemyError, RedisError, KombuError, CeleryError, OSError, ServerError)


@dataclass(frozen=True, slots=True)
class Finding:
    """``status`` is ok, warning (works, but not as it should) or problem (does not work, or loses data)."""

    check: str
    status: str
    sentence: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """As ``flask doctor --json`` prints it."""
        return asdict(self)


Found = Finding | Iterable[Finding]
Check = Callable[[Settings], Found]


def ok(check: str, sentence: str) -> Finding:
    """Nothing to do."""
    return Finding(check, OK, sentence)


def warning(check: str, sentence: str, remedy: str) -> Finding:
    """Works, but not as it should."""
    return Finding(check, WARNING, sentence, remedy)


def problem(check: str, sentence: str, remedy: str) -> Finding:
    """Does not work, or loses data."""
    return Finding(check, PROBLEM, sentence, remedy)


def collect(checks: Mapping[str, Check], settings: Settings) -> Iterator[Finding]:
    """Run each named check; one that cannot ask is a problem itself. No finding shows a secret."""
    for name, check in checks.items():
        try:
            found = check(settings)
            findings = [found] if isinstance(found, Finding) else list(found)
        except DOWN as error:
            findings = [problem(name, _reason(error), "Repair what is named, then ask again")]
        for finding in findings:
            yield replace(finding, sentence=redact(finding.sentence), remedy=redact(finding.remedy))


def _reason(error: BaseException) -> str:
    told = error.message if isinstance(error, ServerError) else str(getattr(error, "orig", None) or error)
    return f"It cannot be asked ({type(error).__name__}): {told.strip().splitlines()[0] if told else ''}"
