"""One client in the room of a series: does it hear of every forecast that was answered?"""

from __future__ import annotations

import time
from typing import Any, Self

import socketio

from tests.stack import Stack


class ForecastListener:
    """Counts the forecasts that it hears of over WebSocket; it does not connect again by itself."""

    def __init__(self, stack: Stack, ticker: str, interval: str) -> None:
        self._heard: list[int] = []
        self._client = socketio.Client(reconnection=False)
        self._client.on("prediction_update", self._note)
        self._client.connect(stack.base_url, transports=["websocket"])
        self._client.call("join_prediction", {"ticker": ticker, "interval": interval})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()

    def heard(self, expected: int, seconds: float = 10.0) -> int:
        """How many forecasts it has heard of, each counted once; waits for ``expected``."""
        deadline = time.monotonic() + seconds
        while len(set(self._heard)) < expected and time.monotonic() < deadline:
            time.sleep(0.05)
        return len(set(self._heard))

    def _note(self, event: dict[str, Any]) -> None:
        if event["type"] == "predicted":
            self._heard.append(event["seq"])
