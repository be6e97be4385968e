"""Sessions, models and their comparison, as a person meets them."""

from __future__ import annotations

import re
import tarfile
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import OpenPage, faults_of, overflow_of, picture
from tests.dashboard.own_market import TICKER, import_candles, models_of, other_than_active, train
from tests.stack import Stack

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.timeout(240)]

PHONE = {"viewport": {"width": 375, "height": 812}, "has_touch": True, "is_mobile": True}
ACTIVE = re.compile(r"^★\s*Active$")
# Longer than the lists wait before they ask again.
NEXT_LOOK = 25_000


class Trained(NamedTuple):
    """Ids of models, which are those of their sessions."""

    first: str
    second: str
    shorter: str
    cancelled: str


@pytest.fixture(scope="module")
def trained(stack: Stack) -> Trained:
    """Two models that compete, one with another horizon, and a session without a model."""
    import_candles(stack)
    ids = [
        train(stack, seed=1),
        train(stack, seed=2),
        train(stack, seed=3, model_type="LSTM-CNN", horizon=2),
    ]
    for each in ids:
        stack.wait_for_status(each, "COMPLETED")
    cancelled = train(stack, epochs=1000)
    stack.call("DELETE", f"/api/v1/train/{cancelled}/cancel")
    return Trained(*ids, cancelled)


def rows_of(page: Page, caption: str) -> list[str]:
    found = page.get_by_role("region", name=caption).locator("tbody tr th")
    expect(found.first).to_be_visible()
    return found.all_inner_texts()


def sideways_of(page: Page) -> list[str]:
    """The names of the tables that are wider than their place."""
    tables = page.get_by_role("main").get_by_role("region")
    found = tables.evaluate_all(
        "each => each.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.ariaLabel)"
    )
    return list(found)


def dialog_of(page: Page) -> Locator:
    return page.get_by_role("dialog")


