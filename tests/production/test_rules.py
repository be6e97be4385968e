"""The rules on written series: each alert fires when it should, and no number in them is there by chance."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import yaml

from tests.production import monitoring, mutants

# One run for both of those that need it.
pytestmark = [pytest.mark.xdist_group("rules"), pytest.mark.timeout(300)]
# A store is made on disk for each of the tests, so it had better be memory.
MEMORY = Path("/dev/shm")
ENVIRONMENT = {"TMPDIR": str(MEMORY)} if MEMORY.is_dir() else {}
NAMES = {rule["alert"] for rule in monitoring.rules("alert")}


@pytest.fixture(scope="module")
def tried() -> list[mutants.Mutant]:
    return mutants.mutants()


@pytest.fixture(scope="module")
def outcome(tried: list[mutants.Mutant]) -> Iterator[mutants.Outcome]:
    """Of one run of all rule tests, on the rules and on their mutants."""
    with TemporaryDirectory() as folder:
        yield mutants.outcome(tried, Path(folder), ENVIRONMENT)


def test_the_rules_do_on_written_series_what_they_should(outcome: mutants.Outcome) -> None:
    assert outcome.faults == []


def test_no_number_of_a_rule_can_be_changed_unnoticed(
    tried: list[mutants.Mutant], outcome: mutants.Outcome
) -> None:
    assert {mutants.name_of(each.original) for each in tried} >= NAMES
    left = "; ".join(map(str, outcome.survivors))
    assert not left, f"docker/prometheus/tests has nothing against: {left}"


def examples() -> dict[str, set[str]]:
    """By alert: whether there is a series on which it fires, and one on which it is silent."""
    found: dict[str, set[str]] = {name: set() for name in NAMES}
    for file in monitoring.RULE_TESTS.glob("*.yml"):
        for test in yaml.safe_load(file.read_text())["tests"]:
            for example in test["promql_expr_test"]:
                # The others ask for what is recorded.
                for name in re.findall(r'alertname="(\w+)"', example["expr"]):
                    found[name].add("fires" if example["exp_samples"] else "silent")
    return found


def test_every_alert_is_shown_to_fire_and_to_be_silent() -> None:
    assert examples() == {name: {"fires", "silent"} for name in NAMES}
