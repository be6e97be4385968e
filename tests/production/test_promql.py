"""What is read out of an expression."""

from __future__ import annotations

import pytest

from tests.production.promql import Matcher, Selector, grouping_labels, selectors


@pytest.mark.parametrize(
    ("expression", "read"),
    [
        ("up", [Selector("up")]),
        ("sum by (a, b) (rate(x_total[5m]))", [Selector("x_total")]),
        ("sum(x) by (a)", [Selector("x")]),
        ("sum without (a) (x) / on (b) group_left (c) y", [Selector("x"), Selector("y")]),
        (
            'a:b:c{d=~"e|f{}", g!="h"} > 0.5',
            [Selector("a:b:c", (Matcher("d", "=~", "e|f{}"), Matcher("g", "!=", "h")))],
        ),
        ("max_over_time(x[1h:5m] offset 1d) unless y", [Selector("x"), Selector("y")]),
        ("vector(0) or 1e3 * x == bool 2", [Selector("x")]),
    ],
)  # fmt: skip
def test_the_metrics_of_an_expression_are_found(expression: str, read: list[Selector]) -> None:
    assert selectors(expression) == read


def test_the_labels_of_an_expression_are_found() -> None:
    assert grouping_labels("sum by (a, b) (x) / on (c) group_left (d) y") == {"a", "b", "c", "d"}
    assert grouping_labels("x[5m]") == set()


def test_what_is_no_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="no PromQL"):
        selectors("x ; y")
