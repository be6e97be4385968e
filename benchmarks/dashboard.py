"""The dashboard in a real browser: how soon it is there, and whether it keeps up.

Debian's Chromium without a window, 1440 x 900, on the machine that runs the product too; the processor draws,
for there is no graphics card, so a frame costs more than on a desk. *Interactive* is the time from opening
`/train`, with nothing cached, until the form has answered a choice that was made as soon as it was there.
*Replayed* is from asking for the log of a session with 1,000 epochs until they are drawn as a curve.
*Panned* are candles with a forecast's bands, zoomed out as far as the chart goes, dragged to and fro; the
time between two frames is noted for each. *Pixels* is from the arrival of a message in the page, and from
the commit of its row, until the first task behind the frame that shows it. *Memory* is what the page's
scripts hold after a forced collection, at the same epoch of one run after the other; the first one warms up.
As a rule it is watched for minutes, with `DASHBOARD_HOUR=1` for an hour.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Browser, Page, Route, expect

from benchmarks.pages import FORM_WATCH, FRAMES, LOADED, PIXELS, chromium, heap, page_of, session_of, wait_for
from benchmarks.product import Poster, running_product
from benchmarks.report import Row, quick
from benchmarks.trained_model import INTERVAL, TICKER, TRAINING, train
from server.local.dashboard import CLIENT, build, is_stale
from server.local.environment import environment_of
from tests.dashboard.long_session import EPOCHS, STOPWATCH, copied_session, store_long_session
from tests.stack import Stack

SCRIPT_GOAL, INTERACTIVE_GOAL, REPLAY_GOAL = 250.0, 1500.0, 300.0
FRAMES_GOAL, PIXELS_GOAL, GROWTH_GOAL = 50.0, 100.0, 1.1
CANDLES, RATE = 10_000, 20
HOUR_EVENTS = 3600 * RATE
SOFTWARE = "drawn by the processor: there is no graphics card"


def run() -> list[Row]:
    """Build the dashboard if need be, start the product, and look at it."""
    with chromium() as browser:
        if browser is None:
            return [Row("dashboard", "not measured", "", note="there is no chromium")]
        if is_stale(CLIENT):
            with tempfile.TemporaryDirectory() as folder:
                build(Path(folder, "dashboard.log"), lambda: False, CLIENT)
        with running_product(rate_limit_enabled=False) as stack:
            rows = [*_loaded(browser, stack), _replayed(browser, stack)]
            rows += [*_pixels(browser, stack), _memory(browser, stack)]
            return [*rows, *_panned(browser, stack)]


def _loaded(browser: Browser, stack: Stack) -> list[Row]:
    found = []
    for _ in range(2 if quick() else 7):
        with page_of(browser, stack, FORM_WATCH) as page:
            page.goto("/train")
            wait_for(page, "window.answered")
            found.append(page.evaluate(LOADED))
    names = ("script", "style", "paint", "answered", "blocked")
    script, style, paint, answered, blocked = [median(each[name] for each in found) for name in names]
    return [
        Row("first load: scripts, compressed", script / 1000, "kB", None, None,
            f"at most {SCRIPT_GOAL:.0f} kB", script / 1000 <= SCRIPT_GOAL,
            f"and {style / 1000:.1f} kB of styles"),
        Row("first load: first contentful paint", paint, "ms"),
        Row("first load: interactive", answered, "ms", None, None, f"below {INTERACTIVE_GOAL:,.0f} ms",
            answered < INTERACTIVE_GOAL,
            f"median of {len(found)}; blocked for {blocked:.0f} ms by tasks beyond 50 ms each"),
    ]  # fmt: skip


def _replayed(browser: Browser, stack: Stack) -> Row:
    session_id, found = store_long_session(stack), []
    for _ in range(2 if quick() else 9):
        with page_of(browser, stack, STOPWATCH) as page:
            page.goto(f"/train/{session_id}")
            wait_for(page, "window.drawn")
            found.append(page.evaluate("[drawn - began, drawn - logEnded()]"))
    taken, behind = (median(each) for each in zip(*found, strict=True))
    slowest = max(total for total, _ in found)
    note = f"median of {len(found)}, the slowest {slowest:.0f}; {behind:.0f} ms of it after its last byte"
    name = f"{EPOCHS:,} epochs replayed on joining: drawn"
    goal = f"at most {REPLAY_GOAL:.0f} ms"
    return Row(name, taken, "ms", None, None, goal, taken <= REPLAY_GOAL, note)


def _pixels(browser: Browser, stack: Stack) -> list[Row]:
    seconds = 5 if quick() else 60
    session_id = _running_session(stack)
    with page_of(browser, stack, PIXELS) as page:
        _watch(page, session_id)
        with _epochs(stack, session_id, seconds, EPOCHS) as writer:
            writer.wait()
        _wait_for_line(page, RATE * seconds)
        painted = np.array(page.evaluate("painted"))
    written, arrived = np.percentile(painted, 95, axis=0)
    note = f"{len(painted):,} of {RATE * seconds:,} events; median {np.median(painted[:, 1]):.0f} ms"
    name = f"{RATE} epochs a second: message to pixels, p95"
    goal = f"at most {PIXELS_GOAL:.0f} ms"
    return [
        Row(name, float(arrived), "ms", None, None, goal, bool(arrived <= PIXELS_GOAL), note),
        Row(f"{RATE} epochs a second: row in the database to pixels, p95", float(written), "ms"),
    ]


def _memory(browser: Browser, stack: Stack) -> Row:
    rounds, epochs = _length()
    session_id, held = _running_session(stack), []
    with page_of(browser, stack) as page:
        protocol = session_of(page)
        _watch(page, session_id)
        with _epochs(stack, session_id, rounds * epochs // RATE, epochs):
            for number in range(1, rounds + 1):
                seq = number * epochs - RATE
                _wait_for_line(page, seq)
                held.append(heap(protocol))
    # The first run also warms up: code is compiled, and polls answer for the first time.
    first, last = held[1], held[-1]
    seconds = rounds * epochs // RATE
    name = f"{RATE} epochs a second for {seconds:,} s: memory; peer: after {2 * epochs // RATE} s"
    goal, note = f"at most {GROWTH_GOAL} x", "MB after each run: " + ", ".join(f"{each:.2f}" for each in held)
    return Row(name, last, "MB", first, last / first, goal, last <= GROWTH_GOAL * first, note)


def _length() -> tuple[int, int]:
    """How many runs of how many epochs."""
    if os.environ.get("DASHBOARD_HOUR"):
        return HOUR_EVENTS // EPOCHS, EPOCHS
    return (3, 100) if quick() else (9, 400)


def _panned(browser: Browser, stack: Stack) -> list[Row]:
    train(stack, TRAINING)
    Poster(stack).call("POST", "/predict", {"ticker": TICKER, "interval": INTERVAL})
    with page_of(browser, stack) as page:
        page.route(re.compile("/market/candles"), _more_candles)
        with page.expect_response(re.compile(f"/market/candles.*limit={CANDLES}")) as answered:
            page.goto(f"/forecast/{TICKER}/{INTERVAL}")
        drawn = len(answered.value.json()["candles"])
        chart = page.get_by_role("img", name=re.compile(f"^Candles of {TICKER}"))
        expect(chart).to_be_visible()
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box is not None
        frames = np.diff(_drag(page, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    rate, slow = 1000 / frames.mean(), float(np.percentile(frames, 95))
    name = f"{drawn:,} candles with forecast bands panned"
    goal = f"at least {FRAMES_GOAL:.0f}"
    return [
        Row(name, float(rate), "frames/s", None, None, goal, bool(rate >= FRAMES_GOAL), SOFTWARE),
        Row(f"{name}: time between frames, p95", slow, "ms", note=f"{len(frames)} frames"),
    ]


def _more_candles(route: Route) -> None:
    """The screen asks for 1,000; ten times as many are drawn."""
    route.continue_(url=re.sub(r"limit=\d+", f"limit={CANDLES}", route.request.url))


def _drag(page: Page, x: float, y: float) -> list[float]:
    """Zoom out, pan to and fro; when each frame was drawn (milliseconds)."""
    page.mouse.move(x, y)
    for _ in range(12):
        page.mouse.wheel(0, 800)
    page.evaluate(FRAMES)
    page.mouse.down()
    for side in (1, -1) if quick() else (1, -1) * 3:
        page.mouse.move(x + side * 350, y, steps=120)
    page.mouse.up()
    found: list[float] = page.evaluate("frameTimes")
    return found


def _running_session(stack: Stack) -> str:
    """A session in training that no worker has: nobody will take it up for a day."""
    now = datetime.now(UTC)
    return copied_session(
        stack, status="IN_PROGRESS", stage="training", last_seq=0, epoch=0, attempt=1,
        lease_owner="benchmark", lease_expires_at=now + timedelta(days=1), started_at=now, finished_at=None,
    )  # fmt: skip


def _watch(page: Page, session_id: str) -> None:
    page.goto(f"/train/{session_id}")
    expect(page.get_by_role("progressbar", name="Progress of this training")).to_be_visible()


def _wait_for_line(page: Page, seq: int) -> None:
    newest = "document.querySelector(\"[aria-label='Events, newest first'] li span\")?.textContent"
    wait_for(page, f"Number({newest}) >= {seq}", seconds=120)


@contextmanager
def _epochs(stack: Stack, session_id: str, seconds: int, epochs: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that writes ``RATE`` epochs a second, for as long as the block runs."""
    numbers = map(str, (RATE, seconds, epochs))
    command = [sys.executable, "-m", "benchmarks.epoch_writer", session_id, *numbers]
    environment = {**environment_of(stack.settings, os.environ), "LOG_LEVEL": "WARNING"}
    writer = subprocess.Popen(command, env=environment)
    began = time.monotonic()
    try:
        yield writer
        if code := writer.wait(max(1.0, began + seconds + 60 - time.monotonic())):
            raise RuntimeError(f"the writer of epochs ended with code {code}")
    finally:
        writer.kill()
        writer.wait()
