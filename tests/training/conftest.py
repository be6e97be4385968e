"""Sessions over a real database, with hand-written stand-ins for room and queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.config import Settings
from server.training import sessions
from server.training.tables import TrainingSession
from tests.training.recording import RecordingPublisher, RecordingQueue

START = datetime(2018, 1, 1, tzinfo=UTC)


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


@pytest.fixture
def queue() -> RecordingQueue:
    return RecordingQueue()


@pytest.fixture
def quick(settings: Settings) -> Settings:
    """Settings with two slots and a short lease."""
    return replace(settings, max_training_sessions=2, lease_seconds=1.0, training_max_attempts=3)


def wanted(**changes: Any) -> dict[str, Any]:
    """A resolved request for a small training."""
    request = {
        "ticker": "BTC-USD",
        "interval": "1h",
        "model_type": "CNN",
        "lookback": 10,
        "horizon": 1,
        "epochs": 4,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "patience": None,
        "seed": 7,
        **changes,
    }
    return {**request, "requested": dict(request), "start": START, "end": START + timedelta(hours=600)}


@pytest.fixture
def start(
    database: None, quick: Settings, publisher: RecordingPublisher, queue: RecordingQueue
) -> Callable[..., TrainingSession]:
    """Starts a session as the view does."""

    def start_session(key: str | None = None, **changes: Any) -> TrainingSession:
        return sessions.start(wanted(**changes), quick, publisher, queue, key)

    return start_session
