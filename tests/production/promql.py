"""Reads PromQL as far as it must be read to know which metrics and labels an expression names.

Whether an expression is PromQL at all is asked of Prometheus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
        |(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+|[a-z]+\d*)*)
        |(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
        |(?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^(){}\[\],=<>@]))""",
    re.VERBOSE,
)
_LABEL_LISTS = {"by", "without", "on", "ignoring", "group_left", "group_right"}
_WORDS = {"and", "or", "unless", "bool", "offset", "atan2"}


@dataclass(frozen=True, slots=True)
class Matcher:
    """``label sign value``, such as ``status=~"5.."``."""

    label: str
    sign: str
    value: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One metric that an expression reads, and how it chooses among its series."""

    metric: str
    matchers: tuple[Matcher, ...] = ()


def selectors(expression: str) -> list[Selector]:
    """Every metric that ``expression`` reads. Raises ``ValueError`` for what is no PromQL."""
    tokens = list(_tokens(expression))
    found = []
    for place, (kind, value) in enumerate(tokens):
        if kind != "name" or value in _WORDS | _LABEL_LISTS or _is_inside(tokens, place):
            continue
        following = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        grouping = following in ("by", "without")  # an aggregation whose labels stand before its argument
        if following != "(" and not grouping:
            found.append(Selector(value, _matchers(tokens, place + 1)))
    return found


def grouping_labels(expression: str) -> set[str]:
    """The labels by which ``expression`` groups or joins."""
    tokens = list(_tokens(expression))
    found: set[str] = set()
    for place, (kind, value) in enumerate(tokens):
        if kind == "name" and value in _LABEL_LISTS:
            found.update(_listed(tokens, place + 1))
    return found


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    place, end = 0, len(expression.rstrip())
    while place < end:
        match = _TOKEN.match(expression, place)
        if match is None or match.lastgroup is None:
            raise ValueError(f"no PromQL from character {place} on: {expression[place : place + 40]!r}")
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()


def _is_inside(tokens: list[tuple[str, str]], place: int) -> bool:
    """Whether a name stands in braces, in brackets, or in the list after ``by`` and its like."""
    opened = []
    for before, (_, value) in enumerate(tokens[:place]):
        if value in ("(", "{", "["):
            is_list = value == "(" and before > 0 and tokens[before - 1][1] in _LABEL_LISTS
            opened.append("list" if is_list else value)
        elif value in (")", "}", "]"):
            opened.pop()
    return any(each in ("{", "[", "list") for each in opened)


def _matchers(tokens: list[tuple[str, str]], place: int) -> tuple[Matcher, ...]:
    if place >= len(tokens) or tokens[place][1] != "{":
        return ()
    found = []
    place += 1
    while tokens[place][1] != "}":
        if tokens[place][1] == ",":
            place += 1
            continue
        (_, label), (_, sign), (_, text) = tokens[place : place + 3]
        found.append(Matcher(label, sign, text[1:-1]))
        place += 3
    return tuple(found)


def _listed(tokens: list[tuple[str, str]], place: int) -> Iterator[str]:
    if place >= len(tokens) or tokens[place][1] != "(":
        return
    while tokens[place][1] != ")":
        if tokens[place][0] == "name":
            yield tokens[place][1]
        place += 1
