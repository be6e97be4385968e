"""Small and long trainings, asked for over HTTP."""

from __future__ import annotations

from typing import Any

from tests.stack import Stack

SMALL = {
    "ticker": "BTC-USD",
    "model_type": "CNN",
    "start_date": "2018-01-01",
    "end_date": "2018-03-31",
    "lookback": 10,
    "epochs": 3,
    "batch_size": 64,
    "seed": 1,
}
LONG = {**SMALL, "end_date": "2019-09-30", "epochs": 1000, "batch_size": 32}


def start(stack: Stack, **changes: Any) -> str:
    """The id of a training of ``SMALL`` with these changes."""
    session_id: str = stack.call("POST", "/api/v1/train", {**SMALL, **changes})["session_id"]
    return session_id


def log_of(stack: Stack, session_id: str) -> list[dict[str, Any]]:
    """The stored events of a session."""
    events: list[dict[str, Any]] = stack.call("GET", f"/api/v1/train/{session_id}/events")["events"]
    return events


def cancel(stack: Stack, session_id: str) -> dict[str, Any]:
    """Cancel a session; its last snapshot."""
    answer: dict[str, Any] = stack.call("DELETE", f"/api/v1/train/{session_id}/cancel")
    return answer
