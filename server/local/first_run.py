"""Something to watch on the very first run: a short real training, asked for as any client would."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from server.config import Settings
from server.local.terminal import say

FIRST_TRAINING = {
    "ticker": "BTC-USD",
    "model_type": "CNN",
    "interval": "1h",
    "lookback": 48,
    "horizon": 24,
    "epochs": 8,
    "seed": 1,
}


def can_train(settings: Settings) -> bool:
    """Whether the server is ready and a worker has given a sign of life."""
    try:
        with urllib.request.urlopen(settings.own_url("/health/ready"), timeout=5) as answer:  # noqa: S310
            return bool(json.load(answer)["checks"]["worker"]["status"] == "ok")
    except OSError:
        return False


def start_first_training(settings: Settings, folder: Path) -> None:
    """Ask for a training once in the life of ``folder``, and say how to follow it."""
    marker = folder / "first-training"
    if marker.exists():
        return
    try:
        session = _post_training(settings)
    except OSError as error:
        say(f"The first training was not accepted ({error}); start one as the README shows.")
        return
    marker.write_text(session["session_id"])
    say(
        "A first training has started: a CNN on BTC-USD. Follow it in another terminal:\n"
        f"  .venv/bin/flask --app wsgi train --attach {session['session_id']}\n"
    )


def _post_training(settings: Settings) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - http, our own
        settings.own_url("/api/v1/train"),
        data=json.dumps(FIRST_TRAINING).encode(),
        headers={"Content-Type": "application/json", "Idempotency-Key": "the first training"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - http, our own
        session: dict[str, Any] = json.load(answer)
    return session
