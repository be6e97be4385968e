"""A real Chromium before the real product, for the tests of the dashboard."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from server.config import PROJECT_ROOT
from server.local.dashboard import CLIENT, build, is_stale
from server.local.postgres import EmbeddedPostgres
from tests.exchange.running import RunningExchange, running_exchange
from tests.stack import Stack, running_stack

# Beside the other tests the server may take its time.
expect.set_options(timeout=15_000)

SCREENSHOTS = PROJECT_ROOT / "docs" / "screenshots"
AXE = CLIENT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = ("--no-sandbox", "--disable-background-networking", "--disable-component-update")
GRAVE = ("serious", "critical")

OpenPage = Callable[..., Page]

# An hour of the market in six seconds; it begins so long ago that its candles are never of the future.
MARKET_SPEED, DAYS_BACK = 600.0, 40
SETTINGS: dict[str, Any] = {
    "market_sources": ["coinbase"],
    # Few enough a second that a backfill can be watched.
    "market_rates": ["coinbase=3 per second"],
    "source_failures": 1,
    "source_pause_seconds": 20.0,
    "stream_check_seconds": 10.0,
    "drift_min_outcomes": 20,
}


@pytest.fixture(scope="package")
def exchange() -> Iterator[RunningExchange]:
    """A local exchange with a coin that the shipped sample does not have."""
    arguments = ("--live", "--sample", "--extra", "1", "--speed", str(MARKET_SPEED))
    with running_exchange(*arguments) as started:
        started.set_clock(now=time.time() - DAYS_BACK * 86_400)
        yield started


@pytest.fixture(scope="package")
def stack(servers_folder: Path, postgres: EmbeddedPostgres, exchange: RunningExchange) -> Iterator[Stack]:
    """The product beside the local exchange: one for all tests of this folder."""
    urls = [f"{name}={exchange.url}" for name in ("coinbase", "coingecko")]
    folder = servers_folder / "dashboard"
    with running_stack(folder, postgres, "dashboard", exchange_urls=urls, **SETTINGS) as started:
        yield started


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The dashboard, built from the sources as they are."""
    if is_stale(CLIENT):
        build(tmp_path_factory.mktemp("build") / "dashboard.log", lambda: False, CLIENT)


@pytest.fixture(scope="package")
def browser(built: None) -> Iterator[Browser]:
    """One browser for all tests of this folder."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> Iterator[OpenPage]:
    """``open_page(path, **context options)``: a page of a browser of its own, as a first visitor has it.

    At the end no page may have logged an error: an exception, or what the content policy refused.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def opened(path: str, **options: Any) -> Page:
        context = browser.new_context(
            **{
                "base_url": stack.base_url,
                "viewport": {"width": 1440, "height": 900},
                "locale": "en-GB",
                "timezone_id": "Europe/Berlin",
                "reduced_motion": "reduce",
                **options,
            }
        )
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: _note(message, complaints))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


def _note(message: Any, complaints: list[str]) -> None:
    # Being cut off, and being refused by the server, is what some tests are about.
    expected = ("ERR_", "WebSocket connection", "Failed to load resource")
    if message.type == "error" and not any(part in message.text for part in expected):
        complaints.append(message.text)


def faults_of(page: Page) -> list[str]:
    """What axe finds seriously wrong with a page, one line a rule."""
    # Through the protocol, not as a script of the page: its content policy would refuse that.
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {each['help']}: {json.dumps([node['html'][:160] for node in each['nodes'][:3]])}"
        for each in found["violations"]
        if each["impact"] in GRAVE
    ]


def overflow_of(page: Page) -> int:
    """How many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def picture(page: Page, name: str) -> None:
    """Take the picture for the documentation, when that was asked for (``make screenshots``)."""
    if os.environ.get("UPDATE_SCREENSHOTS"):
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        # What lies under the pointer shows more than a reader sees at first.
        page.mouse.move(0, 0)
        page.screenshot(path=Path(SCREENSHOTS, f"{name}.png"))
