"""The whole product, as real processes: trained, watched, killed, cancelled, cut off."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from typing import Any

import pytest

from server.forecasters.artifacts import ArtifactStore
from server.market.candles import COLUMNS
from tests.candles import sample_candles
from tests.stack import Stack
from tests.training.asking import LONG, cancel, log_of, start
from tests.training.watching import Watcher

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

ENDS = ("completed", "failed", "cancelled")


def epochs_of(events: list[dict[str, Any]]) -> list[int]:
    return [event["data"]["epoch"] for event in events if event["type"] == "epoch"]


def numbered_without_hole(events: list[dict[str, Any]]) -> bool:
    return [event["seq"] for event in events] == list(range(1, len(events) + 1))


def test_a_training_streams_every_event_to_its_room_and_leaves_a_model(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack)
        joined = watcher.join(session_id)
        assert joined["ok"]
        watcher.wait_for_type("completed", seconds=120)
        log = log_of(stack, session_id)
        assert watcher.log() == log
    assert numbered_without_hole(log)
    assert [event["type"] for event in log if event["type"] != "stage"] == [
        "queued", "started", "epoch", "epoch", "epoch", "evaluated", "completed",
    ]  # fmt: skip
    assert [event["data"]["stage"] for event in log if event["type"] == "stage"] == [
        "data_fetching", "preprocessing", "feature_engineering", "model_building", "training",
        "evaluating", "exporting",
    ]  # fmt: skip
    percentages = [event["progress"] for event in log]
    assert percentages == sorted(percentages)
    assert percentages[-1] == 100.0
    status = stack.call("GET", f"/api/v1/train/{session_id}/status")
    assert status["status"] == "COMPLETED"
    assert status["metrics"]["rows"] == status["baseline"]["rows"] > 0
    assert status["baseline"]["overall"]["rmse"] > 0
    model = ArtifactStore(stack.settings.artifact_url).open(status["model_id"])
    assert sorted(model.manifest["files"]) == ["model.keras", "model.onnx", "test_part.npz"]
    assert model.manifest["metrics"] == status["metrics"]
    assert model.manifest["spec"]["seed"] == 1
    with urllib.request.urlopen(f"{stack.base_url}/metrics", timeout=10) as answer:
        metrics = answer.read().decode()
    # Counted in the trainer's child, which is gone, and shown by the web process.
    assert 'crypto_predict_training_sessions_total{model_type="CNN",status="COMPLETED"}' in metrics
    assert 'crypto_predict_training_epoch_seconds_count{model_type="CNN"}' in metrics
    assert 'crypto_predict_events_published_total{type="epoch"}' in metrics
    assert "crypto_predict_socketio_connections" in metrics


def test_the_same_seed_gives_the_same_weights(stack: Stack) -> None:
    models = []
    for _ in range(2):
        session_id = start(stack, seed=11, epochs=2)
        models.append(stack.wait_for_status(session_id, "COMPLETED", "FAILED", seconds=120))
    first, second = models
    assert first["metrics"] == second["metrics"]
    losses = [
        [event["data"]["loss"] for event in log_of(stack, model["session_id"]) if event["type"] == "epoch"]
        for model in models
    ]
    assert losses[0] == losses[1]


def test_a_killed_worker_child_is_survived_and_the_numbering_goes_on(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **{**LONG, "epochs": 6})
        watcher.join(session_id)
        started = watcher.wait_for_type("started", seconds=90)
        watcher.wait_for_type("epoch", epoch=2, seconds=90)
        os.kill(int(started["data"]["worker"].split(":")[1]), signal.SIGKILL)
        watcher.wait_for_type("requeued", seconds=60)
        watcher.wait_for_type(*ENDS, seconds=150)
        log = log_of(stack, session_id)
        assert watcher.log() == log
    assert numbered_without_hole(log)
    assert log[-1]["type"] == "completed"
    assert epochs_of(log) == [1, 2, 3, 4, 5, 6]
    restarted = [event for event in log if event["type"] == "started"][1]
    requeued = next(event for event in log if event["type"] == "requeued")
    assert requeued["data"]["reason"] == "worker_lost"
    assert restarted["data"]["resumed_from_epoch"] == requeued["data"]["epoch"] >= 2
    assert restarted["data"]["attempt"] == 2


def test_an_orderly_shutdown_hands_the_run_back_and_another_worker_finishes_it(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **{**LONG, "epochs": 5})
        watcher.join(session_id)
        watcher.wait_for_type("epoch", epoch=1, seconds=90)
        assert stack.stop_service("trainer") == 0
        requeued = watcher.wait_for_type("requeued", seconds=20)
        assert requeued["data"]["reason"] == "worker_shutdown"
        stack.start_service("trainer")
        watcher.wait_for_type(*ENDS, seconds=150)
    log = log_of(stack, session_id)
    assert numbered_without_hole(log)
    assert log[-1]["type"] == "completed"
    assert epochs_of(log) == [1, 2, 3, 4, 5]
    status = stack.call("GET", f"/api/v1/train/{session_id}/status")
    assert status["attempt"] == 2


def test_a_client_that_was_away_gets_what_it_missed_once(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **{**LONG, "epochs": 6})
        watcher.join(session_id)
        watcher.wait_for_type("epoch", epoch=1, seconds=90)
        watcher.client.disconnect()
        last_seen = max(watcher.seqs())
        stack_watch = stack.wait_for_status(session_id, "IN_PROGRESS")
        with Watcher(stack.base_url) as other:
            other.join(session_id)
            other.wait_for_type("epoch", epoch=3, seconds=60)
        watcher.connect()
        joined = watcher.join(session_id, after=last_seen)
        assert joined["last_seq"] > last_seen
        watcher.wait_for_type(*ENDS, seconds=90)
        assert watcher.log() == log_of(stack, session_id)
    assert stack_watch["session_id"] == session_id


def test_restarting_valkey_in_mid_training_loses_no_event_and_the_run_completes(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **{**LONG, "epochs": 8})
        watcher.join(session_id)
        watcher.wait_for_type("epoch", epoch=1, seconds=90)
        stack.valkey.stop()
        stack.wait_for_epoch(session_id, 3)
        stack.valkey.start()
        watcher.wait_for_type(*ENDS, seconds=150)
        log = log_of(stack, session_id)
        watcher.wait_for(lambda _event, _payload: set(watcher.seqs()) >= {event["seq"] for event in log}, 20)
    assert log[-1]["type"] == "completed"
    assert numbered_without_hole(log)
    assert epochs_of(log) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_waiting_session_is_cancelled_within_two_seconds_and_never_starts(stack: Stack) -> None:
    running = start(stack, **LONG)
    stack.wait_for_status(running, "IN_PROGRESS")
    waiting = start(stack)
    asked = time.monotonic()
    cancel(stack, waiting)
    stack.wait_for_status(waiting, "CANCELLED", seconds=2)
    assert time.monotonic() - asked < 2
    cancel(stack, running)
    third = start(stack, epochs=1)
    stack.wait_for_status(third, "COMPLETED", seconds=90)
    assert [event["type"] for event in log_of(stack, waiting)] == ["queued", "cancelled"]


@pytest.mark.parametrize("moment", ["started", "epoch"])
def test_a_running_session_is_cancelled_within_two_seconds_and_its_work_stops(
    stack: Stack, moment: str
) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **LONG)
        watcher.join(session_id)
        watcher.wait_for_type(moment, seconds=90)
        worker = int(watcher.wait_for_type("started")["data"]["worker"].split(":")[1])
        asked = time.monotonic()
        assert cancel(stack, session_id)["status"] == "CANCELLED"
        _, came = watcher.wait_for(lambda event, payload: payload.get("type") == "cancelled", 2)
        assert came - asked < 2
        # The child that ran it is done with it, and replaced, long before 1,000 epochs would be over.
        stack.wait_until(lambda: worker not in stack.worker_pids(), seconds=20)
    log = log_of(stack, session_id)
    assert log[-1]["type"] == "cancelled"
    assert stack.call("GET", f"/api/v1/train/{session_id}/status")["status"] == "CANCELLED"


def import_candles_with_holes(stack: Stack, ticker: str) -> None:
    """Real candles with every twentieth left out: enough of them, but no window of 30 without a gap."""
    candles = sample_candles()[:2000]
    columns = [getattr(candles, name) for name in COLUMNS]
    rows = [",".join(map(str, row)) for number, row in enumerate(zip(*columns, strict=True)) if number % 20]
    request = urllib.request.Request(
        f"{stack.base_url}/api/v1/market/import?ticker={ticker}&interval=1h&source=a+test",
        data="\n".join([",".join(COLUMNS), *rows]).encode(),
        headers={"Content-Type": "text/csv"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (200, 201)


def test_a_run_that_cannot_succeed_fails_with_the_reason_and_tells_the_room(stack: Stack) -> None:
    import_candles_with_holes(stack, "HOLES-USD")
    with Watcher(stack.base_url) as watcher:
        request = {"ticker": "HOLES-USD", "model_type": "CNN", "lookback": 30, "epochs": 3}
        session_id = stack.call("POST", "/api/v1/train", request)["session_id"]
        watcher.join(session_id)
        ended = watcher.wait_for_type(*ENDS, seconds=90)
        error, _ = watcher.wait_for(lambda event, payload: event == "error_update", 5)
    assert ended["type"] == "failed"
    assert "missing candles" in ended["data"]["message"]
    assert error["session_id"] == session_id
    assert error["error_code"] == ended["data"]["error_code"] == "too_few_candles"
    assert stack.call("GET", f"/api/v1/train/{session_id}/status")["error"] == ended["data"]


def test_progress_inside_an_epoch_is_shown_and_not_stored(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher:
        session_id = start(stack, **{**LONG, "model_type": "LSTM", "epochs": 50, "lookback": 60})
        watcher.join(session_id)
        progress, _ = watcher.wait_for(lambda event, _payload: event == "training_progress", 90)
        assert progress["session_id"] == session_id
        assert 0 < progress["batch"] <= progress["batches"]
        assert "seq" not in progress
        cancel(stack, session_id)
    assert {event["type"] for event in log_of(stack, session_id)} <= {
        "queued",
        "started",
        "stage",
        "epoch",
        "cancelled",
    }
