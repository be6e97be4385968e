"""Operations beside the running product: what its logs tell, what the doctor says, a backup under way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from server.extensions import db
from server.local.services import log_of
from server.operations import restore
from tests.applications import application
from tests.stack import Stack
from tests.training.watching import Watcher

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(180)]
TRAINING = {
    "ticker": "BTC-USD", "interval": "1h", "model_type": "CNN", "lookback": 10, "epochs": 2, "seed": 1,
    "start_date": "2018-01-01T00:00:00Z", "end_date": "2018-03-01T00:00:00Z",
}  # fmt: skip
REQUEST_ID = "chosen-by-the-client.7"


def flask(stack: Stack, *arguments: str) -> Any:
    """A ``flask`` command with the settings of the stack."""
    changes = {"async_mode": "threading", "log_level": "WARNING", "prometheus_multiproc_dir": ""}
    with application(stack.settings, **changes) as app:
        ran = app.test_cli_runner().invoke(args=list(arguments))
        with app.app_context():
            db.engine.dispose()
    return ran


def lines_with(stack: Stack, service: str, request_id: str) -> list[dict[str, Any]]:
    """The log lines of a service that carry a request's id."""
    text = log_of(stack.folder, service).read_text()
    return [json.loads(line) for line in text.splitlines() if request_id in line and line.startswith("{")]


def test_one_request_id_runs_through_web_worker_and_room(stack: Stack, tmp_path: Path) -> None:
    with Watcher(stack.base_url) as watcher:
        started = stack.call("POST", "/api/v1/train", TRAINING, **{"X-Request-ID": REQUEST_ID})
        session_id = started["session_id"]
        watcher.join(session_id)
        watcher.wait_for_type("started")
        backup = flask(stack, "backup", str(tmp_path / "busy.backup"))
        watcher.wait_for_type("completed", "failed", seconds=90)
        received = watcher.log()
    web, trainer = (lines_with(stack, name, REQUEST_ID) for name in ("web", "trainer"))
    assert {"request", "training.event"} <= {line["event"] for line in web}
    assert {line["session_id"] for line in web if line["event"] == "training.event"} == {session_id}
    events = [line for line in trainer if line["event"] == "training.event"]
    assert {line["task"] for line in trainer} == {"training.train"}
    assert len({line["task_id"] for line in trainer}) == 1
    # What the room saw is what the lines name, by session and number.
    seen = {(event["session_id"], event["seq"], event["type"]) for event in received}
    logged = {(line["session_id"], line["seq"], line["type"]) for line in (*web, *events) if "seq" in line}
    assert received[-1]["type"] == "completed"
    assert logged == seen

    assert backup.exit_code == 0, backup.output
    with restore.opened(tmp_path / "busy.backup") as reader:
        reader.verify(lambda _: None)
        assert reader.manifest.tables["training_events"] >= 2


def test_the_doctor_finds_the_running_product_healthy(stack: Stack, only_web: None) -> None:
    ran = flask(stack, "doctor", "--json")
    document = json.loads(ran.stdout)
    problems = [finding for finding in document["findings"] if finding["status"] == "problem"]
    assert problems == []
    assert (ran.exit_code, document["healthy"]) == (0, True)
    assert stack.settings.secret_key not in ran.output
