"""Where the dashboard says before the server what the server would say, both say the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.client_types import CLIENT
from server.features.build import WARM_UP_ROWS
from server.features.windows import FEWEST_ORIGINS, SHARES, rows_needed
from server.market.candles import INTERVAL_SECONDS, TICKER_PATTERN

SOURCES: Path = CLIENT / "src"
ENOUGH = SOURCES / "screens" / "train" / "enough.ts"


def test_the_form_counts_the_candles_of_a_training_as_the_server_does() -> None:
    constants = dict(re.findall(r"^const (\w+) = ([\d.]+);$", ENOUGH.read_text(), re.MULTILINE))
    assert float(constants["WARM_UP"]) == WARM_UP_ROWS
    assert float(constants["FEWEST_FORECASTS"]) == FEWEST_ORIGINS
    assert float(constants["PARTS"]) == len(SHARES)
    assert float(constants["TEST_SHARE"]) == pytest.approx(SHARES["test"] / 100)


def test_the_fewest_candles_that_the_form_was_tested_with_are_the_servers() -> None:
    tested = re.findall(
        r"candlesNeeded\((\d+), (\d+)\)\).toBe\((\d+)\)", ENOUGH.with_suffix(".test.ts").read_text()
    )
    assert tested
    for lookback, horizon, candles in tested:
        assert rows_needed(int(lookback), int(horizon)) == int(candles)


def test_intervals_and_tickers_are_the_servers() -> None:
    intervals = (SOURCES / "api" / "intervals.ts").read_text()
    listed = re.findall(r'^  "(\w+)": ([\d_]+),$', intervals, re.MULTILINE)
    assert {name: int(seconds) for name, seconds in listed} == dict(INTERVAL_SECONDS)
    assert f"/{TICKER_PATTERN}/" in (SOURCES / "screens" / "market" / "SeriesFields.tsx").read_text()
