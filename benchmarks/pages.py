"""Pages of a real Chromium, and what is noted in them while they are measured."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.dashboard.conftest import ARGUMENTS
from tests.stack import Stack

MEGABYTE = 1_000_000
# When the form is there, and when a choice made then and there has changed it.
FORM_WATCH = """
const look = () => {
  const choice = document.querySelector("input[type=radio]:not(:checked)");
  const buttons = [...document.querySelectorAll("button")];
  const start = buttons.find(({ textContent }) => textContent === "Start training");
  if (!choice || !start) return requestAnimationFrame(look);
  choice.click();
  const answered = () => {
    if (choice.checked) window.answered = performance.now();
    else requestAnimationFrame(answered);
  };
  requestAnimationFrame(answered);
};
window.blocked = 0;
new PerformanceObserver((found) => {
  for (const { duration } of found.getEntries()) window.blocked += Math.max(0, duration - 50);
}).observe({ type: "longtask", buffered: true });
requestAnimationFrame(look);
"""
LOADED = """() => {
  const files = performance.getEntriesByType("resource");
  const size = (ending) => files.filter(({ name }) => name.endsWith(ending))
    .reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0);
  const [paint] = performance.getEntriesByName("first-contentful-paint");
  return { script: size(".js"), style: size(".css"), paint: paint.startTime, answered, blocked };
}"""
# For each event: milliseconds from its row, and from its arrival, until the first task behind the frame that
# shows it. The log's newest line tells which event is shown.
PIXELS = """
window.painted = [];
const waiting = [];
const Real = window.WebSocket;
window.WebSocket = class extends Real {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", ({ data }) => {
      const found = /"training_update".*?"seq": ?(\\d+).*?"timestamp": ?"([^"]+)"/.exec(data);
      if (found) waiting.push([Number(found[1]), Date.parse(found[2]), performance.now()]);
    });
  }
};
const behind = new MessageChannel();
behind.port1.onmessage = ({ data: shown }) => {
  const now = performance.now();
  while (waiting.length > 0 && waiting[0][0] <= shown) {
    const [, written, arrived] = waiting.shift();
    window.painted.push([performance.timeOrigin + now - written, now - arrived]);
  }
};
let newest = 0;
const look = () => {
  const line = document.querySelector("[aria-label='Events, newest first'] li span");
  const shown = Number(line?.textContent ?? 0);
  if (shown > newest) behind.port2.postMessage((newest = shown));
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
FRAMES = """() => {
  window.frameTimes = [];
  const note = (now) => { window.frameTimes.push(now); requestAnimationFrame(note); };
  requestAnimationFrame(note);
}"""


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """The machine's Chromium, without a window; ``None`` where there is none."""
    found = shutil.which("chromium")
    if found is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def page_of(browser: Browser, stack: Stack, script: str = "") -> Iterator[Page]:
    """A page of a first visitor, 1440 pixels wide; ``script`` runs in it before its own."""
    context = browser.new_context(base_url=stack.base_url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    if script:
        page.add_init_script(script)
    yield page
    context.close()


def wait_for(page: Page, expression: str, seconds: float = 30.0) -> None:
    """Until ``expression`` is true in the page.

    Asked for again and again from outside: Playwright's own waiting would have the page evaluate a string,
    which its content policy refuses.
    """
    deadline = time.monotonic() + seconds
    while not page.evaluate(f"Boolean({expression})"):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds:.0f} s: {expression}")
        time.sleep(0.05)


def session_of(page: Page) -> CDPSession:
    """The page's debugging protocol."""
    found = page.context.new_cdp_session(page)
    found.send("Performance.enable")
    return found


def heap(protocol: CDPSession) -> float:
    """What the page's scripts hold (MB), after a forced collection."""
    protocol.send("HeapProfiler.collectGarbage")
    metrics: list[dict[str, Any]] = protocol.send("Performance.getMetrics")["metrics"]
    used: float = next(each["value"] for each in metrics if each["name"] == "JSHeapUsedSize")
    return used / MEGABYTE
