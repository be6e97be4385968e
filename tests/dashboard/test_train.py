"""The Train screen and the result, as a person meets them."""

from __future__ import annotations

import os
import re
import signal
import tarfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard.conftest import OpenPage, faults_of, overflow_of, picture
from tests.stack import Stack
from tests.training.test_live import import_candles_with_holes

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

SMALL = {"ticker": "BTC-USD", "model_type": "CNN", "lookback": 30, "horizon": 6, "epochs": 4, "seed": 1}
# Long enough to be looked at, cut off and cancelled.
LONG = {**SMALL, "epochs": 1000, "batch_size": 32}
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
SLOW = 90_000
# What the server answers when as many trainings are under way as it takes.
FULL = {"sessions": [], "count": 4, "max_sessions": 4}


def start(stack: Stack, **body: Any) -> str:
    return str(stack.call("POST", "/api/v1/train", {**SMALL, **body})["session_id"])


def seqs_of(page: Page) -> list[int]:
    """The numbers of the log's lines, oldest first."""
    lines = page.get_by_role("region", name="Events, newest first").get_by_role("listitem")
    # Lines out of sight are not laid out, so they have no inner text.
    numbers = lines.evaluate_all("lines => lines.map((line) => Number(line.firstElementChild.textContent))")
    return [int(number) for number in reversed(numbers)]


def wait_for_epoch(page: Page, epoch: int) -> None:
    expect(page.get_by_text(re.compile(rf"^Epoch {epoch} of")).first).to_be_visible(timeout=SLOW)


@pytest.fixture
def cancelled_at_the_end(stack: Stack) -> Any:
    """Sessions put here are cancelled, so that the next test need not wait for them."""
    sessions: list[str] = []
    yield sessions
    for session_id in sessions:
        found = stack.call("GET", f"/api/v1/train/{session_id}/status")
        if found["status"] in ("PENDING", "IN_PROGRESS"):
            stack.call("DELETE", f"/api/v1/train/{session_id}/cancel")


@pytest.fixture(scope="module")
def completed(stack: Stack) -> str:
    """A session that ended well."""
    session_id = start(stack)
    stack.wait_for_status(session_id, "COMPLETED")
    return session_id


def test_a_first_visitor_trains_and_reads_what_it_was_worth(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/")
    expect(page).to_have_url(re.compile("/train$"))
    expect(page.get_by_text("it is hard to beat")).to_be_visible()
    page.get_by_role("button", name="Got it").click()
    page.get_by_label("Ticker").select_option("BTC-USD")
    page.get_by_role("radio", name="CNN Slides").check()
    page.get_by_role("radio", name="Quick look").check()
    page.get_by_text("Advanced parameters").click()
    page.get_by_label("Epochs, at most").fill("5000")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text("Write a whole number from 1 to 1,000")).to_be_visible()
    assert stack.call("GET", "/api/v1/train/running")["count"] == 0
    page.get_by_label("Epochs, at most").fill("4")
    page.get_by_label("Seed").fill("1")
    expect(page.get_by_role("img", name=re.compile("^Closing prices of BTC-USD"))).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("button", name="Start training").click()

    page.wait_for_url(re.compile("/train/[0-9a-f]{32}$"))
    expect(page.get_by_role("progressbar", name="Progress of this training")).to_be_visible()
    expect(page.get_by_text(re.compile("(Beats|Loses to) the naive forecast by .*p "))).to_be_visible(
        timeout=SLOW
    )
    expect(page.get_by_role("row", name=re.compile("^RMSE"))).to_contain_text("USD")
    expect(page.get_by_role("columnheader", name="Naive")).to_be_visible()
    assert seqs_of(page) == list(range(1, len(seqs_of(page)) + 1))
    with page.expect_download() as download:
        page.get_by_role("button", name="Metrics as CSV").click()
    text = download.value.path().read_text()
    assert text.startswith("forecast,step,metric,value\nmodel,all,skill,")
    assert "naive,6,rmse," in text
    assert faults_of(page) == []
    page.reload()
    expect(page.get_by_text(re.compile("the naive forecast by"))).to_be_visible()
    expect(page.get_by_text("it is hard to beat")).to_have_count(0)


def test_everybody_sees_the_same_also_after_a_reload_and_a_lost_connection(
    stack: Stack, open_page: OpenPage, cancelled_at_the_end: list[str]
) -> None:
    session_id = start(stack, **LONG)
    cancelled_at_the_end.append(session_id)
    page, other = open_page(f"/train/{session_id}"), open_page("/train")
    wait_for_epoch(page, 2)
    other.get_by_role("link", name=re.compile("BTC-USD 1h · CNN")).click()
    wait_for_epoch(other, 3)
    page.reload()
    wait_for_epoch(page, 3)

    before = len(seqs_of(page))
    page.context.set_offline(True)
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    stack.wait_for_epoch(session_id, stack_epoch(stack, session_id) + 3)
    page.context.set_offline(False)
    notice = page.get_by_text(re.compile(r"Reconnected, \d+ events caught up\."))
    expect(notice).to_be_visible(timeout=30_000)
    assert int(re.findall(r"\d+", notice.inner_text())[0]) >= 3
    seen, others = seqs_of(page), seqs_of(other)
    assert len(seen) >= before + 3
    for seqs in (seen, others):
        assert seqs == list(range(1, len(seqs) + 1))

    page.get_by_role("button", name="Cancel training").click()
    dialog = page.get_by_role("dialog", name="Cancel this training?")
    assert faults_of(page) == []
    dialog.get_by_role("button", name="Keep training").click()
    assert stack.call("GET", f"/api/v1/train/{session_id}/status")["status"] == "IN_PROGRESS"
    picture(page, "training")
    page.get_by_role("button", name="Cancel training").click()
    dialog.get_by_role("button", name="Cancel training").click()
    for each in (page, other):
        expect(each.get_by_text("This training was cancelled")).to_be_visible()


