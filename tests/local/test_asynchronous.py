"""Each mode patches what it must, before anything could be imported too early."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
IS_PATCHED = {
    "gevent": "from gevent import monkey; patched = monkey.is_module_patched('socket')",
    "eventlet": "import eventlet.patcher; patched = eventlet.patcher.is_monkey_patched('socket')",
    "threading": "import sys; patched = 'gevent' in sys.modules or 'eventlet' in sys.modules",
}


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **environment,
    }
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("mode", "expected"), [("gevent", True), ("eventlet", True), ("threading", False)])
def test_a_mode_patches_sockets_and_the_database_driver_or_nothing(mode: str, expected: bool) -> None:
    script = f"""
import wsgi
{IS_PATCHED[mode]}
import psycopg2.extensions
print("PATCHED", patched, psycopg2.extensions.get_wait_callback() is not None)
print("MODE", wsgi.app.config["SETTINGS"].async_mode, wsgi.app.extensions["socketio"].async_mode)
"""
    found = run("-c", script, ASYNC_MODE=mode)
    assert f"PATCHED {expected} {expected}" in found.stdout, found.stderr
    assert f"MODE {mode} {mode}" in found.stdout
    assert "MonkeyPatchWarning" not in found.stderr


def test_gevent_is_the_default() -> None:
    found = run(
        "-c", "import os; os.environ.pop('ASYNC_MODE', 0); import wsgi, gevent.monkey as m; print(m.saved)"
    )
    assert "socket" in found.stdout, found.stderr


def test_an_unknown_mode_is_refused_by_name() -> None:
    found = run("-c", "import wsgi", ASYNC_MODE="twisted")
    assert found.returncode == 1
    assert "ASYNC_MODE='twisted'" in found.stderr


def test_a_command_runs_on_threads_and_warns_of_nothing() -> None:
    found = run("-m", "flask", "--app", "wsgi", "routes", ASYNC_MODE="gevent")
    assert found.returncode == 0, found.stderr
    assert "/health/live" in found.stdout
    assert "Warning" not in found.stderr
