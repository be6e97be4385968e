"""Which model becomes active, and in which words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.forecasters.comparison import Comparison
from server.registry.decision import ActiveModelChanged, Finding, Uncompared, decide

WON = Comparison(
    active_id="old",
    rows=1234,
    horizon=24,
    start="2024-01-01T00:00:00Z",
    end="2024-02-21T09:00:00Z",
    rmse=120.5,
    active_rmse=130.25,
    naive_rmse=125.0,
    p_value=0.012,
)
LOST = replace(WON, rmse=140.0, p_value=0.4)


@pytest.mark.parametrize("finding", [None, WON, LOST, Uncompared("whatever")])
def test_the_first_model_of_a_kind_becomes_active(finding: Finding) -> None:
    decision = decide(None, finding)
    assert decision.activate
    assert decision.reason == "first model of its kind"


def test_a_smaller_error_wins_and_the_sentence_has_the_numbers() -> None:
    decision = decide("old", WON)
    assert decision.activate
    for part in (
        "beats",
        "120.5",
        "130.25",
        "naive 125",
        "1,234",
        "steps 1 to 24",
        "2024-01-01",
        "2024-02-21",
    ):
        assert part in decision.reason
    assert "is distinguishable from luck (Diebold-Mariano p = 0.012)" in decision.reason


def test_a_larger_error_stays_a_candidate() -> None:
    decision = decide("old", LOST)
    assert not decision.activate
    assert "does not beat" in decision.reason
    assert "not distinguishable from luck (Diebold-Mariano p = 0.4)" in decision.reason


def test_an_equal_error_changes_nothing() -> None:
    equal = replace(WON, rmse=WON.active_rmse, p_value=None)
    decision = decide("old", equal)
    assert not decision.activate
    assert "undefined" in decision.reason


@pytest.mark.parametrize("active_id", [None, "old"])
def test_without_a_comparison_the_obstacle_is_the_reason(active_id: str | None) -> None:
    decision = decide("old", Uncompared("the store burned down", active_id))
    assert not decision.activate
    assert decision.reason == "the store burned down"


@pytest.mark.parametrize("finding", [None, WON, Uncompared("its artifact is damaged", "old")])
def test_what_was_found_about_another_model_decides_nothing(finding: Finding) -> None:
    with pytest.raises(ActiveModelChanged):
        decide("newer", finding)
