"""What settings may not be: given twice, in a file that cannot be read, of the wrong kind, or easily guessed.

Each check gives what is wrong, by variable and in words; none shows a secret.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from environs import Env, EnvValidationError

FILE_SUFFIX = "_FILE"
# The patches need the first and the metrics' library the second before any setting is read.
ENVIRONMENT_ALONE = ("ASYNC_MODE", "PROMETHEUS_MULTIPROC_DIR")
SECRETS = ("SECRET_KEY", "DATABASE_URL", "REDIS_URL")
SECRET_KEY_CHARACTERS = 32
SECRET_KEY_DIFFERENT = 8
DEFAULT_PASSWORDS = frozenset(
    {"postgres", "redis", "valkey", "password", "passwd", "secret", "admin", "root", "user", "guest", "test"}
    | {"default", "example", "change-me", "change_me", "changeme", "123456", "12345678"}
)

Layer = Mapping[str, str | None]
"""Variables of one origin: the environment, or ``.env``."""


def files_of(names: Iterable[str], layers: Iterable[Layer]) -> tuple[dict[str, str], dict[str, str]]:
    """Which settings come from files, as (file by setting, problem by variable).

    The first of ``layers`` that gives a setting, as a value or as a file, decides; an empty variable
    gives nothing.
    """
    files: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in names:
        variable = name + FILE_SUFFIX
        layer = next((each for each in layers if each.get(name) or each.get(variable)), {})
        if not (file := layer.get(variable)):
            continue
        files[name] = file
        if layer.get(name):
            problems[variable] = f"{name} and {variable} are both set: keep one of them"
        elif problem := _problem_of_file(name, file):
            problems[variable] = problem
    return files, problems


def _problem_of_file(name: str, file: str) -> str | None:
    variable = name + FILE_SUFFIX
    if name in ENVIRONMENT_ALONE:
        return f"{variable} cannot be used, {name} is needed before files are read: set {name} itself"
    try:
        Path(file).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        return (
            f"{variable}={file!r} cannot be read ({reason}): name a text file that user {os.getuid()} "
            f"may read, or set {name} itself"
        )
    return None


def wrong_values(env: Env) -> dict[str, str]:
    """What is wrong with the values that ``env`` has read, all of them at once."""
    try:
        env.seal()
    except EnvValidationError as error:
        messages_by_name = cast("dict[str, list[str]]", error.error_messages)
        return {name: " ".join(map(str, messages)) for name, messages in messages_by_name.items()}
    return {}


def shown(name: str, files: Mapping[str, str]) -> str:
    """A setting as it may be named in an error: what a file (``files`` by setting) holds is not for logs."""
    return f"{name} in {files[name]}" if name in files else f"{name}={os.environ.get(name, '')!r}"


def production_problems(values: Mapping[str, Any]) -> dict[str, str]:
    """What of the settings by name would let anybody in: no secret, a weak one, a well-known password."""
    missing = [name for name in SECRETS if not values[name.lower()]]
    if missing:
        remedy = f"set them, or files with {FILE_SUFFIX}, in the environment or in .env"
        return dict.fromkeys(missing, f"APP_ENV=production needs {', '.join(missing)}: {remedy}")
    problems = {
        name: f"APP_ENV=production refuses the password in {name}, which everybody knows or can guess: give "
        "the server a random one and write it into the URL"
        for name in ("DATABASE_URL", "REDIS_URL")
        if has_known_password(values[name.lower()])
    }
    if is_weak(values["secret_key"]):
        problems["SECRET_KEY"] = (
            f"APP_ENV=production needs a SECRET_KEY of {SECRET_KEY_CHARACTERS} random characters or more: "
            'python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    return problems


def is_weak(key: str) -> bool:
    """Whether a signing key is short, or of few different characters."""
    return len(key) < SECRET_KEY_CHARACTERS or len(set(key)) < SECRET_KEY_DIFFERENT


def has_known_password(url: str) -> bool:
    """Whether the password in ``url`` is one that examples and images suggest, or the user's own name."""
    parts = urlsplit(url)
    password = unquote(parts.password or "").lower()
    return password != "" and password in DEFAULT_PASSWORDS | {unquote(parts.username or "").lower()}
