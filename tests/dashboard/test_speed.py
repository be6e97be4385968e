"""How quickly the dashboard loads and draws, in a real browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import OpenPage
from tests.dashboard.long_session import STOPWATCH, store_long_session
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(180)]

Record = Callable[[str, object], None]
FIRST_LOAD_BYTES = 250_000
LOADED = "performance.getEntriesByType('resource').map(e => ({ name: e.name, size: e.encodedBodySize }))"


def test_a_thousand_replayed_epochs_are_all_drawn(
    stack: Stack, open_page: OpenPage, record_property: Record
) -> None:
    session_id = store_long_session(stack)
    page = open_page("/system")
    page.add_init_script(STOPWATCH)
    page.goto(f"/train/{session_id}")
    expect(page.get_by_text("Epoch 1,000 of 1,000")).to_be_visible()
    # How long it took is what `python -m benchmarks dashboard` judges, on a machine that does nothing else.
    record_property("milliseconds", page.evaluate("drawn - began"))
    expect(page.get_by_text("This training was cancelled after 1,000 epochs")).to_be_visible()


def test_the_first_load_is_small(stack: Stack, open_page: OpenPage, record_property: Record) -> None:
    page = open_page("/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    loaded = page.evaluate(LOADED)
    sizes = [each["size"] for each in loaded if each["name"].endswith(".js")]
    record_property("bytes", sum(sizes))
    assert len(sizes) >= 2
    assert 0 < sum(sizes) <= FIRST_LOAD_BYTES
    assert [each["name"] for each in loaded if not each["name"].startswith(stack.base_url)] == []
