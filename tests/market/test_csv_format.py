"""What the importer recognises in a file's first lines."""

from __future__ import annotations

import pytest

from server.errors import InvalidInput
from server.market.csv_format import BAD_TIME, read_numbers, read_times, recognise

ROW = "2019-01-01T00:00:00Z,1,2,0.5,1.5,10"
SECOND = 1_000_000


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_recognised(delimiter: str) -> None:
    lines = ["timestamp,open,high,low,close,volume\n".replace(",", delimiter), ROW.replace(",", delimiter)]
    form = recognise(lines, "BTC-USD")
    assert form.delimiter == delimiter
    assert form.time_unit == "iso"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Date,Open,High,Low,Close,Adj Close,Volume", (0, 1, 2, 3, 4, 6)),
        ("Open Time,Open,High,Low,Close,Volume,Close Time", (0, 1, 2, 3, 4, 5)),
        ("open_time,open,high,low,close,volume,close_time,quote_volume", (0, 1, 2, 3, 4, 5)),
        ("unix,date,symbol,open,high,low,close,Volume BTC,Volume USD", (0, 3, 4, 5, 6, 7)),
        ("date,symbol,open,high,low,close,Volume USD,Volume BTC,unix", (8, 2, 3, 4, 5, 7)),
        ("Timestamp,Open,High,Low,Close,Volume_(BTC),Volume_(Currency),Weighted_Price", (0, 1, 2, 3, 4, 5)),
        ("time,open,close,high,low,volume", (0, 1, 3, 4, 2, 5)),
        ("TIME,O,H,L,C,V", (0, 1, 2, 3, 4, 5)),
        ("<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>", (0, 1, 2, 3, 4, 5)),
    ],
)
def test_columns_are_read_by_name(header: str, expected: tuple[int, ...]) -> None:
    columns = recognise([header + "\n"], "BTC-USD").columns
    names = ("timestamp", "open", "high", "low", "close", "volume")
    assert tuple(columns[name] for name in names) == expected


def test_lines_above_the_header_are_passed_over() -> None:
    form = recognise(["https://www.example.com\n", "\n", "time,open,high,low,close,volume\n", ROW], "BTC-USD")
    assert form.header_lines == 3


def test_headerless_binance_klines_are_recognised() -> None:
    line = "1546300800000,3701.2,3713.0,3689.8,3700.3,686.3,1546304399999,2536403.0,9157,350.6,1296156.0,0"
    form = recognise([line], "BTC-USDT")
    assert (form.header_lines, form.time_unit, form.fields) == (0, "ms", 12)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["1546300800,1,2,0.5,1.5,10\n"], "no header"),
        (["hello\n", "world\n"], "no header"),
        ([], "no header"),
        (["time,open,high,low,close\n"], "no column for volume"),
        (["time,open,high,low,close,Volume ETH\n"], "no column for volume"),
        (["open,high,low,close,volume\n"], "no column for timestamp"),
        (["time,open,Open,high,low,close,volume\n"], "two columns for open"),
    ],
)
def test_a_file_that_is_not_clear_is_refused(lines: list[str], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        recognise(lines, "BTC-USD")


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("s", "1546300800"),
        ("s", "1546300800.0"),
        ("ms", "1546300800000"),
        ("ms", "1.5463008e12"),
        ("us", "1546300800000000"),
        ("iso", "2019-01-01"),
        ("iso", "2019-01-01 00:00:00"),
        ("iso", "2019-01-01T00:00:00Z"),
        ("iso", "2019-01-01 00:00:00 UTC"),
        ("iso", "2019-01-01T02:00:00+02:00"),
        ("iso", "2018-12-31T19:00:00-0500"),
        ("iso", " 2019-01-01T00:00:00.000 "),
    ],
)
def test_every_way_to_write_a_time_means_the_same(unit: str, text: str) -> None:
    lines = ["time,open,high,low,close,volume\n", f"{text},1,2,0.5,1.5,10\n"]
    assert recognise(lines, "BTC-USD").time_unit == unit
    assert read_times([text], unit).tolist() == [1_546_300_800 * SECOND]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "iso"])
@pytest.mark.parametrize(
    "text", ["", "soon", "0", "-5", "nan", "inf", "1e400", "9" * 40, "01/02/2019", "1969-12-31"]
)
def test_what_is_no_time_is_marked(unit: str, text: str) -> None:
    assert read_times([text], unit).tolist() == [BAD_TIME]


def test_what_is_no_finite_number_becomes_nan() -> None:
    numbers = read_numbers(["1.5", "", "nan", "inf", "-inf", "1,5", "x", " 2 "])
    assert [value == value for value in numbers] == [True, *[False] * 6, True]
