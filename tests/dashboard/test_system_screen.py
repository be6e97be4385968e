"""The System screen: what works, and in words what does not."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.dashboard.conftest import OpenPage, faults_of, overflow_of, picture
from tests.exchange.running import RunningExchange
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}


def test_each_part_its_workers_and_its_numbers_are_shown(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/system", color_scheme="light")
    expect(page.get_by_text("Everything works.")).to_be_visible()
    parts = page.get_by_role("region", name="Parts")
    for name in ("Database", "Cache", "Task queue", "Workers", "Model files"):
        expect(parts.get_by_text(re.compile(f"^{name} works"))).to_be_visible()
    queues = page.get_by_role("list", name="Workers by queue")
    for queue in ("training", "prediction"):
        expect(
            queues.get_by_role("listitem").filter(has=page.get_by_text(queue, exact=True))
        ).to_contain_text("1 worker")
    expect(page.get_by_text(re.compile(r"^0 of \d+ trainings at once"))).to_be_visible()
    expect(page.get_by_text("by WebSocket; events arrive as they happen")).to_be_visible()
    # Two readings make a rate.
    expect(page.get_by_text(re.compile(r"^[\d.]+ / s$")).first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("sqlalchemy")).to_be_visible()
    assert faults_of(page) == []
    picture(page, "system")
    page.route("**/health/detailed", lambda route: route.abort())
    expect(page.get_by_text(re.compile(r"^What follows is how it was at \d\d:\d\d:\d\d\.$"))).to_be_visible()
    expect(page.get_by_text("Everything works.")).to_have_count(0)
    expect(parts).to_contain_text("Each was asked then")
    page.unroute("**/health/detailed")
    expect(page.get_by_text("Everything works.")).to_be_visible()


def test_a_source_that_fails_is_said_to_be_left_alone_and_a_schedule_is_run(
    stack: Stack, open_page: OpenPage, exchange: RunningExchange
) -> None:
    since = {"ticker": "C000-USD", "interval": "1d", "since": "2026-01-01T00:00:00Z"}
    exchange.fault("status", times=None, where="coinbase", status=500)
    try:
        job = stack.call("POST", "/api/v1/market/backfill", since)["job_id"]
        page = open_page("/system", color_scheme="dark")
        sources = page.get_by_role("list", name="Sources of market data").get_by_role("listitem")
        coinbase = sources.filter(has_text="coinbase")
        expect(coinbase).to_contain_text("left alone", timeout=30_000)
        expect(coinbase).to_contain_text("1 call failed in a row: it is asked again in")
        expect(coinbase).to_contain_text("Last failure")
        expect(sources.filter(has_text="coingecko")).to_contain_text("not asked yet")
        schedule = page.get_by_role("list", name="Schedules").get_by_role("listitem").first
        schedule.get_by_role("button", name=re.compile("^Run now")).click()
        expect(schedule).to_contain_text(re.compile("Ended well|Failed"), timeout=30_000)
        assert faults_of(page) == []
        page.goto("/market")
        waiting = page.get_by_role("list", name="Backfills, newest first").get_by_role("listitem").first
        expect(waiting).to_contain_text("It will be tried again:")
    finally:
        exchange.calm()
    stack.call("DELETE", f"/api/v1/market/jobs/{job}")


def test_a_part_that_is_away_is_named_with_what_still_works(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/system", color_scheme="dark")
    expect(page.get_by_text("Everything works.")).to_be_visible()
    stack.stop_service("trainer")
    try:
        expect(page.get_by_text("It works in part: no workers.")).to_be_visible(timeout=30_000)
        expect(page.get_by_text("What is stored is still shown, and trainings are queued")).to_be_visible()
        expect(page.get_by_text("No live worker takes from the queue training").first).to_be_visible()
        assert faults_of(page) == []
    finally:
        stack.start_service("trainer")
        stack.wait_for_worker("trainer")
    expect(page.get_by_text("Everything works.")).to_be_visible(timeout=30_000)


def test_a_server_that_is_down_is_said_with_its_answer_and_not_as_a_failed_page(
    stack: Stack, open_page: OpenPage
) -> None:
    page = open_page("/train")
    down = {"status": "down", "critical": True, "latency_ms": 2000.0, "error": "timeout", "details": {}}
    body = {
        **stack.call("GET", "/health/detailed"),
        "status": "down",
        "checks": {"database": down, "worker": {**down, "critical": False}},
    }
    page.route("**/health/detailed", lambda route: route.fulfill(status=503, json=body))
    page.route("**/metrics", lambda route: route.fulfill(status=404, body=""))
    page.get_by_role("link", name="System").first.click()
    expect(page.get_by_text("The product cannot do its work: no database and workers.")).to_be_visible()
    expect(page.get_by_text("Nothing can be shown or stored until PostgreSQL is back.")).to_be_visible()
    expect(page.get_by_text("These numbers are not to be had here")).to_be_visible()


def test_a_phone_shows_the_system_without_scrolling_sideways(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/system", **PHONE)
    expect(page.get_by_text("Everything works.")).to_be_visible()
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
