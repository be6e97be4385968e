"""No line of any log shows a secret: what is hidden, and by what it is known.

Without structlog, which gunicorn's parent may not import (gunicorn_log.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from server.config import Settings

HIDDEN = "***"
_URL_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^\s/:@'\"]*:)[^\s/@'\"]+(?=@)", re.IGNORECASE)
_SECRET_NAME = re.compile(
    r"password|passwd|secret|token|authorization|cookie|api[_-]?key|credential", re.IGNORECASE
)
_SECRET_PAIR = re.compile(
    r"(?P<before>\b[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\w-]*\s*[=:]\s*)(?P<value>'[^']*'|\"[^\"]*\"|[^\s,;&'\")}]+)",
    re.IGNORECASE,
)
# Who knows the address of a webhook may post to it, and who has a bearer's token is the bearer.
_WEBHOOK = re.compile(r"(?P<before>https?://hooks\.[^\s/'\"]+/)[^\s'\"]+", re.IGNORECASE)
_CREDENTIALS = re.compile(r"(?P<before>\b(?:bearer|basic)\s+)[\w.~+/-]{8,}=*", re.IGNORECASE)
_SHORTEST_SECRET = 8
# The secrets of this process's own settings, hidden wherever they turn up, however they are spelt.
_known_secrets: set[str] = set()


def know(settings: Settings) -> None:
    """Hide the secrets of these settings, and of none before."""
    _known_secrets.clear()
    _known_secrets.update(_secrets_of(settings))


def redact(text: str) -> str:
    """``text`` without the passwords of URLs, values named like secrets, and the secrets of the settings."""
    for pattern in (_URL_PASSWORD, _WEBHOOK, _CREDENTIALS, _SECRET_PAIR):
        text = pattern.sub(rf"\g<before>{HIDDEN}", text)
    for secret in _known_secrets:
        text = text.replace(secret, HIDDEN)
    return text


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: hide every secret of a log line, nested values included."""
    for name, value in event.items():
        event[name] = _hide(name, value)
    return event


def _secrets_of(settings: Settings) -> Iterator[str]:
    urls = (settings.database_url, settings.redis_url, settings.artifact_url)
    passwords = [urlsplit(url).password or "" for url in urls]
    for secret in (settings.secret_key, settings.coingecko_api_key, *passwords):
        for spelt in (secret, unquote(secret)):
            # A short one is a part of ordinary words.
            if len(spelt) >= _SHORTEST_SECRET:
                yield spelt


def _hide(name: str, value: Any) -> Any:
    if _SECRET_NAME.search(name) and isinstance(value, (str, bytes)):
        return HIDDEN
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {key: _hide(str(key), inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_hide("", inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return redact(str(value))
