"""What the processes of one stack are told, and where others find a stack that runs."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from server.config import PROJECT_ROOT, InvalidSettings, Settings
from server.local.processes import StackError
from server.setting_checks import FILE_SUFFIX

LOCAL_FOLDER = PROJECT_ROOT / ".local"
# What a command in another terminal needs to reach the same data.
SHARED = ("DATABASE_URL", "REDIS_URL", "ARTIFACT_URL", "SECRET_KEY", "HOST", "PORT")


def environment_of(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """``base`` with every setting as its environment variable, those that came from files too."""
    given = {spec.name.upper(): _text(getattr(settings, spec.name)) for spec in fields(settings)}
    files = {name + FILE_SUFFIX for name in given}
    return {name: value for name, value in base.items() if name not in files} | given


def kept_secret(folder: Path) -> str:
    """The signing key of this stack, made once: a restart must not invalidate what was signed."""
    file = folder / "secret.key"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_hex(32))
    return file.read_text().strip()


@contextmanager
def only_stack(folder: Path) -> Iterator[None]:
    """Hold the stack's lock; the kernel releases it however this process ends.

    Raises :class:`StackError` when a stack runs in this folder already.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(_already_running(folder)) from error
        yield


@contextmanager
def announced(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Let commands in other terminals find this stack while the block runs."""
    file = folder / "running.json"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps({name: environment[name] for name in SHARED}))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def running_stack(folder: Path) -> dict[str, str]:
    """The settings of the stack that runs in this folder; empty when none does."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return {}
    except BlockingIOError:
        return _read_announcement(folder)
    return {}


def adopt_running_stack() -> None:
    """Use the local stack that runs, if any, for what the environment leaves open."""
    for name, value in running_stack(LOCAL_FOLDER).items():
        if not os.environ.get(name) and not os.environ.get(name + FILE_SUFFIX):
            os.environ[name] = value


@contextmanager
def settings_refused_in_words(started_as: str) -> Iterator[None]:
    """End a ``flask`` command or a plain ``python`` script with the sentence about unusable settings.

    ``started_as`` is its ``__name__``. A server that imports the application gets the exception: it takes
    that for the end, but an exit for a process to be replaced.
    """
    try:
        yield
    except InvalidSettings as error:
        if started_as == "__main__" or "FLASK_RUN_FROM_CLI" in os.environ:
            sys.exit(f"Error: {error.message}")
        raise


def _read_announcement(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / "running.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}  # still starting
    return found


def _already_running(folder: Path) -> str:
    found = _read_announcement(folder)
    where = f" on http://{found['HOST']}:{found['PORT']}" if found else ""
    return f"The stack runs already{where}. Stop it first (Ctrl-C in its terminal), or use that one."


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)
