"""How forecasts and scores look in a terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from server.prediction.chart import HEIGHT, INSIDE_80, INSIDE_95, NAIVE, PATH, chart, price
from server.prediction.terminal import forecast_shown, update_shown
from tests.prediction.answers import answer, scored, update

MODEL = {"model_id": "c" * 32, "model_type": "CNN", "version": 3}


def shown(*parts: Any) -> str:
    console = Console(record=True, width=110)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))
    return console.export_text()


def test_a_forecast_is_shown_with_its_bounds_its_model_and_the_naive_forecast() -> None:
    text = shown(*forecast_shown(answer(3)))
    for part in (
        "BTC-USD 1h from 2018-04-14 14:00 UTC, close 8,000.00",
        "2018-04-14 17:00   8,006.00   7,946.00–8,066.00   7,886.00–8,126.00   8,000.00",
        "52%",
        "CNN version 3 (active), trained until 2018-04-10 11:00 UTC",
        "skill against naive +0.12%, its 80 % interval covered 79.8%, its 95 % interval 95.1%",
    ):
        assert part in text
    assert "warning" not in text


def test_warnings_are_shown_in_words_as_they_were_written() -> None:
    warning = {"code": "stale_candles", "message": "The newest candle [1h] is 3 days old"}
    assert "warning: The newest candle [1h] is 3 days old" in shown(
        *forecast_shown(answer(1, warnings=[warning]))
    )


def test_a_figure_that_is_undefined_is_shown_as_such() -> None:
    made = answer(1)
    made["model"]["skill"] = made["predictions"][0]["confidence_score"] = None
    assert "skill against naive -," in shown(*forecast_shown(made))


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (update(7, "predicted", answer()), "8,000.00 now, 8,048.00 in 24 candles (80 %: 7,568.00–8,528.00)"),
        (
            update(8, "scored", scored((6.0, -9.0), (-24.0, -11.0), settled=5)),
            "5 of 24 steps known: off by 15.0000, naive by 10.0000, 1 of 2 inside the 80 % interval",
        ),
        (
            update(9, "model_unavailable", {**MODEL, "message": "The file is [broken]"}, None),
            "model unavailable  CNN version 3: The file is [broken]",
        ),
        (
            update(9, "drifted", {**MODEL, "recovered": False, "reason": "covered 61 %"}, None),
            "CNN version 3: covered 61 %",
        ),
        (
            update(9, "drifted", {**MODEL, "recovered": True, "reason": ""}, None),
            "CNN version 3 is back within its band",
        ),
    ],
    ids=["predicted", "scored", "model_unavailable", "drifted", "recovered"],
)
def test_each_event_is_one_line(event: dict[str, Any], words: str) -> None:
    (line,) = shown(update_shown(event)).splitlines()
    assert line.startswith("2018-04-14 2")
    assert words in line


@given(
    close=st.floats(1e-6, 1e6),
    moves=st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=30),
    width=st.floats(0, 0.5),
)
def test_the_chart_shows_every_step_once_within_its_bounds(
    close: float, moves: list[float], width: float
) -> None:
    made = answer(len(moves), origin={"timestamp": "2018-04-14T14:00:00.000Z", "close": close})
    for step, naive, move in zip(made["predictions"], made["baseline"], moves, strict=True):
        path = close * (1 + move)
        reach = max(close * width, abs(path - close))
        step.update(predicted_price=path, lower_80=path - reach / 2, upper_80=path + reach / 2)
        step.update(lower_95=path - reach, upper_95=path + reach)
        naive["predicted_price"] = close
    lines = chart(made).plain.splitlines()[:HEIGHT]
    drawn = [line[max(line.find("│"), line.find("┤")) + 1 :] for line in lines]
    assert {len(line) for line in drawn} == {2 * (len(moves) + 1)}
    for column in zip(*drawn, strict=True):
        assert column.count(PATH) == 1
        bounds = [row for row, symbol in enumerate(column) if symbol in (INSIDE_80, INSIDE_95, PATH)]
        assert bounds[0] <= column.index(PATH) <= bounds[-1]


def test_a_price_that_stands_still_is_drawn_as_a_line() -> None:
    made = answer(2)
    for step in made["predictions"]:
        step.update(
            dict.fromkeys(("predicted_price", "lower_80", "upper_80", "lower_95", "upper_95"), 8000.0)
        )
    lines = chart(made).plain.splitlines()
    assert lines[HEIGHT - 1] == f"8,000.00 ┤{PATH * 6}"
    assert NAIVE not in "".join(lines[:HEIGHT])


def test_prices_keep_six_digits_whatever_the_coin() -> None:
    assert [price(value) for value in (96120.456, 8012.1, 1.23456789, 0.0001234567, 0.0)] == [
        "96,120.46",
        "8,012.10",
        "1.23457",
        "0.000123457",
        "0.00",
    ]
