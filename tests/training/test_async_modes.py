"""The same room in each way of waiting for clients; gevent, the default, has the other live tests."""

from __future__ import annotations

import pytest

from tests.stack import Stack
from tests.training.watching import Watcher

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

TRAINING = {
    "ticker": "BTC-USD",
    "model_type": "CNN",
    "start_date": "2018-01-01",
    "end_date": "2018-02-28",
    "lookback": 10,
    "epochs": 2,
}


@pytest.mark.parametrize(
    "stack",
    [{"async_mode": "eventlet"}, {"async_mode": "threading"}],
    indirect=True,
    ids=["eventlet", "threading"],
)
def test_a_room_works_in_every_async_mode(stack: Stack) -> None:
    with Watcher(stack.base_url) as watcher, Watcher(stack.base_url, ("polling",)) as poller:
        session_id = stack.call("POST", "/api/v1/train", TRAINING)["session_id"]
        for each in (watcher, poller):
            assert each.join(session_id)["ok"]
            assert each.call("join_training", {"session_id": "nonsense"})["ok"] is False
        for each in (watcher, poller):
            each.wait_for_type("completed", seconds=120)
        log = stack.call("GET", f"/api/v1/train/{session_id}/events")["events"]
        assert [event["seq"] for event in log] == list(range(1, len(log) + 1))
        assert watcher.log() == poller.log() == log
        assert watcher.call("leave_training", {"session_id": session_id})["ok"]
    with Watcher(stack.base_url) as late:
        late.join(session_id, after=3)
        late.wait_for_type("completed", seconds=10)
        assert late.payloads("training_update") == log[3:]
