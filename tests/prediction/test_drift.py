"""When live figures leave their band, and when they are back."""

from __future__ import annotations

from typing import Any

import pytest

from server.config import Settings
from server.prediction.drift import Band, decide

BAND = Band.of(Settings())


def figures(rows: int = 5000, **changes: Any) -> dict[str, Any]:
    """Live figures of a model that does what it promised."""
    return {
        "rows": rows,
        "skill": 0.01,
        "excess_loss": -0.5,
        "coverage_80": 0.79,
        "coverage_80_interval": [0.75, 0.83],
        "coverage_95": 0.94,
        "coverage_95_interval": [0.92, 0.96],
        **changes,
    }


NARROW = {"coverage_80": 0.65, "coverage_80_interval": [0.6, 0.7]}
WIDE = {"coverage_80": 0.93, "coverage_80_interval": [0.9, 0.96]}
POOR = {"skill": -0.09, "excess_loss": 3.1}


def test_a_model_within_its_band_does_not_drift() -> None:
    verdict = decide(figures(), BAND, drifting=False)
    assert verdict is not None
    assert not verdict.drifting
    assert verdict.reason == ""


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (NARROW, "the 80 % interval covered 65.0%, more than 10 points off"),
        (WIDE, "the 80 % interval covered 93.0%, more than 10 points off"),
        (
            {"coverage_95": 0.8, "coverage_95_interval": [0.75, 0.85]},
            "the 95 % interval covered 80.0%, more than 10 points off",
        ),
        (POOR, "the skill against naive is -0.090, below -0.05"),
    ],
)
def test_a_figure_beyond_its_limit_is_drift_and_says_which(changes: dict[str, Any], reason: str) -> None:
    verdict = decide(figures(**changes), BAND, drifting=False)
    assert verdict is not None
    assert (verdict.drifting, verdict.reason) == (True, reason)


def test_every_reason_is_told() -> None:
    verdict = decide(figures(**NARROW, **POOR), BAND, drifting=False)
    assert verdict is not None
    assert verdict.reason.count(";") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"coverage_80": 0.65, "coverage_80_interval": [0.4, 0.85]},
        {"skill": -0.09, "excess_loss": 1.2},
        {"skill": -0.09, "excess_loss": None},
    ],
)
def test_what_may_be_luck_begins_no_drift_and_ends_none(changes: dict[str, Any]) -> None:
    for drifting in (False, True):
        verdict = decide(figures(**changes), BAND, drifting=drifting)
        assert verdict is not None
        assert verdict.drifting is drifting


def test_a_drifting_model_is_back_when_all_figures_are_within() -> None:
    verdict = decide(figures(), BAND, drifting=True)
    assert verdict is not None
    assert not verdict.drifting


@pytest.mark.parametrize("found", [None, figures(rows=199), figures(rows=199, **NARROW)])
def test_too_few_outcomes_say_nothing(found: dict[str, Any] | None) -> None:
    assert decide(found, BAND, drifting=False) is None
    assert decide(found, BAND, drifting=True) is None


def test_without_a_skill_coverage_alone_decides() -> None:
    verdict = decide(figures(skill=None, excess_loss=None), BAND, drifting=False)
    assert verdict is not None
    assert not verdict.drifting


def test_the_settings_are_the_band() -> None:
    band = Band.of(Settings(drift_coverage_points=3.0, drift_skill=0.0, drift_min_outcomes=7))
    assert band == Band(coverage=0.03, skill=0.0, min_outcomes=7)
    verdict = decide(figures(rows=7, coverage_80=0.76, coverage_80_interval=[0.74, 0.78]), band, False)
    assert verdict is not None
    assert verdict.drifting