def test_the_history_is_narrowed_sorted_and_leads_to_results(trained: Trained, open_page: OpenPage) -> None:
    page = open_page("/sessions")
    expect(page.get_by_text("Tick up to six rows")).to_be_visible()
    page.get_by_label("Ticker").select_option(TICKER)
    expect(page.get_by_text("1 to 4 of 4 sessions")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Skill")).click()
    expect(page.get_by_role("columnheader", name=re.compile("^Skill"))).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(page).to_have_url(re.compile("sort=-skill"))
    last = page.get_by_role("region", name="Training sessions").locator("tbody tr").last
    # Without a skill it comes last, and shows none instead of a zero.
    expect(last).to_contain_text("Cancelled")
    expect(last).to_contain_text("–")
    assert faults_of(page) == []
    picture(page, "sessions")
    page.reload()
    page.get_by_label("Status").select_option("FAILED")
    expect(page.get_by_text("No session fits")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    page.get_by_label("Ticker").select_option(TICKER)
    page.get_by_label("Network").select_option("LSTM-CNN")
    page.get_by_role("link", name=f"LSTM-CNN on {TICKER}").click()
    expect(page).to_have_url(re.compile(f"/train/{trained.shorter}$"))
    expect(page.get_by_text("Measured coverage")).to_be_visible()


def test_a_cancelled_session_is_tried_again(stack: Stack, trained: Trained, open_page: OpenPage) -> None:
    page = open_page(f"/sessions?ticker={TICKER}&status=CANCELLED")
    page.get_by_role("button", name=re.compile("^Retry: CNN on OWN-USD")).first.click()
    page.wait_for_url(re.compile("/train/[0-9a-f]{32}$"))
    again = page.url.rpartition("/")[2]
    params = stack.call("GET", f"/api/v1/train/{again}/status")["params"]
    stack.call("DELETE", f"/api/v1/train/{again}/cancel")
    before = stack.call("GET", f"/api/v1/train/{trained.cancelled}/status")["params"]
    assert params == before
    assert again != trained.cancelled


def test_two_sessions_are_compared_with_naive_and_the_difference_in_words(
    trained: Trained, open_page: OpenPage
) -> None:
    page = open_page(f"/sessions?ticker={TICKER}&model_type=CNN&status=COMPLETED")
    boxes = page.get_by_role("checkbox", name=re.compile("^Compare CNN"))
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        box.check()
    chosen = page.get_by_role("region", name="Chosen for comparison")
    expect(chosen).to_contain_text("2 of 6")
    chosen.get_by_role("link", name="Compare 2").click()
    expect(page.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    scores = page.get_by_role("region", name="Scores of all and of naive")
    assert [row.split()[0] for row in rows_of(page, "Scores of all and of naive")] == ["A", "B", "Naive"]
    best = scores.get_by_role("img", name="best")
    assert best.count() >= 3
    expect(
        page.get_by_text(re.compile(r"error is [\d.]+ % smaller than .’s on [\d,]+ forecasts"))
    ).to_be_visible()
    expect(page.get_by_text(re.compile(r"\(p (= |< )[\d.]+\)")).first).to_be_visible()
    expect(page.get_by_role("img", name="Loss in validation by epoch, of A, B.")).to_be_visible()
    expect(page.get_by_text("They forecast differently far ahead")).to_have_count(0)
    # Alike but for their seeds, which therefore stand with their names.
    compared = page.get_by_role("list", name="What is compared")
    expect(compared.get_by_text(re.compile(r"^seed \d$"))).to_have_count(2)
    assert rows_of(page, "Bands of all and of naive") == rows_of(page, "Scores of all and of naive")
    assert sideways_of(page) == []
    assert faults_of(page) == []
    picture(page, "compare")
    page.set_viewport_size({"width": 600, "height": 900})
    heads = page.get_by_role("region", name="Scores of all and of naive").get_by_role("columnheader")
    expect(heads).to_have_text(["Score", "ACNN", "BCNN", "Naive"])
    assert sideways_of(page) == []


def test_what_cannot_be_compared_is_said(trained: Trained, open_page: OpenPage) -> None:
    ids = ",".join((trained.first, trained.second, trained.shorter, trained.cancelled))
    page = open_page(f"/compare?ids={ids}")
    expect(page.get_by_text("They forecast differently far ahead (A: 4, B: 4, C: 2 candles)")).to_be_visible()
    expect(page.get_by_text("D has no scores")).to_be_visible()
    rows = [row.split("\n")[0] for row in rows_of(page, "Scores of all and of naive")]
    assert rows == ["A", "B", "Naive", "C", "Naive"]
    assert sideways_of(page) == []
    page.get_by_label("How many candles ahead").select_option("3")
    pairs = page.get_by_role("region", name="Against each other").get_by_role("listitem")
    expect(pairs).to_have_count(1)
    page.get_by_role("button", name=re.compile("^Leave out D")).click()
    expect(page.get_by_text("has no scores")).to_have_count(0)
    page.goto("/compare?ids=unknown")
    expect(page.get_by_role("alert")).to_contain_text("not_found")
    page.goto("/compare")
    expect(page.get_by_text("Nothing is chosen yet")).to_be_visible()


def test_a_model_is_activated_and_rolled_back_after_both_were_seen(
    stack: Stack, trained: Trained, open_page: OpenPage
) -> None:
    [active] = models_of(stack, "active")
    other = other_than_active(stack)
    page = open_page(f"/models?ticker={TICKER}")
    place = page.get_by_role("region", name=f"Models of {TICKER} 1h CNN")
    expect(place.get_by_text(ACTIVE)).to_have_count(1)
    expect(place).to_contain_text(re.compile("(Does not beat|Beats) the active model|Replaced by"))
    assert faults_of(page) == []
    picture(page, "models")
    place.get_by_role(
        "button", name=re.compile(f"(Activate|Roll back): CNN version {other['version']}")
    ).click()
    figures = dialog_of(page).get_by_role("region", name="Figures of both models")
    for version in (f"Version {other['version']}", f"Version {active['version']}, active"):
        expect(figures.get_by_role("columnheader", name=version, exact=True)).to_be_visible()
    expect(figures.get_by_text(re.compile("naive .* USD")).first).to_be_visible()
    expect(dialog_of(page)).to_contain_text("test rows")
    assert dialog_of(page).evaluate("each => each.scrollWidth - each.clientWidth") <= 0
    assert faults_of(page) == []
    dialog_of(page).get_by_role("button", name="Leave as it is").click()
    assert models_of(stack, "active")[0]["model_id"] == active["model_id"]

    change(page, other["version"])
    expect(page.get_by_text(f"CNN version {other['version']} is now the active model").first).to_be_visible()
    newest = page.get_by_role("region", name="Activations").get_by_role("listitem").first
    expect(newest).to_contain_text(f"version {other['version']} of CNN · {TICKER} 1h")
    expect(newest).to_contain_text(f"Activated by request in place of version {active['version']}.")
    change(page, active["version"])
    expect(newest).to_contain_text(f"version {active['version']} of CNN")
    assert models_of(stack, "active")[0]["model_id"] == active["model_id"]


def change(page: Page, version: int) -> None:
    page.get_by_role("button", name=re.compile(f"(Activate|Roll back): CNN version {version}")).click()
    dialog_of(page).get_by_role("button", name=re.compile("^(Activate|Roll back)$")).click()
    expect(dialog_of(page)).to_have_count(0)


def test_what_others_activate_appears_without_a_reload(
    stack: Stack, trained: Trained, open_page: OpenPage
) -> None:
    other = other_than_active(stack)
    listed, shown = open_page(f"/models?ticker={TICKER}"), open_page(f"/models/{other['model_id']}")
    expect(shown.get_by_role("button", name=re.compile("(Activate|Roll back): "))).to_be_visible()
    sentence = f"Version {other['version']} is active: forecasts come from it."
    cards = listed.get_by_role("region", name=f"CNN · {TICKER} 1h", exact=True)
    expect(cards).not_to_contain_text(sentence)
    stack.call("POST", f"/api/v1/models/{other['model_id']}/activate")
    expect(cards).to_contain_text(sentence, timeout=NEXT_LOOK)
    expect(shown.get_by_text(ACTIVE)).to_be_visible(timeout=NEXT_LOOK)


def test_a_model_page_tells_everything_beside_naive_and_drift(trained: Trained, open_page: OpenPage) -> None:
    page = open_page(f"/models/{trained.second}")
    expect(page.get_by_role("heading", name=f"CNN version 2 · {TICKER} 1h")).to_be_visible()
    for heading in ("Naive", "Drift"):
        expect(page.get_by_role("columnheader", name=heading, exact=True)).to_be_visible()
    against = page.get_by_role("region", name="Against the model that was active then")
    expect(against).to_contain_text(re.compile(r"luck.*\(p (= |< )0\.\d+\)"))
    candles = page.get_by_role("region", name="Candles", exact=True)
    expect(candles).to_contain_text("3,000 candles from 1 Oct 2017")
    for part in ("train", "validation", "calibration", "test"):
        expect(candles.get_by_role("row", name=re.compile(f"^{part}"))).to_be_visible()
    made_of = page.get_by_role("region", name="Made of")
    for name in ("keras", "tensorflow", "model.onnx"):
        expect(made_of.get_by_text(name, exact=True)).to_be_visible()
    expect(
        page.get_by_role("img", name=re.compile("^300 forecasts of the model and of naive"))
    ).to_be_visible()
    page.get_by_label("How many forecasts").select_option("100")
    page.get_by_label("How far ahead").select_option("4")
    expect(
        page.get_by_role("img", name=re.compile("^100 forecasts of the model and of naive"))
    ).to_be_visible()
    assert faults_of(page) == []
    picture(page, "model")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == f"{trained.second}.tar"
    with tarfile.open(download.value.path()) as packed:
        assert any(name.endswith("model.onnx") for name in packed.getnames())


def test_an_active_model_is_not_deleted_and_another_one_is(
    stack: Stack, trained: Trained, open_page: OpenPage
) -> None:
    [active] = models_of(stack, "active")
    other = other_than_active(stack)
    page = open_page(f"/models/{active['model_id']}")
    page.get_by_role("button", name=re.compile("^Delete: ")).click()
    dialog_of(page).get_by_role("button", name="Delete", exact=True).click()
    refusal = dialog_of(page).get_by_role("alert")
    expect(refusal).to_contain_text(
        f"is the active model of {TICKER} 1h CNN: activate or train another one first"
    )
    expect(refusal).to_contain_text("model_active")
    dialog_of(page).get_by_role("button", name="Keep it").click()
    page.goto(f"/models/{other['model_id']}")
    page.get_by_role("button", name=re.compile("^Delete: ")).click()
    dialog_of(page).get_by_role("button", name="Delete", exact=True).click()
    page.wait_for_url(re.compile("/models$"))
    remaining = stack.call("GET", f"/api/v1/models?ticker={TICKER}&model_type=CNN")["models"]
    assert [model["model_id"] for model in remaining] == [active["model_id"]]
    page.goto(f"/models/{other['model_id']}")
    expect(page.get_by_role("alert")).to_contain_text("There is no model")


@pytest.mark.parametrize("options", [PHONE, {"color_scheme": "dark"}], ids=["phone", "dark"])
def test_on_a_phone_and_in_the_dark_everything_can_be_read(
    trained: Trained, open_page: OpenPage, options: dict[str, Any]
) -> None:
    parts: dict[str, tuple[Any, str]] = {
        "/sessions": ("columnheader", "Asked for"),
        "/models": ("heading", "Activations"),
        f"/models/{trained.shorter}": ("heading", "Made of"),
        f"/compare?ids={trained.first},{trained.shorter}": ("heading", "Learning curves"),
    }
    page = open_page("/sessions", **options)
    for path, (role, name) in parts.items():
        page.goto(path)
        expect(page.get_by_role(role, name=name)).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert overflow_of(page) <= 0, path
        # What a comparison holds may be more than a phone is wide; a list stacks.
        assert path.startswith("/compare") or sideways_of(page) == [], path
        assert faults_of(page) == [], path
