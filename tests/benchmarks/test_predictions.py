from __future__ import annotations

import pytest

from benchmarks import predictions, replay
from benchmarks.cached_models import Weighed, _eviction_rows
from benchmarks.predict_load import Tally
from benchmarks.predictions import Stored
from benchmarks.report import Row

FULL = Tally({"200": 900}, [5.0] * 900, 1.0)
SLOW = Tally({"200": 30, "500": 2}, [400.0] * 30, 1.0)


def named(rows: list[Row], part: str) -> Row:
    return next(row for row in rows if part in row.name)


def test_a_peer_that_fails_counts_its_good_answers_alone() -> None:
    row = named(predictions._throughput_rows(FULL, SLOW, SLOW), "Flask")
    assert (row.peer, row.ratio, row.met) == (30.0, 30.0, True)
    assert row.note.startswith("Flask: 2 of 32 requests failed")


def test_a_peer_that_cannot_be_installed_says_so() -> None:
    row = named(predictions._throughput_rows(FULL, SLOW, "no package index answers"), "MLflow")
    assert (row.peer, row.met, row.note) == ("not measured", None, "no package index answers")


def test_latency_is_judged_at_both_percentiles() -> None:
    steady = Tally({"200": 100}, [*[4.0] * 97, 80.0, 90.0, 100.0], 1.0)
    p50, p99 = predictions._latency_rows(steady)
    assert (p50.value, p50.met, p99.met) == (4.0, True, False)


@pytest.mark.parametrize(
    ("kept", "missing"),
    [(Stored(932, 22368, 932, 900), 0), (Stored(932, 22367, 932, 900), 1), (Stored(932, 22368, 930, 900), 2)],
)
def test_an_answer_without_all_its_rows_is_counted(kept: Stored, missing: int) -> None:
    refused, unkept, unheard = predictions._kept_rows((FULL, Tally({"200": 32})), kept)
    assert (refused.value, unheard.value) == (0, 0)
    assert (unkept.value, unkept.met) == (missing, missing == 0)


def test_a_cache_that_holds_too_many_misses_its_goal() -> None:
    kept = Weighed(half=20.0, grown=40.0, held=200)
    held, grown = _eviction_rows(kept, Weighed(half=10.0, grown=30.0, held=200), copies=200, few=50)
    assert (held.met, grown.met) == (False, False)


@pytest.mark.parametrize(("coverage", "met"), [(0.841, False), (0.839, True), (0.761, True), (0.759, False)])
def test_coverage_is_judged_within_four_points(coverage: float, met: bool) -> None:
    row, _ = replay._coverage_rows("CNN", {"coverage_80": coverage, "coverage_95": 0.95})
    assert row.met is met
