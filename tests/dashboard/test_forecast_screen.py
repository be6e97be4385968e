"""The Forecast screen: the fan, what came of earlier ones, and each new one as it happens."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.market.candles import COLUMNS
from tests.candles import sample_candles
from tests.dashboard.conftest import OpenPage, faults_of, overflow_of, picture
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
TICKER = "FAN-USD"
SMALL = {"model_type": "CNN", "lookback": 30, "horizon": 6, "epochs": 2, "seed": 1}
# Enough for a training, few enough for a quick one.
FIRST_ROWS = 2500


def arrive(
    stack: Stack, ticker: str, first: int, last: int, scale: Callable[[int], float] = lambda _: 1.0
) -> None:
    """Candles ``first`` to ``last - 1`` of the sample arrive as those of ``ticker``, times ``scale``."""
    candles = sample_candles()[first:last]
    columns = [getattr(candles, name) for name in COLUMNS]
    rows = []
    for number, (timestamp, *prices, volume) in enumerate(zip(*columns, strict=True)):
        scaled = (float(price) * scale(number) for price in prices)
        rows.append(",".join(map(str, (timestamp, *scaled, volume))))
    request = urllib.request.Request(
        f"{stack.base_url}/api/v1/market/import?ticker={ticker}&interval=1h&source=a+test",
        data="\n".join([",".join(COLUMNS), *rows]).encode(),
        headers={"Content-Type": "text/csv"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status in (200, 201)


def trained(stack: Stack, ticker: str) -> str:
    arrive(stack, ticker, 0, FIRST_ROWS)
    session_id = str(stack.call("POST", "/api/v1/train", {**SMALL, "ticker": ticker})["session_id"])
    stack.wait_for_status(session_id, "COMPLETED")
    return session_id


@pytest.fixture(scope="module")
def followed(stack: Stack) -> str:
    """A followed series with a model in service and four candles after its data; how many rows it has."""
    model_id = trained(stack, TICKER)
    stack.call("PUT", f"/api/v1/market/followed/{TICKER}/1h")
    for row in range(FIRST_ROWS, FIRST_ROWS + 4):
        arrive(stack, TICKER, row, row + 1)
        wait_for_forecasts(stack, row - FIRST_ROWS + 1)
    return model_id


def forecasts(stack: Stack) -> list[dict[str, Any]]:
    path = f"/api/v1/predictions?ticker={TICKER}&interval=1h&page_size=100"
    found: list[dict[str, Any]] = stack.call("GET", path)["predictions"]
    return found


def wait_for_forecasts(stack: Stack, least: int) -> None:
    stack.wait_until(lambda: len(forecasts(stack)) >= least, 30)


def rows_of(stack: Stack) -> int:
    series = stack.call("GET", "/api/v1/market/tickers")["tickers"]
    return int(next(each["rows"] for each in series if each["ticker"] == TICKER))


def feed(page: Page) -> Any:
    return page.get_by_role("list", name="Events, newest first").get_by_role("listitem")


def test_without_a_model_the_page_says_to_train_one(stack: Stack, open_page: OpenPage) -> None:
    arrive(stack, "BARE-USD", 0, 100)
    page = open_page("/forecast/BARE-USD/1h")
    expect(page.get_by_text("No model yet: train one")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("link", name="Train a forecaster").click()
    expect(page).to_have_url(re.compile("/train$"))


def test_the_fan_stands_beside_naive_and_earlier_forecasts_beside_what_happened(
    stack: Stack, open_page: OpenPage, followed: str
) -> None:
    page = open_page(f"/forecast/{TICKER}/1h", color_scheme="light")
    fan = page.get_by_role("img", name=re.compile(f"^Candles of {TICKER} 1h with the forecast from"))
    expect(fan).to_be_visible()
    expect(fan).to_have_attribute("aria-label", re.compile("the naive forecast stays at [0-9,.]+ USD"))
    for label in ("Naive", "CNN version 1", "80 % band", "95 % band"):
        expect(page.get_by_role("listitem").filter(has_text=re.compile(f"^{label}$")).first).to_be_visible()
    performance = page.get_by_role("region", name="Live performance")
    expect(performance).to_contain_text(re.compile("(Beats|Loses to) the naive forecast by"))
    expect(performance).to_contain_text(re.compile(r"naive [0-9,.]+ USD"))
    expect(performance).to_contain_text("promised 80 %")
    page.get_by_role("button", name="Got it").click()
    assert faults_of(page) == []
    picture(page, "forecast")

    page.get_by_text("Every step in numbers").click()
    steps = page.get_by_role("region", name="Every step of this forecast")
    expect(steps.get_by_role("row")).to_have_count(7)
    page.get_by_label("Draw the other forecasts of the list too").check()
    expect(page.get_by_text("Other forecasts", exact=True)).to_be_visible()
    table = page.get_by_role("region", name="Forecasts, newest first")
    table.get_by_role("button", name=re.compile("^Show the")).first.click()
    expect(page.get_by_role("heading", name="An earlier forecast, and what happened")).to_be_visible()
    expect(page).to_have_url(re.compile("show="))
    expect(steps).to_contain_text("inside 80 %")
    page.reload()
    page.get_by_role("button", name="Back to the newest").click()
    expect(page.get_by_role("heading", name="The newest forecast")).to_be_visible()


def test_a_new_candle_brings_scores_and_a_forecast_also_after_a_lost_connection(
    stack: Stack, open_page: OpenPage, followed: str
) -> None:
    page = open_page(f"/forecast/{TICKER}/1h")
    expect(page.get_by_text("waiting for the next candle")).to_be_visible()
    fan = page.get_by_role("img", name=re.compile("^Candles of"))
    expect(fan).to_be_visible()
    before = fan.get_attribute("aria-label")
    row = rows_of(stack)
    arrive(stack, TICKER, row, row + 1)
    expect(feed(page).filter(has_text="New forecast by CNN version 1")).to_have_count(1, timeout=30_000)
    expect(feed(page).filter(has_text="Scored: step 1").first).to_be_visible()
    expect(fan).not_to_have_attribute("aria-label", str(before))

    page.context.set_offline(True)
    expect(page.get_by_text("The connection is lost.")).to_be_visible()
    known = len(forecasts(stack))
    arrive(stack, TICKER, row + 1, row + 2)
    wait_for_forecasts(stack, known + 1)
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile(r"Reconnected, \d+ events caught up\."))).to_be_visible(timeout=30_000)
    expect(feed(page).filter(has_text="New forecast by CNN version 1")).to_have_count(2)
    assert faults_of(page) == []


def test_what_to_be_wary_of_is_said_in_words(stack: Stack, open_page: OpenPage, followed: str) -> None:
    page = open_page(f"/forecast/{TICKER}/1h")
    page.get_by_role("button", name="Forecast now").click()
    warnings = page.get_by_role("list", name="Warnings")
    expect(warnings).to_contain_text("This forecast does not begin now.")
    expect(warnings).to_contain_text(re.compile(r"[\d,]+ candles of 1h are missing since"))


def test_a_model_whose_files_are_gone_is_said_to_be_unavailable(stack: Stack, open_page: OpenPage) -> None:
    model_id = trained(stack, "LOST-USD")
    page = open_page("/forecast/LOST-USD/1h")
    expect(page.get_by_text("No forecast yet")).to_be_visible()
    # What a web process has in memory it goes on serving.
    stack.stop_service("web")
    for folder in (stack.folder / "artifacts").rglob(model_id):
        shutil.rmtree(folder)
    stack.start_service("web")
    expect(page.get_by_text(re.compile("Reconnected"))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Forecast now").click()
    expect(page.get_by_role("alert").filter(has_text="model_unavailable")).to_be_visible()
    expect(page.get_by_text("CNN version 1 cannot be served.")).to_be_visible()
    expect(page.get_by_role("link", name="Open the model")).to_have_attribute("href", f"/models/{model_id}")


def test_dark_colours_and_a_phone_show_all_of_it(stack: Stack, open_page: OpenPage, followed: str) -> None:
    page = open_page(f"/forecast/{TICKER}/1h", color_scheme="dark", **PHONE)
    expect(page.get_by_role("img", name=re.compile("^Candles of"))).to_be_visible()
    expect(page.get_by_role("region", name="Live performance")).to_contain_text("the naive forecast by")
    assert overflow_of(page) <= 0
    assert faults_of(page) == []
    page.get_by_role("button", name="Got it").click()
    page.get_by_role("img", name=re.compile("^Candles of")).scroll_into_view_if_needed()
    picture(page, "forecast-phone-dark")


def test_a_model_whose_forecasts_miss_is_said_to_drift_as_it_happens(
    stack: Stack, open_page: OpenPage, followed: str
) -> None:
    page = open_page(f"/forecast/{TICKER}/1h", color_scheme="light")
    expect(page.get_by_text("waiting for the next candle")).to_be_visible()
    # A market unlike any that the model has seen: each hour half or twice the price.
    row = rows_of(stack)
    arrive(stack, TICKER, row, row + 8, scale=lambda hour: 2.0 if hour % 2 else 0.5)
    notice = page.get_by_role("status").filter(has_text="CNN version 1 drifts:")
    expect(notice).to_contain_text(re.compile(r"the \d\d % interval covered [\d.]+%"), timeout=40_000)
    expect(feed(page).filter(has_text="CNN version 1 drifts: ")).to_have_count(1)
    assert faults_of(page) == []
    picture(page, "drift")
    notice.get_by_role("link", name="Open the model").click()
    expect(page.get_by_text("Its live forecasts are out of band")).to_be_visible()
    page.goto(f"/models?ticker={TICKER}")
    expect(page.get_by_text(re.compile(r"^\W*Drifts$"))).to_be_visible()
    assert faults_of(page) == []
