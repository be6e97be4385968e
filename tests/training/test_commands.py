"""``flask train`` and ``flask sessions``, as a person types them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from rich.console import Console

from server.config import PROJECT_ROOT
from server.local.environment import environment_of
from server.training import sessions
from server.training.tables import TrainingSession
from server.training.terminal import LiveTraining, comparison
from tests.stack import Stack

live = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]
FLASK = (sys.executable, "-m", "flask", "--app", "wsgi")
QUICK = ("--start-date", "2018-01-01", "--end-date", "2018-02-28", "--lookback", "10", "--model", "CNN")


def flask(stack: Stack, *arguments: str, **options: Any) -> subprocess.Popen[str]:
    environment = environment_of(stack.settings, {**os.environ, "COLUMNS": "120"})
    return subprocess.Popen(
        [*FLASK, *arguments],
        cwd=PROJECT_ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        **options,
    )


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    read = ""
    for line in process.stdout:
        read += line
        if words in line:
            return read
    raise AssertionError(f"{words!r} never came: {read}")


class TestLive:
    pytestmark = live

    def test_train_follow_shows_the_run_and_ends_with_the_model_beside_naive(self, stack: Stack) -> None:
        process = flask(stack, "train", "BTC-USD", *QUICK, "--epochs", "2", "--follow")
        output, _ = process.communicate(timeout=150)
        assert process.returncode == 0, output
        assert "skill against naive" in output
        assert "covered by the 80 % interval" in output
        assert "best epoch" in output

    def test_ctrl_c_offers_to_cancel_and_does_it(self, stack: Stack) -> None:
        process = flask(
            stack,
            "train",
            "BTC-USD",
            "--epochs",
            "1000",
            "--follow",
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        first = read_until(process, "session")
        session_id = first.split()[1]
        stack.wait_for_status(session_id, "IN_PROGRESS")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate("y\n", timeout=30)
        assert process.returncode == 2, output
        assert "Cancel the training?" in output
        assert stack.wait_for_status(session_id, "CANCELLED", seconds=2)

    def test_a_refusal_is_passed_on_in_the_servers_words(self, stack: Stack) -> None:
        process = flask(stack, "train", "DOGE-USD")
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "No candles of DOGE-USD 1h are stored" in output

    def test_without_a_server_the_message_says_how_to_start_one(self, stack: Stack) -> None:
        process = flask(stack, "train", "BTC-USD", "--server", "http://127.0.0.1:9")
        output, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "make run" in output


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=list(arguments))


def test_either_a_ticker_or_a_session_must_be_named(app: Flask) -> None:
    for arguments in (("train",), ("train", "BTC-USD", "--attach", "0" * 32)):
        result = run(app, *arguments)
        assert result.exit_code == 2
        assert "one of the two" in result.output


def test_sessions_are_listed_cancelled_and_pruned(app: Flask, start: Callable[..., TrainingSession]) -> None:
    first, second = start().id, start().id
    listed = run(app, "sessions", "list")
    assert "2 of 2 sessions" in listed.output
    assert all(session_id in listed.output for session_id in (first, second)), "whole, to be attached to"
    assert run(app, "sessions", "cancel", first).exit_code == 0
    again = run(app, "sessions", "cancel", first)
    assert again.exit_code == 1
    assert "CANCELLED" in again.output
    assert (
        "1 sessions would"
        in run(app, "sessions", "prune", "--older-than-days", "0", "--keep", "0", "--dry-run").output
    )
    assert (
        "1 sessions deleted" in run(app, "sessions", "prune", "--older-than-days", "0", "--keep", "0").output
    )
    with app.app_context():
        assert [row.id for row in sessions.history({}, 1, 10)[0]] == [second]


def event(kind: str, progress: float = 10.0, **data: Any) -> tuple[str, dict[str, Any]]:
    return "training_update", {"type": kind, "seq": 1, "progress": progress, "data": data}


def test_the_bar_shows_epoch_losses_and_eta() -> None:
    console = Console(record=True, width=140, force_terminal=True)
    epoch = {"epoch": 3, "total_epochs": 9, "loss": 0.5, "val_loss": 0.25, "eta_seconds": 12.0}
    last = LiveTraining(console).show([event("queued", queue_position=2), event("epoch", 40.0, **epoch)])
    shown = console.export_text()
    assert last is not None
    assert last["type"] == "epoch"
    for part in ("epoch 3/9", "loss 0.50000", "val 0.25000", "ETA 12 s"):
        assert part in shown


def test_a_metric_that_is_undefined_is_shown_as_such() -> None:
    console = Console(record=True, width=100)
    overall = {"rmse": 1.0, "directional_accuracy": None}
    report = {"rows": 10, "overall": overall}
    console.print(comparison(report, {**report, "drift": overall}))
    assert "-" in console.export_text()
