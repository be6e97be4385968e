"""``flask market`` on the command line."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from server.market import store
from server.market.candles import Candles
from server.market.commands import market
from server.market.sample import FOLDER, load_sample
from tests.market.test_csv_import import as_csv

pytestmark = pytest.mark.usefixtures("database")
MakeCandles = Callable[..., Candles]


@pytest.fixture
def run(app: Flask) -> Callable[..., Result]:
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(market, list(map(str, words)))


@pytest.fixture
def file(tmp_path: Path, make_candles: MakeCandles) -> Path:
    path = tmp_path / "candles.csv"
    path.write_text(as_csv(make_candles(100)))
    return path


SERIES = ("--ticker", "BTC-USD", "--interval", "1h")


def test_a_file_is_imported(run: Callable[..., Result], file: Path) -> None:
    result = run("import", file, *SERIES)
    assert result.exit_code == 0, result.output
    assert "100 candles stored" in result.output
    assert store.list_series()[0].sources == ("candles.csv",)


def test_a_packed_file_is_imported(run: Callable[..., Result], file: Path) -> None:
    packed = file.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert run("import", packed, *SERIES, "--source", "Kraken").exit_code == 0
    assert store.list_series()[0].sources == ("Kraken",)
    packed.write_bytes(packed.read_bytes()[:500])
    result = run("import", packed, *SERIES)
    assert (result.exit_code, "no whole gzip file" in result.output) == (1, True)


def test_a_bad_file_ends_with_1_and_a_table_of_its_lines(run: Callable[..., Result], file: Path) -> None:
    file.write_text(file.read_text() + "\n[soon],1,2,3,4,5\n")
    result = run("import", file, *SERIES)
    assert result.exit_code == 1
    assert store.list_series() == []
    for word in ("102", "bad_time", "[soon]", "nothing was stored"):
        assert word in result.output
    assert run("import", file, *SERIES, "--skip-bad").exit_code == 0
    assert store.list_series()[0].rows == 100


def test_a_file_without_a_header_ends_with_1_and_a_sentence(run: Callable[..., Result], file: Path) -> None:
    file.write_text("1,2,3\n")
    result = run("import", file, *SERIES)
    assert (result.exit_code, "add a header line" in result.output) == (1, True)


def test_every_row_of_the_sample_is_loaded_once(run: Callable[..., Result]) -> None:
    result = run("load-sample")
    assert result.exit_code == 0, result.output
    rows = {series.ticker: series.rows for series in store.list_series()}
    assert rows == {"BTC-USD": 17_513, "ETH-USD": 17_511}
    for path in FOLDER.glob("*.csv.gz"):
        ticker = path.name.split("_")[0]
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        closes = [float(line.split(",")[4]) for line in lines]
        assert store.load_candles(ticker, "1h").close.tolist() == closes
    assert "stored already" in run("load-sample").output
    assert load_sample(now=1.6e9) == []


def test_series_and_gaps_are_listed(run: Callable[..., Result]) -> None:
    run("load-sample")
    assert "17,513" in run("tickers").output
    assert "17,513 candles, 7 missing" in run("gaps", *SERIES).output
    result = run("gaps", "--ticker", "XRP-USD", "--interval", "1h")
    assert (result.exit_code, "ETH-USD 1h" in result.output) == (1, True)
