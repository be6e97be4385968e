"""Kept answers: those asked for last, within their size, each made once while it is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.market.kept_answers import KeptAnswers, name_of


def test_a_question_and_the_versions_of_its_series_name_an_answer() -> None:
    names = {name_of("BTC-USD", 1), name_of("BTC-USD", 2), name_of("ETH-USD", 1), name_of(("BTC-USD", 1))}
    assert len(names) == 4
    assert name_of("BTC-USD", 1) in names


def test_what_was_asked_for_last_is_kept_and_the_rest_made_anew() -> None:
    made: list[str] = []
    kept = KeptAnswers("candles", most=20)

    def ask(name: str) -> None:
        assert kept.fetch(name, lambda: made.append(name) or bytes(10)) == bytes(10)  # type: ignore[func-returns-value]

    for name in "abacab":
        ask(name)
    assert made == ["a", "b", "c", "b"], "c took the place of b, which was asked for before a"


def test_an_answer_too_long_to_be_kept_takes_no_others_place() -> None:
    kept, made = KeptAnswers("candles", most=20), list[int]()

    def ask(size: int) -> None:
        kept.fetch(str(size), lambda: made.append(size) or bytes(size))  # type: ignore[func-returns-value]

    for size in (10, 21, 10, 21):
        ask(size)
    assert made == [10, 21, 21]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 40)), max_size=40))
def test_whatever_is_asked_for_the_answer_is_its_own(asked: list[tuple[int, int]]) -> None:
    kept = KeptAnswers("candles", most=50)
    for number, size in asked:
        name = f"{number} {size}"
        assert kept.fetch(name, lambda name=name, size=size: name.encode() * size) == name.encode() * size  # type: ignore[misc]
