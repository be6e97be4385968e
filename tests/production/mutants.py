"""The rules with one number changed at a time, all of them tried by one run of promtool.

Mutant 7 of a rule is its copy with the other number. Its name, and those of copies of all rules that read it,
end in ``_mutant7``, and so do the names in copies of the rule tests: one of these must fail.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.production import monitoring

# Of an expression: a number or a duration that is no part of a name or a text.
_NUMBER = re.compile(r'(?<![\w.:"~-])(?P<number>\d+(?:\.\d+)?)(?P<unit>[mhd]?)(?![\w.])')
_SECONDS = {"m": 60, "h": 3600, "d": 86400}
_MUTANT = re.compile(r"_mutant(\d+)")

Rule = dict[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Mutant:
    """A rule with one number changed; ``names`` are those of the rule and of all that follows from it."""

    number: int
    group: str
    original: Rule
    changed: Rule
    names: frozenset[str]

    def __str__(self) -> str:
        differing = [key for key in ("expr", "for") if self.original.get(key) != self.changed.get(key)]
        return f"{name_of(self.original)}: " + " ".join(
            " ".join(str(self.changed[key]).split()) for key in differing
        )


def name_of(rule: Mapping[str, Any]) -> str:
    """What a rule is called."""
    return str(rule.get("alert") or rule["record"])


def mutants() -> list[Mutant]:
    """Every number of every rule, once smaller and once larger."""
    rules = [(group["name"], rule) for group in _groups() for rule in group["rules"]]
    found: list[Mutant] = []
    for group, rule in rules:
        names = _names_that_follow([each for _, each in rules], name_of(rule))
        for changed in _changed(rule):
            found.append(Mutant(len(found), group, rule, changed, names))
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rule tests made of them: mutants that passed them all, and the rules' own failures."""

    survivors: list[Mutant]
    faults: list[str]


def outcome(tried: list[Mutant], folder: Path, environment: Mapping[str, str]) -> Outcome:
    """Run the rule tests on the rules as they are and on all mutants."""
    files = [_written(file, tried, folder) for file in sorted(monitoring.RULE_TESTS.glob("*.yml"))]
    done = subprocess.run(
        [monitoring.program("promtool"), "test", "rules", *files],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
    )
    failed = re.findall(r"^\s+expr: (.+), time: ", done.stdout + done.stderr, re.MULTILINE)
    noticed = {int(number) for expression in failed for number in _MUTANT.findall(expression)}
    return Outcome(
        [each for each in tried if each.number not in noticed],
        [expression for expression in failed if not _MUTANT.search(expression)],
    )


def _groups() -> list[Document]:
    files = sorted(monitoring.RULES.glob("*.yml"), reverse=True)  # what is recorded, then the alerts
    return [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]


def _changed(rule: Rule) -> Iterator[Rule]:
    for match in _NUMBER.finditer(rule["expr"]):
        for other in _others(match["number"], match["unit"]):
            yield rule | {"expr": rule["expr"][: match.start()] + other + rule["expr"][match.end() :]}
    if "for" in rule:
        seconds = int(rule["for"][:-1]) * _SECONDS[rule["for"][-1]]
        step = max(60, seconds // 20)
        yield from (rule | {"for": f"{other}s"} for other in (seconds - step, seconds + step))


def _others(number: str, unit: str) -> tuple[str, str]:
    """A tenth less and more; of a duration two fifths, as a window is seen by what leaves it."""
    if unit:
        seconds = int(number) * _SECONDS[unit]
        return f"{seconds * 6 // 10}s", f"{seconds * 14 // 10}s"
    value = float(number)
    # What is counted comes in whole numbers; and what one event adds is sometimes taken for a bit more.
    step = 2.0 if value == 0 else 1.0 if 1 <= value < 10 else value / 10
    return f"({value - step:.6g})", f"{value + step:.6g}"


def _names_that_follow(rules: list[Rule], name: str) -> frozenset[str]:
    names, before = {name}, set()
    while names != before:
        before = set(names)
        names |= {
            name_of(rule) for rule in rules if any(_named(each).search(rule["expr"]) for each in before)
        }
    return frozenset(names)


def _named(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w:]){re.escape(name)}(?![\w:])")


def _renamed(text: str, mutant: Mutant) -> str:
    for name in mutant.names:
        text = _named(name).sub(f"{name}_mutant{mutant.number}", text)
    return text


def _copies(mutant: Mutant, group: Document) -> Iterator[Rule]:
    """The copies that belong to a group, without what only people read."""
    for rule in group["rules"]:
        if name_of(rule) in mutant.names:
            is_changed = rule == mutant.original and group["name"] == mutant.group
            copy = dict(mutant.changed if is_changed else rule)
            copy.pop("annotations", None)
            kind = "alert" if "alert" in copy else "record"
            yield copy | {key: _renamed(copy[key], mutant) for key in (kind, "expr")}


def _written(file: Path, tried: list[Mutant], folder: Path) -> Path:
    """A file of rule tests, with the mutants of the rules that it speaks of beside the rules."""
    document = yaml.safe_load(file.read_text())
    text = " ".join(each["expr"] for test in document["tests"] for each in test["promql_expr_test"])
    spoken_of = [each for each in tried if any(_named(name).search(text) for name in each.names)]
    groups = [
        {
            "name": group["name"],
            "rules": [
                *group["rules"],
                *(copy for mutant in spoken_of for copy in _copies(mutant, group)),
            ],
        }
        for group in _groups()
    ]
    rules = folder / f"rules-{file.name}"
    rules.write_text(yaml.safe_dump({"groups": groups}))
    document["rule_files"] = [str(rules)]
    for test in document["tests"]:
        test["promql_expr_test"] += [
            copy for example in test["promql_expr_test"] for copy in _examples(example, spoken_of)
        ]
    (folder / file.name).write_text(yaml.safe_dump(document))
    return folder / file.name


def _examples(example: Document, spoken_of: list[Mutant]) -> Iterator[Document]:
    for mutant in spoken_of:
        if (expression := _renamed(example["expr"], mutant)) != example["expr"]:
            samples = [
                {**sample, "labels": _renamed(sample["labels"], mutant)}
                for sample in example.get("exp_samples", [])
            ]
            yield {**example, "expr": expression, "exp_samples": samples}
