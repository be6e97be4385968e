"""How quickly the dashboard loads and draws, in a real browser."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import OpenPage
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(180)]

Record = Callable[[str, object], None]
FIRST_LOAD_BYTES = 250_000
EPOCHS = 1000
COPY = "CREATE TEMP TABLE copied AS SELECT * FROM training_sessions WHERE id = %s"
LOADED = "performance.getEntriesByType('resource').map(e => ({ name: e.name, size: e.encodedBodySize }))"
# Notes when the replay begins to arrive, and when its last epoch is on the screen.
STOPWATCH = """
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      if (typeof data === "string" && data.includes("joined_training")) window.began = performance.now();
    });
  }
};
const look = () => {
  const curve = document.querySelector("[aria-label^='Loss by epoch, 1000 epochs'] canvas");
  if (curve) window.drawn = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""


def epoch_data(epoch: int) -> dict[str, Any]:
    loss = 0.3 + 1 / (epoch + 10)
    times = {"seconds": 0.5, "eta_seconds": (EPOCHS - epoch) * 0.5}
    losses = {"loss": loss, "val_loss": loss * 1.1, "mae": loss / 2, "val_mae": loss / 2}
    return {"epoch": epoch, "total_epochs": EPOCHS, "learning_rate": 0.001, **losses, **times}


def store_long_session(stack: Stack, template: str, session_id: str) -> None:
    """A cancelled session with a thousand epochs in its log: a copy of a real one, not trained."""
    now = datetime.now(UTC)
    rows = [
        (session_id, epoch, "epoch", "training", 5 + epoch * 0.087, now, json.dumps(epoch_data(epoch)))
        for epoch in range(1, EPOCHS + 1)
    ]
    rows.append((session_id, EPOCHS + 1, "cancelled", "training", 92.0, now, json.dumps({"epoch": EPOCHS})))
    connection = psycopg2.connect(stack.settings.database_url.replace("+psycopg2", ""))
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(COPY, [template])
            cursor.execute(
                "UPDATE copied SET id = %s, last_seq = %s, epoch = %s, total_epochs = %s, "
                "idempotency_key = NULL",
                [session_id, EPOCHS + 1, EPOCHS, EPOCHS],
            )
            cursor.execute("INSERT INTO training_sessions SELECT * FROM copied")
            cursor.executemany(
                "INSERT INTO training_events (session_id, seq, type, stage, progress, timestamp, data) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
    finally:
        connection.close()


def test_a_thousand_replayed_epochs_are_drawn_at_once(
    stack: Stack, open_page: OpenPage, record_property: Record
) -> None:
    body = {"ticker": "BTC-USD", "model_type": "CNN", "epochs": 1000}
    template = stack.call("POST", "/api/v1/train", body)["session_id"]
    stack.call("DELETE", f"/api/v1/train/{template}/cancel")
    session_id = f"{time.time_ns():032x}"
    store_long_session(stack, template, session_id)
    page = open_page("/system")
    page.add_init_script(STOPWATCH)
    page.goto(f"/train/{session_id}")
    expect(page.get_by_text("Epoch 1,000 of 1,000")).to_be_visible()
    milliseconds = page.evaluate("window.drawn - window.began")
    record_property("milliseconds", milliseconds)
    expect(page.get_by_text("This training was cancelled after 1,000 epochs")).to_be_visible()
    # 300 ms on a machine that has nothing else to do; the tests' two cores may.
    assert milliseconds < 900, f"{milliseconds:.0f} ms"


def test_the_first_load_is_small(stack: Stack, open_page: OpenPage, record_property: Record) -> None:
    page = open_page("/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    loaded = page.evaluate(LOADED)
    sizes = [each["size"] for each in loaded if each["name"].endswith(".js")]
    record_property("bytes", sum(sizes))
    assert len(sizes) >= 2
    assert 0 < sum(sizes) <= FIRST_LOAD_BYTES
    assert [each["name"] for each in loaded if not each["name"].startswith(stack.base_url)] == []
