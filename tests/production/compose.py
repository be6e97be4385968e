"""The Compose file as Compose reads it: aliases resolved, variables put in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from server.config import PROJECT_ROOT

FILE = PROJECT_ROOT / "docker-compose.yml"
TLS_FILE = PROJECT_ROOT / "docker" / "compose.tls.yml"
TRACES_FILE = PROJECT_ROOT / "docker" / "compose.traces.yml"
FILES = (FILE, TLS_FILE, TRACES_FILE)
EXAMPLE = PROJECT_ROOT / ".env.example"
MAKE_SECRETS = PROJECT_ROOT / "docker" / "make-secrets.sh"
# $$ is a dollar; ${NAME}, ${NAME:-default} and ${NAME:?message} are what the file uses.
_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?:(?P<kind>:[-?])(?P<word>[^}]*))?\})")
_ASSIGNMENT = re.compile(r"^#?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)$", re.MULTILINE)

Document = dict[str, Any]


class VariableMissing(Exception):
    """A variable that must be set is not; the words are those that Compose would show."""


def document(file: Path = FILE) -> Document:
    """A file as it is written."""
    loaded: Document = yaml.safe_load(file.read_text())
    return loaded


def project(environment: Mapping[str, str], file: Path = FILE) -> Document:
    """A file with the variables of ``environment``. Raises :class:`VariableMissing`."""
    found: Document = _put_in(document(file), environment)
    return found


def variables() -> dict[str, set[str | None]]:
    """The default of every variable, by name and at every place; None where there is none."""
    found: dict[str, set[str | None]] = {}
    for text in (file.read_text() for file in FILES):
        for match in _VARIABLE.finditer("\n".join(_without_comments(text))):
            if match["name"]:
                default = match["word"] if match["kind"] == ":-" else None
                found.setdefault(match["name"], set()).add(default)
    return found


def example() -> dict[str, str]:
    """What ``.env.example`` names, set or only shown."""
    return {match["name"]: match["value"] for match in _ASSIGNMENT.finditer(EXAMPLE.read_text())}


def dotenv(text: str) -> dict[str, str]:
    """The variables that a ``.env`` sets."""
    lines = (line.partition("=") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def duration(text: str) -> float:
    """``1m30s`` in seconds."""
    units = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)(ms|s|m|h)", text))


def _without_comments(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if not line.lstrip().startswith("#"))


def _put_in(value: Any, environment: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _put_in(each, environment) for name, each in value.items()}
    if isinstance(value, list):
        return [_put_in(each, environment) for each in value]
    if isinstance(value, str):
        return _VARIABLE.sub(lambda match: _value(match, environment), value)
    return value


def _value(match: re.Match[str], environment: Mapping[str, str]) -> str:
    if match["dollar"]:
        return "$"
    if found := environment.get(match["name"]):
        return found
    if match["kind"] == ":-":
        return match["word"]
    raise VariableMissing(f"required variable {match['name']} is missing a value: {match['word'] or ''}")
