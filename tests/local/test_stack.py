"""``python -m server.local``: everything starts from nothing, and nothing stays behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from server.config import Settings
from server.local import processes
from server.local.stack import LocalStack, StopAsked, prepare_database

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 120

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(300)]


class Terminal:
    """A terminal in which the stack runs: what it prints, and Ctrl-C."""

    def __init__(self, checkout: Path, **environment: str) -> None:
        self.output = checkout / "terminal.txt"
        with self.output.open("wb") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server.local"],
                cwd=checkout,
                env=clean_environment() | environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def wait_for(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(pattern, self.text)):
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)
        return found

    def tree(self) -> list[psutil.Process]:
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(60)


def clean_environment() -> dict[str, str]:
    ours = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PORT", "APP_ENV", "ASYNC_MODE", "PYTHONWARNINGS"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    # A test asks no exchange of the world.
    return kept | {"MARKET_BACKFILL_ON_START": "false"}


def run_to_its_end(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "server.local", *arguments],
        cwd=checkout, env=clean_environment() | environment,
        capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh checkout, deeper than a Unix socket's path may be, with an ``.env`` that names the port."""
    folder = tmp_path_factory.mktemp("deep") / "/".join(["a folder with blanks"] * 6) / "checkout"
    folder.mkdir(parents=True)
    for name in ("server", "migrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("wsgi.py", "gunicorn.conf.py"):
        shutil.copy(ROOT / name, folder / name)
    (folder / ".env").write_text(f"PORT={processes.free_port()}\nLEASE_SECONDS=5\n")
    return folder


@pytest.fixture
def stopped_at_the_end() -> Iterator[list[Terminal]]:
    """Whatever a test leaves running is ended."""
    terminals: list[Terminal] = []
    yield terminals
    for terminal in terminals:
        for process in terminal.tree() if terminal.process.poll() is None else []:
            process.kill()
        terminal.process.wait()


def still_running(tree: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in tree if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


def test_the_stack_runs_from_nothing_and_leaves_nothing_running(
    checkout: Path, stopped_at_the_end: list[Terminal]
) -> None:
    first = Terminal(checkout)
    stopped_at_the_end.append(first)
    url = first.wait_for(r"Ready on (http://127\.0\.0\.1:\d+)")[1]
    assert url.rpartition(":")[2] == (checkout / ".env").read_text().split()[0].removeprefix("PORT=")
    session = first.wait_for(r"--attach (\S+)")[1]
    with urllib.request.urlopen(f"{url}/api/v1/train/{session}/status", timeout=10) as answer:
        assert answer.status == 200

    second = run_to_its_end(checkout)
    assert second.returncode == 1
    assert f"The stack runs already on {url}" in second.stdout

    tree = first.tree()
    assert len(tree) >= 7
    assert first.press_ctrl_c() == 0, first.text
    assert still_running(tree) == []
    assert "Traceback" not in first.text

    again = Terminal(checkout)
    stopped_at_the_end.append(again)
    again.wait_for("Ready on")
    assert "first training" not in again.text
    with urllib.request.urlopen(f"{url}/api/v1/train/{session}/status", timeout=10) as answer:
        assert answer.status == 200
    tree = again.tree()
    again.process.kill()
    _, alive = psutil.wait_procs(tree, timeout=40)
    assert still_running(alive) == [], "a killed stack must not leave its processes behind"


def test_a_command_runs_on_the_data_of_a_stopped_stack(checkout: Path) -> None:
    ran = run_to_its_end(checkout, "flask", "market", "tickers")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "BTC-USD" in ran.stdout


def test_ctrl_c_ends_a_start_before_its_next_step(checkout: Path, stopped_at_the_end: list[Terminal]) -> None:
    terminal = Terminal(checkout)
    stopped_at_the_end.append(terminal)
    terminal.wait_for("Preparing the database")
    tree = terminal.tree()
    assert terminal.press_ctrl_c() == 0, terminal.text
    assert "Starting web" not in terminal.text
    assert "Stopped. The data is kept" in terminal.text
    assert still_running(tree) == []


def test_who_asked_for_the_end_is_not_kept_waiting_by_the_servers(tmp_path: Path) -> None:
    stack = LocalStack(Settings(database_url="", redis_url=""), tmp_path, stopping=lambda: True)
    with pytest.raises(StopAsked):
        stack.run_command(["--version"])
    assert list(tmp_path.rglob("*")) == []


def test_nor_by_the_preparation_of_the_database(tmp_path: Path) -> None:
    with pytest.raises(StopAsked):
        prepare_database(tmp_path, dict(os.environ), stopping=lambda: True)


def test_a_folder_that_cannot_be_used_is_a_clear_message(checkout: Path) -> None:
    refused = run_to_its_end(checkout, "--folder", "wsgi.py/data")
    assert refused.returncode == 1
    assert "wsgi.py/data cannot be used: Not a directory" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr


def test_a_taken_port_is_a_clear_message(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = run_to_its_end(checkout, PORT=str(port))
    assert refused.returncode == 1
    assert f"Port {port} on 127.0.0.1" in refused.stdout
    assert f"make run PORT={port + 1}" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr


def test_a_host_that_is_none_of_this_machine_is_a_clear_message(checkout: Path) -> None:
    refused = run_to_its_end(checkout, HOST="192.0.2.1")
    assert refused.returncode == 1
    assert "Set HOST to an address of this machine" in refused.stdout


def test_servers_that_are_given_replace_the_embedded_ones(
    checkout: Path, postgres_url: str, redis_url: str, stopped_at_the_end: list[Terminal]
) -> None:
    folder = checkout / ".local"
    shutil.rmtree(folder, ignore_errors=True)
    terminal = Terminal(checkout, DATABASE_URL=postgres_url, REDIS_URL=redis_url, ASYNC_MODE="threading")
    stopped_at_the_end.append(terminal)
    terminal.wait_for("Ready on")
    assert terminal.press_ctrl_c() == 0, terminal.text
    assert "embedded" not in terminal.text
    assert not (folder / "postgres").exists()
    assert not (folder / "valkey").exists()


def test_an_unusable_setting_is_a_clear_message(checkout: Path) -> None:
    refused = run_to_its_end(checkout, LEASE_SECONDS="soon")
    assert refused.returncode == 1
    assert "LEASE_SECONDS='soon'" in refused.stdout
    assert "Traceback" not in refused.stdout + refused.stderr
