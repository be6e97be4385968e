"""A session with a thousand epochs in its log, and how long a page takes to draw them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg2
from psycopg2 import sql

from tests.stack import Stack

EPOCHS = 1000
BODY = {"ticker": "BTC-USD", "model_type": "CNN", "epochs": EPOCHS}
COPY = "CREATE TEMP TABLE copied AS SELECT * FROM training_sessions WHERE id = %s"
# Notes when the log is asked for, and when its last epoch was drawn; `logEnded`: when its last byte came.
STOPWATCH = """
const ask = window.fetch;
window.fetch = (...given) => {
  if (String(given[0]).includes("/events")) window.began ??= performance.now();
  return ask(...given);
};
window.logEnded = () =>
  performance.getEntriesByType("resource").find(({ name }) => name.includes("/events")).responseEnd;
const look = () => {
  const curve = document.querySelector("[aria-label^='Loss by epoch, 1000 epochs'] canvas");
  if (curve) window.drawn = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def epoch_data(epoch: int, total: int = EPOCHS) -> dict[str, Any]:
    """What a worker tells of an epoch."""
    loss = 0.3 + 1 / (epoch + 10)
    times = {"seconds": 0.5, "eta_seconds": (total - epoch) * 0.5}
    losses = {"loss": loss, "val_loss": loss * 1.1, "mae": loss / 2, "val_mae": loss / 2}
    return {"epoch": epoch, "total_epochs": total, "learning_rate": 0.001, **losses, **times}


def store_long_session(stack: Stack) -> str:
    """A cancelled session with a thousand epochs: a copy of a real one, not trained. Returns its id."""
    now = datetime.now(UTC)
    session_id = copied_session(stack, last_seq=EPOCHS + 1, epoch=EPOCHS, total_epochs=EPOCHS)
    rows = [
        (session_id, epoch, "epoch", "training", 5 + epoch * 0.087, now, json.dumps(epoch_data(epoch)))
        for epoch in range(1, EPOCHS + 1)
    ]
    rows.append((session_id, EPOCHS + 1, "cancelled", "training", 92.0, now, json.dumps({"epoch": EPOCHS})))
    with _connected(stack) as cursor:
        cursor.executemany(
            "INSERT INTO training_events (session_id, seq, type, stage, progress, timestamp, data) "
            "VALUES (%s, %s, %s, %s, %s, %s, %s)",
            rows,
        )
    return session_id


def copied_session(stack: Stack, **columns: Any) -> str:
    """A copy of a session that was cancelled before it began, without events and with these ``columns``."""
    template = stack.call("POST", "/api/v1/train", BODY)["session_id"]
    stack.call("DELETE", f"/api/v1/train/{template}/cancel")
    changed = {"id": f"{time.time_ns():032x}", "idempotency_key": None, **columns}
    with _connected(stack) as cursor:
        cursor.execute(COPY, [template])
        for name, value in changed.items():
            change = sql.SQL("UPDATE copied SET {} = %s").format(sql.Identifier(name))
            cursor.execute(change, [value])
        cursor.execute("INSERT INTO training_sessions SELECT * FROM copied")
    return str(changed["id"])


@contextmanager
def _connected(stack: Stack) -> Iterator[Any]:
    """A cursor whose changes are committed at the end."""
    url = stack.settings.database_url.replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        yield cursor