def test_a_restart_of_the_server_in_mid_training_loses_nothing(
    stack: Stack, open_page: OpenPage, cancelled_at_the_end: list[str]
) -> None:
    session_id = start(stack, **LONG)
    cancelled_at_the_end.append(session_id)
    page = open_page(f"/train/{session_id}")
    wait_for_epoch(page, 2)
    stack.stop_service("web")
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    stack.start_service("web")
    notice = page.get_by_text(re.compile(r"Reconnected, \d+ events? caught up\."))
    expect(notice).to_be_visible(timeout=60_000)
    # The worker went on meanwhile, and what it did is here, each event once.
    assert int(re.findall(r"\d+", notice.inner_text())[0]) >= 1
    wait_for_epoch(page, stack_epoch(stack, session_id) + 1)
    assert seqs_of(page) == list(range(1, len(seqs_of(page)) + 1))


def stack_epoch(stack: Stack, session_id: str) -> int:
    return int(stack.call("GET", f"/api/v1/train/{session_id}/status")["progress"]["epoch"])


def test_a_killed_worker_is_told_and_its_run_goes_on_in_the_same_curve(
    stack: Stack, open_page: OpenPage
) -> None:
    session_id = start(stack, epochs=12)
    page = open_page(f"/train/{session_id}")
    wait_for_epoch(page, 2)
    for worker in stack.worker_pids():
        os.kill(worker, signal.SIGKILL)
    expect(page.get_by_text("Its worker was lost; it waits to go on")).to_be_visible(timeout=60_000)
    expect(page.get_by_text(re.compile("Taken up by another worker"))).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name="Result", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("img", name=re.compile("^Loss by epoch, 12 epochs"))).to_be_visible()


def test_a_failure_says_why_and_offers_the_same_again(stack: Stack, open_page: OpenPage) -> None:
    import_candles_with_holes(stack, "HOLES-USD")
    session_id = start(stack, ticker="HOLES-USD", epochs=2)
    page = open_page(f"/train/{session_id}")
    failure = page.get_by_role("region", name="This training failed")
    expect(failure).to_contain_text("missing candles", timeout=SLOW)
    expect(failure).to_contain_text("too_few_candles")
    assert faults_of(page) == []
    failure.get_by_role("button", name="Try again with the same parameters").click()
    page.wait_for_url(lambda url: session_id not in url)
    stack.wait_for_status(page.url.rpartition("/")[2], "FAILED")
    page.get_by_role("link", name="Change the parameters").click()
    expect(page.get_by_label("Ticker")).to_have_value("HOLES-USD")


def test_what_the_server_refuses_is_shown_at_its_field(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/train")
    page.get_by_label("Ticker").select_option("BTC-USD")
    expect(page.get_by_role("img", name=re.compile("^Closing prices of BTC-USD"))).to_be_visible()
    picture(page, "train")
    page.get_by_label("First day (UTC)").fill("2019-09-01")
    page.get_by_label("Last day (UTC)").fill("2019-09-03")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile(r"candles of BTC-USD 1h lie in this range"))).to_be_visible()
    expect(page.get_by_label("Last day (UTC)")).to_have_attribute("aria-invalid", "true")
    assert stack.call("GET", "/api/v1/train/running")["count"] == 0


def test_a_form_begins_with_the_series_that_is_named_and_tells_when_no_more_is_taken(
    open_page: OpenPage,
) -> None:
    page = open_page("/train?ticker=ETH-USD&interval=1h")
    expect(page.get_by_label("Ticker")).to_have_value("ETH-USD")
    expect(
        page.get_by_text("LSTM on ETH-USD, 1h candles: forecasts the next 24 candles (1 d).")
    ).to_be_visible()
    full = page.get_by_text("4 trainings are under way, and more are not taken at once.")
    expect(full).to_have_count(0)
    page.route("**/train/running", lambda route: route.fulfill(json=FULL))
    expect(full).to_be_visible()


def test_dark_colours_are_kept_and_read_as_well(completed: str, open_page: OpenPage) -> None:
    page = open_page(f"/train/{completed}", color_scheme="light")
    expect(page.get_by_text("Measured coverage")).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("forecasts of the model and of naive against"))
    ).to_be_visible()
    picture(page, "result")
    page.get_by_role("button", name="Change to the dark colours").click()
    page.reload()
    expect(page.get_by_text("Measured coverage")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert faults_of(page) == []
    picture(page, "result-dark")


def test_the_model_of_a_result_is_downloaded_whole(completed: str, open_page: OpenPage) -> None:
    page = open_page(f"/train/{completed}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Model as one file").click()
    assert download.value.suggested_filename == f"{completed}.tar"
    with tarfile.open(download.value.path()) as archive:
        names = {Path(name).name for name in archive.getnames()}
    assert {"manifest.json", "model.onnx", "model.keras"} <= names


def test_a_phone_shows_everything_without_scrolling_sideways(completed: str, open_page: OpenPage) -> None:
    page = open_page("/train", **PHONE)
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
    picture(page, "train-phone")
    page.get_by_role("navigation", name="Screens, at the bottom").get_by_role("link", name="Sessions").click()
    expect(page).to_have_url(re.compile("/sessions$"))
    page.goto(f"/train/{completed}")
    expect(page.get_by_text("All scores")).to_be_visible()
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
