"""A market that one file's tests have for themselves: its candles, trainings and models."""

from __future__ import annotations

import urllib.request
from typing import Any

from server.market.candles import COLUMNS
from tests.candles import sample_candles
from tests.stack import Stack

# A market of its own: what other tests train is not seen here.
TICKER = "OWN-USD"
CANDLES = 3000
SMALL = {"ticker": TICKER, "model_type": "CNN", "lookback": 20, "horizon": 4, "epochs": 3, "batch_size": 64}


def import_candles(stack: Stack) -> None:
    candles = sample_candles()[:CANDLES]
    rows = zip(*(getattr(candles, name) for name in COLUMNS), strict=True)
    text = "\n".join([",".join(COLUMNS), *(",".join(map(str, row)) for row in rows)])
    request = urllib.request.Request(
        f"{stack.base_url}/api/v1/market/import?ticker={TICKER}&interval=1h&source=a+test",
        data=text.encode(),
        headers={"Content-Type": "text/csv"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (200, 201)


def train(stack: Stack, **changes: Any) -> str:
    return str(stack.call("POST", "/api/v1/train", {**SMALL, **changes})["session_id"])


def models_of(stack: Stack, status: str) -> list[dict[str, Any]]:
    found = stack.call("GET", f"/api/v1/models?ticker={TICKER}&model_type=CNN&status={status}")
    return list(found["models"])


def other_than_active(stack: Stack) -> dict[str, Any]:
    return next(model for status in ("candidate", "archived") for model in models_of(stack, status))
