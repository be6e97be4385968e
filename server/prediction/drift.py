"""Does a model still do what it did on its test part? A decision on live figures, without acting.

A figure is out of its band when it lies beyond a limit *and* that is more than luck: live forecasts
overlap, and what a week of them shows is worth a handful of independent ones. A drifting model is back
only when every figure lies within its limit, so that a figure at the limit does not go to and fro.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from server.config import Settings
from server.forecasters.conformal import LEVELS
from server.forecasters.significance import Z_95

SHOWN: Final = (
    "rows",
    "origins",
    "skill",
    "coverage_80",
    "coverage_95",
    "rmse",
    "naive_rmse",
    "first",
    "last",
)
"""The figures that are kept beside a decision."""


@dataclass(frozen=True, slots=True)
class Band:
    """Where live figures may lie: coverage within ``coverage`` (a share) of nominal, ``skill`` at least so.

    A model with fewer than ``min_outcomes`` scored steps is not judged.
    """

    coverage: float
    skill: float
    min_outcomes: int

    @classmethod
    def of(cls, settings: Settings) -> Band:
        """The band that the settings describe."""
        return cls(settings.drift_coverage_points / 100.0, settings.drift_skill, settings.drift_min_outcomes)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the model drifts, and why in words: empty when it does not."""

    drifting: bool
    reason: str


def decide(figures: Mapping[str, Any] | None, band: Band, drifting: bool) -> Verdict | None:
    """Judge ``figures`` (of ``performance.report``; None: no outcome) of a model that is ``drifting`` or not.

    None while there are too few outcomes to say anything: the model stays what it was.
    """
    if figures is None or figures["rows"] < band.min_outcomes:
        return None
    outside = list(_outside(figures, band))
    decisive = [reason for reason, is_luck in outside if drifting or not is_luck]
    return Verdict(bool(decisive), "; ".join(decisive))


def _outside(figures: Mapping[str, Any], band: Band) -> Iterator[tuple[str, bool]]:
    """What lies beyond its limit, in words, and whether that may be luck."""
    for level in LEVELS:
        coverage, nominal = figures[f"coverage_{level}"], level / 100.0
        if abs(coverage - nominal) > band.coverage:
            low, high = figures[f"coverage_{level}_interval"]
            reason = (
                f"the {level} % interval covered {coverage:.1%}, more than {100 * band.coverage:g} points off"
            )
            yield reason, low <= nominal <= high
    skill, excess = figures["skill"], figures["excess_loss"]
    if skill is not None and skill < band.skill:
        yield f"the skill against naive is {skill:.3f}, below {band.skill:g}", excess is None or excess < Z_95
