"""Which model becomes active: decides from what was found, and does not act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from server.forecasters.comparison import Comparison

LUCK = 0.05
"""A difference with a smaller p-value than this is called distinguishable from luck."""


@dataclass(frozen=True, slots=True)
class Uncompared:
    """Why a model was not compared. ``active_id``: with which model; None: whichever is active."""

    reason: str
    active_id: str | None = None


Finding: TypeAlias = "Comparison | Uncompared | None"
"""A new model beside the one that was active; None when there was none."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a new model becomes active, and why, in a sentence for people."""

    activate: bool
    reason: str


class ActiveModelChanged(Exception):
    """The model that a finding is about is no longer the active one: compare again."""


def decide(active_id: str | None, finding: Finding) -> Decision:
    """The first model of a kind becomes active; a later one when its error is the smaller one.

    ``active_id`` is the active model of the kind now. Raises :class:`ActiveModelChanged` when
    ``finding`` is about another one.
    """
    if active_id is None:
        return Decision(True, "first model of its kind")
    if finding is None or finding.active_id not in (None, active_id):
        raise ActiveModelChanged(active_id)
    if isinstance(finding, Uncompared):
        return Decision(False, finding.reason)
    return Decision(finding.candidate_wins, _sentence(finding))


def _sentence(found: Comparison) -> str:
    verdict = "beats the active model" if found.candidate_wins else "does not beat the active model"
    return (
        f"{verdict}: RMSE {found.rmse:,.6g} against {found.active_rmse:,.6g} (naive {found.naive_rmse:,.6g}) "
        f"on the same {found.rows:,} test rows, steps 1 to {found.horizon}, {found.start} to {found.end}; "
        f"{_luck(found.p_value)}"
    )


def _luck(p_value: float | None) -> str:
    if p_value is None:
        return "whether the difference is more than luck is undefined"
    word = "distinguishable" if p_value < LUCK else "not distinguishable"
    return f"the difference is {word} from luck (Diebold-Mariano p = {p_value:.3g})"
