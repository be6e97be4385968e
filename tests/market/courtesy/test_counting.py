"""What is counted of the calls to a source."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from prometheus_client import REGISTRY

from server.market.courtesy.calling import Courtesy
from server.market.sources.contract import (
    MarketUnknown,
    RateLimited,
    SourceError,
    SourcePaused,
    SourceUnreachable,
)

NAMED = {"source": "kraken"}
OUTCOMES = ("answered", "failed", "limited", "held_back")


def counted() -> dict[str, float]:
    """Calls by outcome so far, and how many of them had to have a turn."""
    name = "crypto_predict_source_calls_total"
    calls = {each: REGISTRY.get_sample_value(name, {**NAMED, "outcome": each}) or 0.0 for each in OUTCOMES}
    turns = REGISTRY.get_sample_value("crypto_predict_source_wait_seconds_count", NAMED)
    return {**calls, "turns": turns or 0.0}


def risen(courtesy: Courtesy, outcome: object, times: int = 1) -> dict[str, float]:
    """What rose by calls that end with ``outcome``."""
    before = counted()

    def ask() -> object:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    for _ in range(times):
        try:
            courtesy.call(ask)
        except SourceError:
            continue
        except MarketUnknown:
            continue
    after = counted()
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        ("a price", "answered"),
        (MarketUnknown("no such market"), "answered"),
        (SourceUnreachable("no answer", source="kraken"), "failed"),
        (RateLimited("later", source="kraken", retry_after=99.0), "limited"),
    ],
)
def test_a_call_counts_as_what_came_of_it(
    courtesy: Callable[..., Courtesy], outcome: object, name: str
) -> None:
    assert risen(courtesy("kraken", attempts=1), outcome) == {name: 1, "turns": 1}


def test_every_attempt_counts(courtesy: Callable[..., Courtesy]) -> None:
    failing = SourceUnreachable("no answer", source="kraken")
    assert risen(courtesy("kraken", attempts=3), failing) == {"failed": 3, "turns": 3}


def test_what_the_breaker_holds_back_has_no_turn(courtesy: Callable[..., Courtesy]) -> None:
    polite = courtesy("kraken", attempts=1)
    failing = SourceUnreachable("no answer", source="kraken")
    assert risen(polite, failing, times=5) == {"failed": 5, "turns": 5}
    assert risen(polite, "a price") == {"held_back": 1}
    with pytest.raises(SourcePaused):
        polite.call(lambda: "a price")


def test_what_the_limit_holds_back_has_no_turn(courtesy: Callable[..., Courtesy]) -> None:
    polite = courtesy("kraken", rate="1 per minute", attempts=1, patience=0.1)
    assert risen(polite, "a price", times=2) == {"answered": 1, "turns": 1, "held_back": 1}
