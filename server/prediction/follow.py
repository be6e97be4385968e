"""Asking for forecasts and following a series from a terminal or a script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from server.realtime.client import ApiClient, Room, following
from server.realtime.rooms import PREDICTION_UPDATE


class PredictionClient(ApiClient):
    """A client of the prediction API: what curl and a socket client do, for the command line.

    Every call may raise ``Refused`` or ``Unavailable``.
    """

    def predict(self, body: dict[str, Any]) -> dict[str, Any]:
        """``POST /predict``."""
        return self.call("POST", "/predict", json=body)

    @contextmanager
    def follow(self, ticker: str, interval: str) -> Iterator[Iterator[dict[str, Any]]]:
        """The events of a series' room from the beginning of the block on, each once and in order."""
        room = Room("join_prediction", {"ticker": ticker, "interval": interval}, PREDICTION_UPDATE)
        with following(self.server_url, room) as messages:
            yield (payload for _, payload in messages)
