"""Whatever is wrong outside a command, it ends with one sentence and exit status 1, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from flask import Flask
from psycopg2.errors import InsufficientPrivilege
from redis.exceptions import RedisError
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.config import PROJECT_ROOT
from server.errors import InvalidInput
from server.local.processes import free_port
from server.observability import command_errors
from tests.applications import application
from tests.operations.conftest import Deploy, Deployment
from tests.registry.stored import ID

CSV = "timestamp,open,high,low,close,volume\n2024-01-01T00:00:00Z,1,1,1,1,1\n"
SERIES = ("--ticker", "BTC-USD", "--interval", "1h")
# Every command that asks the database, with the arguments of somebody who types it.
COMMANDS = [
    ("backup", "{folder}/x.backup"),
    ("db", "current"),
    ("db", "upgrade"),
    ("follow",),
    ("follow", "BTC-USD"),
    ("market", "backfill", "BTC-USD", "--since", "2024-01-01"),
    ("market", "cancel", "x"),
    ("market", "clean"),
    ("market", "coin", "bitcoin"),
    ("market", "coins"),
    ("market", "gaps", *SERIES),
    ("market", "import", "{folder}/candles.csv", *SERIES),
    ("market", "jobs"),
    ("market", "load-sample"),
    ("market", "quality"),
    ("market", "replay", "BTC-USD"),
    ("market", "schedules"),
    ("market", "schedules", "--run", "prices"),
    ("market", "tickers"),
    ("models", "activate", "x"),
    ("models", "delete", "x"),
    ("models", "export", "x"),
    ("models", "history"),
    ("models", "list"),
    ("models", "prune", "--keep", "1"),
    ("models", "show", "x"),
    ("predict", "BTC-USD"),
    ("retention", "--apply"),
    ("sessions", "cancel", "x"),
    ("sessions", "list"),
    ("sessions", "prune"),
    ("train", "BTC-USD"),
    ("unfollow", "BTC-USD"),
]
# The doctor answers whatever is down, the stream waits for it, these look at a file first.
OTHERS = {("doctor",), ("market", "stream"), ("models", "import"), ("restore",)}


def ended_in_words(app: Flask, *arguments: str) -> str:
    result = app.test_cli_runner().invoke(args=list(arguments))
    assert isinstance(result.exception, SystemExit), repr(result.exception)
    assert result.exit_code == 1, result.output
    told = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1, result.output
    return told[0]


@pytest.fixture(scope="module")
def nowhere() -> Iterator[Flask]:
    """Neither PostgreSQL nor Redis nor a web process answers."""
    with application(port=free_port()) as app:
        yield app


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_nothing_that_it_needs_answers(nowhere: Flask, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "candles.csv").write_text(CSV)
    told = ended_in_words(nowhere, *(each.format(folder=tmp_path) for each in arguments))
    assert "answer" in told or "Start PostgreSQL" in told, told


def test_no_command_is_left_out(nowhere: Flask) -> None:
    own = {name: each for name, each in nowhere.cli.commands.items() if name not in ("db", "openapi")}
    tried = {arguments[:length] for arguments in COMMANDS for length in (1, 2)}
    assert [path for path in leaves(own) if path not in tried | OTHERS] == []


def leaves(commands: dict[str, click.Command]) -> Iterator[tuple[str, ...]]:
    for name, command in commands.items():
        if isinstance(command, click.Group):
            yield from ((name, *path) for path in leaves(command.commands))
        else:
            yield (name,)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds a file, which is no folder, and one of the wrong kind."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "file").write_bytes(b"\x1f\x8bneither gzip nor a backup\xff")
    return folder


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("backup", "{}/file/x.backup"), "Not a directory"),
        (("backup", "{}/nowhere/x.backup"), "No such file or directory"),
        (("backup", "{}"), "exists already"),
        (("backup", "/proc/x.backup"), "cannot be written"),
        (("backup", "{}/" + "x" * 300), "name too long"),
        (("backup", "{}/nowhere", "--list"), "cannot be read"),
        (("backup", "{}/file/x", "--verify"), "cannot be read"),
        (("backup", "{}", "--list"), "cannot be read"),
        (("backup", "{}/file", "--list"), "it is no backup"),
        (("restore", "{}/file"), "it is no backup"),
        (("models", "export", "{id}", "{}/file"), "exists"),
        (("models", "export", "{id}", "{}/file/x"), "Not a directory"),
        (("models", "export", "unknown"), "unknown"),
        (("models", "import", "{}/file"), "file"),
        (("models", "show", "unknown"), "unknown"),
        (("models", "list", "--sort", "beauty"), "beauty"),
        (("market", "import", "{}/file", *SERIES), "The file is not CSV text"),
        (("market", "gaps", "--ticker", "NO-SUCH", "--interval", "1h"), "NO-SUCH"),
        (("market", "replay", "BTC-USD", "--file", "{}/file"), "file"),
        (("market", "schedules", "--run", "nonsense"), "nonsense"),
        (("market", "backfill", "nonsense", "--since", "2024-01-01"), "BASE-QUOTE"),
        (("market", "backfill", "BTC-USD", "--since", "2099-01-01"), "since"),
        (("sessions", "cancel", "unknown"), "unknown"),
        (("follow", "nonsense"), "BASE-QUOTE"),
        (("unfollow", "BTC-EUR"), "BTC-EUR"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_what_cannot_be_used_is_named(
    used: Deployment, files: Path, arguments: tuple[str, ...], words: str
) -> None:
    told = ended_in_words(
        used.app, *(each.replace("{id}", ID).replace("{}", str(files)) for each in arguments)
    )
    assert words in told
    assert [each.name for each in files.iterdir()] == ["file"]


def test_a_date_that_is_none_is_named(used: Deployment) -> None:
    result = used.run("market", "backfill", "BTC-USD", "--since", "soon")
    assert result.exit_code == 2
    assert "--since" in result.output


def test_tables_that_are_not_there_are_named(deploy: Deploy) -> None:
    without_tables = deploy("template1")
    for arguments in (("market", "tickers"), ("models", "list"), ("sessions", "list")):
        assert "Run `flask db upgrade`" in ended_in_words(without_tables.app, *arguments)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RedisError("Connection refused\nand more"), "Redis cannot be asked (Connection refused). Start it"),
        (PoolTimeoutError("no connection is free"), "The database cannot be asked (no connection is free)"),
        (
            ProgrammingError("", {}, InsufficientPrivilege("permission denied")),
            "Use a role that owns its tables",
        ),
        (
            PermissionError(13, "Permission denied", "/x"),
            "/x cannot be used: Permission denied. Name another",
        ),
        (OSError("no disk answers"), "no disk answers; `flask doctor`"),
        (InvalidInput("say it otherwise"), "Error: say it otherwise\n"),
    ],
)
def test_what_fails_outside_is_named_with_its_remedy(error: Exception, words: str) -> None:
    result = CliRunner().invoke(failing(error))
    assert (result.exit_code, type(result.exception)) == (1, SystemExit)
    assert words in result.stderr


@pytest.mark.parametrize("defect", [KeyError("x"), ProgrammingError("SELCT", {}, SyntaxError("SELCT"))])
def test_a_defect_keeps_its_traceback(defect: Exception) -> None:
    assert CliRunner().invoke(failing(defect)).exception is defect


def failing(error: Exception) -> click.Command:
    def callback() -> None:
        raise error

    return command_errors.tell(click.Command("failing", callback=callback))


@pytest.mark.parametrize("start", [("-m", "flask", "sessions", "list"), ("wsgi.py",)], ids=" ".join)
def test_settings_that_cannot_be_used_are_named(start: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, *start], cwd=PROJECT_ROOT, env={**os.environ, "PORT": "nonsense"}, timeout=60,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: ")
    assert "PORT='nonsense'" in ran.stderr
    assert "Traceback" not in ran.stderr
