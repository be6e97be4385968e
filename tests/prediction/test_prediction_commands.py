"""``flask predict``, as a person types it, against a real web process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from server.config import PROJECT_ROOT, Settings
from server.local.environment import environment_of
from server.local.processes import free_port
from server.market import store
from server.prediction import forecasts, scoring
from server.registry.tables import Model
from tests.prediction.conftest import INTERVAL, MODEL_ID, TICKER, TO_COME
from tests.realtime.conftest import Web, running_web
from tests.realtime.line import Line

pytestmark = pytest.mark.xdist_group("web_processes")


@pytest.fixture(scope="module")
def web(settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """The web process in the default async mode."""
    with running_web(replace(settings, async_mode="gevent"), app, tmp_path_factory.mktemp("web")) as started:
        yield started


def predict(app: Flask, url: str, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["predict", TICKER, "--server", url, *arguments])


def test_a_forecast_is_printed_with_bounds_model_naive_and_warnings(
    app: Flask, web: Web, model: Model
) -> None:
    result = predict(app, web.url, "--horizon", "6")
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    for part in ("80 % interval", "naive", "CNN version 1 (active)", "skill against naive", "● forecast"):
        assert part in words
    assert f"model {MODEL_ID}" in words
    # The shipped sample ended years ago.
    assert "warning: " in words


def test_options_reach_the_server_and_json_is_what_it_answers(app: Flask, web: Web, model: Model) -> None:
    as_of = "2018-01-10T00:00:00Z"
    result = predict(app, web.url, "--horizon", "3", "--model-id", MODEL_ID, "--as-of", as_of, "--json")
    made = json.loads(result.output)
    assert [step["step"] for step in made["predictions"]] == [1, 2, 3]
    assert (made["model_id"], made["interval"]) == (MODEL_ID, "1h")
    assert datetime.fromisoformat(made["origin"]["timestamp"]) == datetime.fromisoformat(as_of)
    with app.app_context():
        assert forecasts.stored(made["request_id"])["horizon"] == 3


def test_a_refusal_is_passed_on_in_the_servers_words(app: Flask, web: Web, model: Model) -> None:
    for extra in ((), ("--follow",)):
        result = predict(app, web.url, "--horizon", "25", *extra)
        assert result.exit_code == 1
        assert "horizon" in result.output


def test_without_a_server_the_message_says_how_to_start_one(app: Flask) -> None:
    for extra in ((), ("--follow",)):
        result = predict(app, f"http://127.0.0.1:{free_port()}", *extra)
        assert result.exit_code == 1
        assert "make run" in result.output


def test_follow_shows_each_forecast_and_score_once_across_a_lost_connection(
    app: Flask, web: Web, settings: Settings, model: Model
) -> None:
    with Line(web.port) as line:
        process = follow(settings, line.url)
        try:
            own = next_line(process)
            line.cut()
            other = forecasts.make(
                {"ticker": TICKER, "interval": INTERVAL, "horizon": 2}, settings, web.publisher
            )
            score_next_candle(web)
            events = [next_line(process) for _ in range(3)]
            assert [(event["seq"], event["type"]) for event in events] == [
                (2, "predicted"),
                (3, "scored"),
                (4, "scored"),
            ]
            assert events[0]["request_id"] == other["request_id"]
            assert {event["request_id"] for event in events[1:]} == {own["request_id"], other["request_id"]}
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.communicate()


def follow(settings: Settings, url: str) -> subprocess.Popen[str]:
    """``flask predict --follow`` in a process of its own, where ctrl-c can reach it."""
    command = (sys.executable, "-m", "flask", "--app", "wsgi", "predict", TICKER, "--follow", "--json")
    return subprocess.Popen(
        [*command, "--horizon", "4", "--server", url],
        cwd=PROJECT_ROOT,
        env=environment_of(settings, {**os.environ, "LOG_LEVEL": "ERROR"}),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def next_line(process: subprocess.Popen[str]) -> dict[str, Any]:
    """The next document that the command prints."""
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("{"), line + process.stdout.read()
    found: dict[str, Any] = json.loads(line)
    return found


def score_next_candle(web: Web) -> None:
    store.upsert(TICKER, INTERVAL, "the shipped sample", TO_COME[:1])
    opened = datetime.fromtimestamp(int(TO_COME.timestamp[0]), UTC)
    assert scoring.settle(TICKER, INTERVAL, opened, opened, web.publisher) == 2
