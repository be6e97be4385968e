"""A real gunicorn: what its parent and its workers say of themselves is JSON on standard output, too."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.config import PROJECT_ROOT, Settings
from server.local.processes import free_port
from server.observability import redaction
from server.observability.gunicorn_log import JsonLine

FIELDS = {"event", "logger", "level", "timestamp"}


def run_gunicorn(application: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Gunicorn with the project's configuration, until it ends because no worker can boot."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    return subprocess.run(
        [sys.executable, "-m", "gunicorn", application],
        cwd=PROJECT_ROOT,
        env={**environment, "PORT": str(free_port()), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def broken(tmp_path: Path) -> dict[str, str]:
    """The variables by which gunicorn finds the application ``broken``, which cannot be loaded."""
    (tmp_path / "broken.py").write_text("raise RuntimeError('this cannot be loaded')")
    return {"PYTHONPATH": str(tmp_path), "LOG_FORMAT": "json"}


def test_gunicorns_own_lines_are_like_all_others(broken: dict[str, str]) -> None:
    ended = run_gunicorn("broken:app", **broken)
    assert ended.returncode != 0
    # Gunicorn prints that bare as well.
    assert ended.stderr == "this cannot be loaded\n"
    lines: list[dict[str, Any]] = [json.loads(line) for line in ended.stdout.splitlines()]
    assert all(set(line) >= FIELDS for line in lines)
    assert all(line["timestamp"].endswith("Z") for line in lines)
    assert "Starting gunicorn" in lines[0]["event"]
    (failure,) = [line for line in lines if "exception" in line]
    assert "RuntimeError: this cannot be loaded" in failure["exception"]
    assert {"info", "error"} <= {line["level"] for line in lines}


def test_a_file_that_is_asked_for_gets_them_instead(broken: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "gunicorn.log"
    ended = run_gunicorn("broken:app", **broken, GUNICORN_CMD_ARGS=f"--error-logfile {file}")
    assert ended.stdout == ""
    assert "Starting gunicorn" in json.loads(file.read_text().splitlines()[0])["event"]


def test_they_are_no_louder_than_the_others(broken: dict[str, str]) -> None:
    ended = run_gunicorn("broken:app", **broken, LOG_LEVEL="ERROR")
    assert {json.loads(line)["level"] for line in ended.stdout.splitlines()} == {"error"}


def test_the_parent_imports_nothing_whose_locks_the_worker_is_to_patch() -> None:
    check = "import sys, server.observability.gunicorn_log; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=PROJECT_ROOT).returncode == 0


@pytest.mark.parametrize("text", ["at redis://:hunter2-hunter2@cache:6379/0", "key hunter2-hunter2 refused"])
def test_no_secret_reaches_such_a_line(text: str) -> None:
    redaction.know(Settings(secret_key="hunter2-hunter2"))
    record = logging.LogRecord("gunicorn.error", logging.ERROR, "", 0, text, None, None)
    assert "hunter2" not in JsonLine().format(record)
