"""The Market screen: what is stored, and the import of a file."""

from __future__ import annotations

import re
import urllib.error
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import DAYS_BACK, OpenPage, faults_of, overflow_of, picture
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

# The coin that only the exchange has.
LIVE = "C000-USD"
PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
BAD_FILE = """timestamp,open,high,low,close,volume
2024-01-01T00:00:00Z,1,2,0.5,1.5,10
2024-01-01T01:00:00Z,1.5,1.2,1.6,1.5,10
2024-01-01T02:00:00Z,1.5,2,abc,1.5,10
2024-01-01T03:00:00Z,1.5,2,1,1.75,10
"""


def choose(page: Page, name: str, text: str) -> None:
    page.get_by_label("Drop a CSV file here").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": text.encode()}
    )


def drop(page: Page, target: Locator, name: str, text: str) -> None:
    """Drop a file as a person does, from outside of the browser."""
    files = page.evaluate_handle(
        "([name, text]) => { const dropped = new DataTransfer();"
        " dropped.items.add(new File([text], name, {type: 'text/csv'})); return dropped; }",
        [name, text],
    )
    target.dispatch_event("drop", {"dataTransfer": files})


def test_every_series_shows_its_price_its_gaps_and_how_old_it_is(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market", color_scheme="light")
    line = (
        page.get_by_role("list", name="Stored series").get_by_role("listitem").filter(has_text="BTC-USD 1h")
    )
    expect(line).to_contain_text("8,331.14 USD")
    expect(line).to_contain_text(re.compile(r"[+−]\d+\.\d\d % in 1 d"))
    expect(line).to_contain_text("years behind")
    expect(line.get_by_role("button", name="7 missing in 4 gaps")).to_be_visible()
    expect(line.get_by_role("img", name="Closes of the last 96 candles of BTC-USD 1h")).to_be_visible()
    line.get_by_role("button", name="7 missing").focus()
    expect(page.get_by_role("tooltip")).to_contain_text("UTC")
    assert faults_of(page) == []
    picture(page, "market")


def fetch(page: Page, ticker: str, days: int) -> None:
    since = datetime.now(UTC) - timedelta(days=DAYS_BACK + days)
    page.get_by_label("Ticker to fetch").fill(ticker)
    page.get_by_label("Since (UTC)").fill(f"{since:%Y-%m-%d}")
    page.get_by_role("button", name="Fetch candles").click()


def test_candles_are_fetched_with_progress_and_what_fails_is_said(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market", color_scheme="light")
    page.get_by_role("button", name="Got it").click()
    jobs = page.get_by_role("list", name="Backfills, newest first").get_by_role("listitem")
    fetch(page, "BITCOIN", 90)
    expect(page.get_by_text("Write BASE-QUOTE, like BTC-USD.")).to_be_visible()
    fetch(page, "NOPE-USD", 90)
    expect(jobs.first).to_contain_text("Failed")
    expect(jobs.first).to_contain_text("no_source")

    fetch(page, LIVE, 600)
    progress = jobs.first.get_by_role("progressbar", name=f"Backfill of {LIVE} 1h")
    expect(progress).not_to_have_attribute("aria-valuenow", "0")
    fetch(page, LIVE, 60)
    expect(page.get_by_role("alert").filter(has_text="job_active")).to_be_visible()
    page.get_by_role("heading", name="Fetch from an exchange").scroll_into_view_if_needed()
    jobs.last.scroll_into_view_if_needed()
    picture(page, "backfill")
    jobs.first.get_by_role("button", name="Cancel").click()
    expect(jobs.first).to_contain_text("Cancelled")

    fetch(page, LIVE, 60)
    expect(jobs.first).to_contain_text("Completed")
    expect(jobs.first).to_contain_text("candles from coinbase")
    expect(page.get_by_role("link", name=f"{LIVE} 1h")).to_be_visible()
    assert faults_of(page) == []


def test_a_followed_price_moves_and_says_when_it_does_not(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market", color_scheme="dark")
    line = page.get_by_role("list", name="Stored series").get_by_role("listitem").filter(has_text=LIVE)
    line.get_by_role("button", name=f"Follow {LIVE} 1h").click()
    expect(line.get_by_text(re.compile("^● Live$"))).to_be_visible(timeout=40_000)
    # Whoever listens hears one sentence of the whole list, not every line of it.
    expect(line.get_by_role("status")).to_have_count(0)
    expect(page.get_by_role("status").filter(has_text="followed prices")).to_have_count(1)
    price = line.get_by_text(re.compile(r"^[\d,.]+ USD$"))
    expect(price).not_to_have_text(price.inner_text(), timeout=30_000)
    # A candle that ends is counted.
    stored = line.get_by_text(re.compile(r"^[\d,]+ candles$"))
    expect(stored).not_to_have_text(stored.inner_text(), timeout=30_000)
    expect(line).to_contain_text("Up to date")

    page.get_by_role("link", name=f"{LIVE} 1h").click()
    chart = page.get_by_role("img", name=re.compile(f"^500 candles of {LIVE} 1h"))
    expect(chart).to_be_visible()
    candles = page.get_by_role("region", name="Candles", exact=True)
    expect(candles).to_contain_text(re.compile(r"Now [\d,.]+ USD"))
    # A candle that closes is appended, without a reload.
    expect(chart).not_to_have_attribute("aria-label", str(chart.get_attribute("aria-label")), timeout=30_000)
    assert faults_of(page) == []
    picture(page, "live-dark")

    state = page.get_by_role("status").filter(has_text=re.compile("Live|Reconnecting")).last
    page.context.set_offline(True)
    expect(state).to_have_text("↻ Reconnecting")
    page.context.set_offline(False)
    expect(state).to_have_text("● Live", timeout=30_000)
    page.get_by_role("button", name=f"✓ Following {LIVE} 1h").click()
    expect(page.get_by_role("button", name=f"Follow {LIVE} 1h")).to_have_attribute("aria-pressed", "false")
    assert LIVE not in [each["ticker"] for each in stack.call("GET", "/api/v1/market/followed")["followed"]]


def test_a_dropped_file_is_refused_by_line_and_its_sound_rows_can_be_taken(
    stack: Stack, open_page: OpenPage
) -> None:
    page = open_page("/market")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Choose a file first.")).to_be_visible()
    expect(page.get_by_text("Write BASE-QUOTE, like BTC-USD.")).to_be_visible()

    drop(page, page.get_by_text("Drop a CSV file here, or choose one"), "BAD-EUR_1h.csv", BAD_FILE)
    expect(page.get_by_label("Ticker", exact=True)).to_have_value("BAD-EUR")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Nothing was stored: 2 of 4 rows cannot be used.")).to_be_visible()
    faults = page.get_by_role("region", name="Faults by line")
    expect(
        faults.get_by_role("row", name=re.compile("^3 high 1.2 the high is below the low"))
    ).to_be_visible()
    expect(faults.get_by_role("row", name=re.compile("^4 low abc"))).to_be_visible()
    assert faults_of(page) == []
    with pytest.raises(urllib.error.HTTPError):
        stack.call("GET", "/api/v1/market/candles?ticker=BAD-EUR&interval=1h")
    faults.scroll_into_view_if_needed()
    picture(page, "import-errors")

    page.get_by_role("button", name="Import the 2 sound rows only").click()
    expect(page.get_by_text("2 candles of BAD-EUR 1h are stored")).to_be_visible()
    expect(page.get_by_text("2 are missing between them, in 1 gap.")).to_be_visible()
    line = page.get_by_role("list", name="Stored series").get_by_role("listitem").filter(has_text="BAD-EUR")
    expect(line).to_contain_text("1.75 EUR")
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("heading", name="BAD-EUR 1h")).to_be_visible()
    # Two candles are too few for an average of twenty: the server's sentence says so.
    expect(page.get_by_text(re.compile("The first value needs 15 candles"))).to_be_visible()


def test_a_file_that_is_no_table_of_candles_is_refused_with_the_reason(
    stack: Stack, open_page: OpenPage
) -> None:
    page = open_page("/market")
    choose(page, "NOTE-USD_1h.csv", "dear diary\ntoday nothing happened\n")
    page.get_by_role("button", name="Import", exact=True).click()
    alert = page.get_by_role("alert").filter(has_text="request")
    expect(alert).to_contain_text("invalid_input")
    expect(page.get_by_role("region", name="Faults by line")).to_have_count(0)


def test_a_series_that_is_not_stored_says_so_and_where_to_get_it(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market/NONE-USD/1h")
    expect(page.get_by_text("No candles of NONE-USD 1h are stored")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    page.get_by_role("link", name="Go to Market").click()
    page.get_by_role("link", name="Import a file").click()
    expect(page.get_by_role("region", name="Import candles")).to_be_focused()


def test_one_of_many_series_is_found_by_its_name(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market")
    listed = page.get_by_role("list", name="Stored series").get_by_role("listitem")
    expect(listed.first).to_be_visible()
    many = [f"T{number:02}-USD" for number in range(40)]
    one = stack.call("GET", "/api/v1/market/tickers")["tickers"][0]
    page.route(
        "**/market/tickers",
        lambda route: route.fulfill(json={"tickers": [{**one, "ticker": each} for each in many]}),
    )
    page.reload()
    expect(listed).to_have_count(40)
    page.get_by_label("Find a series").fill("t07")
    expect(listed).to_have_count(1)
    expect(page.get_by_role("status").filter(has_text="1 of 40 series")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_label("Followed only").check()
    expect(page.get_by_text("No stored series is like that.")).to_be_visible()


def test_candles_are_shown_with_the_indicators_that_are_chosen(stack: Stack, open_page: OpenPage) -> None:
    page = open_page("/market/BTC-USD/1h", color_scheme="dark")
    expect(page.get_by_role("img", name=re.compile("^500 candles of BTC-USD 1h"))).to_be_visible()
    expect(page.get_by_role("button", name="RSI 14")).to_have_attribute("aria-pressed", "true")
    with page.expect_response(lambda response: "indicators" in response.url and "macd" in response.url):
        page.get_by_role("button", name="MACD 12, 26, 9").click()
    page.get_by_label("How many candles").select_option("10000")
    expect(page.get_by_role("img", name=re.compile("^10,000 candles of BTC-USD 1h"))).to_be_visible()
    assert faults_of(page) == []
    page.get_by_label("How many candles").select_option("200")
    expect(page.get_by_role("img", name=re.compile("^200 candles of BTC-USD 1h"))).to_be_visible()
    picture(page, "candles-dark")


def test_a_phone_shows_market_and_candles_without_scrolling_sideways(
    stack: Stack, open_page: OpenPage
) -> None:
    page = open_page("/market", **PHONE)
    expect(page.get_by_role("link", name="BTC-USD 1h")).to_be_visible()
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
    page.evaluate("window.scrollTo(0, 300)")
    page.get_by_role("link", name="BTC-USD 1h").click()
    expect(page.get_by_role("img", name=re.compile("^500 candles"))).to_be_visible()
    # A new screen begins at its top, for the eyes and for the keyboard; the one before is left as it was.
    assert page.evaluate("window.scrollY") == 0
    expect(page.get_by_role("main")).to_be_focused()
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
