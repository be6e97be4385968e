"""The whole product, as real processes: a model is trained, forecasts, and is held to account."""

from __future__ import annotations

import io
import threading
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import socketio

from server.market.candles import COLUMNS, Candles, iso_time
from tests.candles import sample_candles
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

TICKER, INTERVAL = "TST-USD", "1h"
ROOM = {"ticker": TICKER, "interval": INTERVAL}
TRAINING = {
    **ROOM,
    "model_type": "CNN",
    "lookback": 10,
    "horizon": 3,
    "epochs": 1,
    "batch_size": 64,
    "seed": 1,
}
# Without a missing candle.
CANDLES = sample_candles()[900:2100]


class Listener:
    """A client that keeps every ``prediction_update`` it receives."""

    def __init__(self, url: str) -> None:
        self._changed = threading.Condition()
        self.received: list[dict[str, Any]] = []
        self.client = socketio.Client(reconnection=False)
        self.client.on("prediction_update", self._receive)
        self.client.connect(url, transports=["websocket"], wait_timeout=10)

    def _receive(self, event: dict[str, Any]) -> None:
        with self._changed:
            self.received.append(event)
            self._changed.notify_all()

    def join(self, **room: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.client.call("join_prediction", room, timeout=20)
        assert answer["ok"], answer
        return answer

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = 60) -> dict[str, Any]:
        """The first event received for which ``wanted`` holds."""

        def found() -> list[dict[str, Any]]:
            return [event for event in self.received if wanted(event)]

        with self._changed:
            assert self._changed.wait_for(lambda: bool(found()), seconds), self.received
            return found()[0]


def store(stack: Stack, candles: Candles) -> None:
    """Import candles over HTTP, as a user does."""
    text = io.StringIO()
    text.write(",".join(COLUMNS) + "\n")
    for row in range(len(candles)):
        values = [repr(float(getattr(candles, name)[row])) for name in COLUMNS[1:]]
        text.write(",".join([iso_time(int(candles.timestamp[row])), *values]) + "\n")
    url = f"{stack.base_url}/api/v1/market/import?ticker={TICKER}&interval={INTERVAL}&source=test"
    request = urllib.request.Request(url, text.getvalue().encode(), {"Content-Type": "text/csv"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


@pytest.fixture
def listener(stack: Stack) -> Iterator[Listener]:
    found = Listener(stack.base_url)
    yield found
    found.client.disconnect()


def train(stack: Stack, seed: int) -> str:
    """A trained model of the series, whose candles are stored if need be; its id."""
    store(stack, CANDLES[:1000])
    session_id: str = stack.call("POST", "/api/v1/train", {**TRAINING, "seed": seed})["session_id"]
    stack.wait_for_status(session_id, "COMPLETED", seconds=120)
    return session_id


def test_a_model_is_trained_forecasts_is_scored_and_forecasts_again_by_itself(
    stack: Stack, listener: Listener
) -> None:
    session_id = train(stack, seed=1)
    (model,) = stack.call("GET", f"/api/v1/models?ticker={TICKER}")["models"]
    assert (model["model_id"], model["version"], model["status"]) == (session_id, 1, "active")

    listener.join(**ROOM)
    listener.join(request_id="asked-by-a-test")
    asked = {**ROOM, "request_id": "asked-by-a-test"}
    answer = stack.call("POST", "/api/v1/predict", asked)
    assert answer["model_id"] == session_id
    assert answer["origin"]["close"] == CANDLES.close[999]
    assert [step["predicted_price"] for step in answer["baseline"]] == [CANDLES.close[999]] * 3
    told = listener.wait_for(lambda event: event["type"] == "predicted" and event["seq"] == 1)
    assert told["data"]["predictions"] == answer["predictions"]
    again = stack.call("POST", "/api/v1/predict", asked)
    assert again["predictions"] == answer["predictions"], "the same request is the same forecast"

    stack.call("PUT", f"/api/v1/market/followed/{TICKER}/{INTERVAL}")
    store(stack, CANDLES[1000:1002])
    scored = listener.wait_for(
        lambda event: event["type"] == "scored" and event["request_id"] == "asked-by-a-test"
    )
    assert [step["actual"] for step in scored["data"]["steps"]] == CANDLES.close[1000:1002].tolist()
    made = listener.wait_for(
        lambda event: (
            event["type"] == "predicted"
            and event["data"]["origin"]["timestamp"] == iso_time(int(CANDLES.timestamp[1001]))
        )
    )
    assert made["data"]["model_id"] == session_id

    # With the predictor away nothing is lost: it settles and forecasts when it is back.
    stack.stop_service("predictor")
    store(stack, CANDLES[1002:1003])
    stack.start_service("predictor")
    stack.wait_until(
        lambda: stack.call("GET", "/api/v1/predictions/asked-by-a-test")["settled_steps"] == 3, seconds=60
    )
    listener.wait_for(
        lambda event: (
            event["type"] == "predicted"
            and event["data"]["origin"]["timestamp"] == iso_time(int(CANDLES.timestamp[1002]))
        )
    )
    (live,) = stack.call("GET", f"/api/v1/predictions/performance?ticker={TICKER}")["groups"]
    assert (live["model_id"], live["rows"]) == (session_id, 4)
    in_order = [event["seq"] for event in listener.received if event["request_id"] != "asked-by-a-test"]
    assert in_order == sorted(set(in_order))


def test_a_later_model_becomes_active_only_when_it_wins_and_the_first_can_be_brought_back(
    stack: Stack,
) -> None:
    if not stack.call("GET", f"/api/v1/models?ticker={TICKER}")["models"]:
        train(stack, seed=1)
    session_id = train(stack, seed=2)
    versions = stack.call("GET", f"/api/v1/models?ticker={TICKER}&sort=version")["models"]
    second = stack.call("GET", f"/api/v1/models/{session_id}")
    assert [model["version"] for model in versions] == [1, 2]
    won = second["comparison"]["rmse"] < second["comparison"]["active_rmse"]
    assert (second["status"] == "active") == won
    assert [model["status"] for model in versions].count("active") == 1
    first = versions[0]["model_id"]
    stack.call("POST", f"/api/v1/models/{first}/activate")
    assert stack.call("POST", "/api/v1/predict", ROOM)["model_id"] == first
    stack.call("POST", f"/api/v1/models/{session_id}/activate")
    assert stack.call("POST", "/api/v1/predict", ROOM)["model_id"] == session_id
