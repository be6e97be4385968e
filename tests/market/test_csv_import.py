"""Files of candles: every fault by its line, and all or nothing."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.config import PROJECT_ROOT, Settings
from server.errors import InvalidInput, NotFound
from server.market import csv_import
from server.market.candles import COLUMNS, Candles, iso_time
from server.market.csv_import import ImportReport, UnsoundFile, import_csv
from server.market.store import list_series, load_candles

pytestmark = pytest.mark.usefixtures("database")

NOW = 1_600_000_000.0
HOUR = 3600
REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
HEADER = "timestamp,open,high,low,close,volume"
DAY = "2019-01-01T"


def run(text: str, **options: object) -> ImportReport:
    arguments: dict[str, object] = {"ticker": "BTC-USD", "interval": "1h", "source": "test", "now": NOW}
    return import_csv(io.BytesIO(text.encode()), **(arguments | options))  # type: ignore[arg-type]


def refused(text: str, **options: object) -> ImportReport:
    with pytest.raises(UnsoundFile) as caught:
        run(text, **options)
    assert list_series() == []
    return caught.value.report


def rows(*lines: str) -> str:
    return "\n".join((HEADER, f"{DAY}00:00:00Z,10,12,9,11,5", *lines)) + "\n"


def as_csv(candles: Candles) -> str:
    columns = [getattr(candles, name).tolist() for name in COLUMNS]
    return "\n".join([HEADER, *(",".join(map(repr, row)) for row in zip(*columns, strict=True))])


@pytest.mark.parametrize(
    ("line", "kind", "field", "value"),
    [
        (f"{DAY}00:00:00Z,10,12,9,11,5", "duplicate", "timestamp", f"{DAY}00:00:00Z"),
        (f"{DAY}01:30:00Z,10,12,9,11,5", "off_grid", "timestamp", f"{DAY}01:30:00Z"),
        ("yesterday,10,12,9,11,5", "bad_time", "timestamp", "yesterday"),
        (f"{DAY}01:00:00Z,10,NaN,9,11,5", "bad_number", "high", "NaN"),
        (f"{DAY}01:00:00Z,10,12,9,11,", "bad_number", "volume", ""),
        (f"{DAY}01:00:00Z,ten,12,9,11,5", "bad_number", "open", "ten"),
        (f"{DAY}01:00:00Z,10,inf,9,11,5", "bad_number", "high", "inf"),
        (f"{DAY}01:00:00Z,10,9,12,11,5", "high_below_low", "high", "9"),
        (f"{DAY}01:00:00Z,13,12,9,11,5", "outside_range", "open", "13"),
        (f"{DAY}01:00:00Z,10,12,9,8,5", "outside_range", "close", "8"),
        (f"{DAY}01:00:00Z,10,12,-9,11,5", "price_not_positive", "low", "-9"),
        (f"{DAY}01:00:00Z,10,12,0,11,5", "price_not_positive", "low", "0"),
        (f"{DAY}01:00:00Z,10,12,9,11,-5", "negative_volume", "volume", "-5"),
        ("2020-09-13T12:00:00Z,10,12,9,11,5", "unfinished", "timestamp", "2020-09-13T12:00:00Z"),
        (f"{DAY}01:00:00Z,10,12,9,11", "wrong_field_count", "", ""),
        (f"{DAY}01:00:00Z,1,000,12,9,11,5", "wrong_field_count", "", ""),
    ],
)
def test_each_fault_is_named_with_its_line_and_nothing_is_stored(
    line: str, kind: str, field: str, value: str
) -> None:
    report = refused(rows(line, f"{DAY}02:00:00Z,10,12,9,11,5"))
    (problem,) = report.problems
    assert (problem.line, problem.kind, problem.field, problem.value) == (3, kind, field, value)
    assert (report.rows_read, report.rows_sound, report.rows_stored) == (3, 2, 0)


def test_the_last_closed_candle_is_not_unfinished() -> None:
    text = rows("2019-01-01T01:00:00Z,10,12,9,11,5")
    assert run(text, now=1_546_300_800.0 + 2 * HOUR).rows_stored == 2
    assert refused_kinds(text, now=1_546_300_800.0 + 2 * HOUR - 1) == {"unfinished": 1}


def refused_kinds(text: str, **options: object) -> dict[str, int]:
    with pytest.raises(UnsoundFile) as caught:
        run(text, **options)
    return dict(caught.value.report.problem_counts)


# As public files are: empty days, repeated days, the same instant written with two offsets.
DIRTY = """\
Date;Open;High;Low;Close;Volume
2019-01-01 00:00:00+00:00;3746.71;3850.91;3707.23;3843.52;4324200990
2019-01-02 00:00:00+00:00;3849.22;3947.98;3817.41;3943.41;5244856836

2019-01-03 00:00:00+00:00;;;;;
2019-01-02 00:00:00+00:00;3849.22;3947.98;3817.41;3943.41;5244856836
2019-01-04 01:00:00+01:00;3832.04;3874.96;3775.51;3857.72;4847965467
2019-01-04 00:00:00+00:00;3832.04;3874.96;3775.51;3857.72;4847965467
2019-01-05 12:00:00+00:00;3851.97;3904.90;3836.90;3845.19;5137609824
2019-01-06 00:00:00+00:00;3836.52;4093.30;3826.51;4076.63;5597027440
"""


def test_a_dirty_file_is_reported_line_by_line() -> None:
    report = refused(DIRTY, interval="1d")
    found = {(problem.line, problem.kind) for problem in report.problems}
    assert found == {(5, "bad_number"), (6, "duplicate"), (8, "duplicate"), (9, "off_grid")}
    assert report.problem_counts == {"bad_number": 5, "duplicate": 2, "off_grid": 1}
    assert [problem.line for problem in report.problems] == sorted(p.line for p in report.problems)


def test_skip_bad_stores_the_sound_rows_alone() -> None:
    report = run(DIRTY, interval="1d", skip_bad=True)
    stored = load_candles("BTC-USD", "1d")
    days = ["2019-01-01", "2019-01-02", "2019-01-04", "2019-01-06"]
    assert [iso_time(int(time))[:10] for time in stored.timestamp] == days
    assert (report.rows_stored, report.rows_changed, report.missing, report.gap_count) == (4, 4, 2, 2)


def test_a_bad_row_does_not_hide_a_sound_one_of_the_same_time() -> None:
    run(rows(f"{DAY}01:00:00Z,10,NaN,9,11,5", f"{DAY}01:00:00Z,20,22,19,21,5"), skip_bad=True)
    assert load_candles("BTC-USD", "1h").close.tolist() == [11, 21]


def test_a_file_without_one_sound_row_is_refused_even_with_skip_bad() -> None:
    assert refused(HEADER + "\nx,1,1,1,1,1\n", skip_bad=True).rows_read == 1
    assert refused(HEADER + "\n", skip_bad=True).rows_read == 0


def test_gaps_are_information_not_a_fault() -> None:
    report = run(rows(f"{DAY}04:00:00Z,10,12,9,11,5"))
    assert (report.missing, report.gap_count, report.rows_stored) == (3, 1, 2)
    assert report.payload()["gaps"] == [{"first": f"{DAY}01:00:00Z", "last": f"{DAY}03:00:00Z", "candles": 3}]


def test_newest_first_is_stored_oldest_first(make_candles: Callable[..., Candles]) -> None:
    candles = make_candles(50)
    header, *lines = as_csv(candles).split("\n")
    report = run("\n".join([header, *reversed(lines)]))
    assert (report.order, report.out_of_order_line) == ("descending", None)
    np.testing.assert_array_equal(load_candles("BTC-USD", "1h").timestamp, candles.timestamp)


def test_a_mixed_order_is_stored_and_named(make_candles: Callable[..., Candles]) -> None:
    header, *lines = as_csv(make_candles(10)).split("\n")
    lines[6], lines[7] = lines[7], lines[6]
    report = run("\n".join([header, *lines]))
    assert (report.order, report.out_of_order_line, report.rows_stored) == ("mixed", 9, 10)


def test_listed_problems_are_capped_but_all_are_counted() -> None:
    report = refused(rows(*["x,1,1,1,1,1"] * 12_000))
    assert len(report.problems) == 100
    assert report.problem_counts == {"bad_time": 12_000}
    assert [problem.line for problem in report.problems] == list(range(3, 103))


def test_a_fault_after_many_sound_chunks_leaves_nothing(make_candles: Callable[..., Candles]) -> None:
    report = refused(as_csv(make_candles(12_000)) + "\nx,1,1,1,1,1")
    assert [problem.line for problem in report.problems] == [12_002]
    assert (report.rows_stored, report.rows_changed) == (0, 0)


def test_a_duplicate_in_a_later_chunk_is_found(make_candles: Callable[..., Candles]) -> None:
    text = as_csv(make_candles(12_000))
    report = refused(text + "\n" + text.split("\n")[1])
    assert [(problem.line, problem.kind) for problem in report.problems] == [(12_002, "duplicate")]


def test_an_import_that_is_interrupted_leaves_nothing(make_candles: Callable[..., Candles]) -> None:
    def interrupt(rows_read: int) -> None:
        if rows_read > 6_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(as_csv(make_candles(12_000)), on_progress=interrupt)
    assert list_series() == []
    assert run(as_csv(make_candles(12_000))).rows_changed == 12_000


def test_an_import_that_is_killed_leaves_nothing(
    make_candles: Callable[..., Candles], settings: Settings, tmp_path: object
) -> None:
    script = textwrap.dedent("""
        import os, signal, sqlalchemy, flask
        from server.extensions import db
        from server.market.csv_import import import_csv
        app = flask.Flask("killed")
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
        db.init_app(app)
        def kill(rows_read):
            if rows_read > 6_000:
                os.kill(os.getpid(), signal.SIGKILL)
        with app.app_context(), open(os.environ["CSV"], "rb") as stream:
            import_csv(stream, "BTC-USD", "1h", "test", now=1.6e9, on_progress=kill)
    """)
    path = f"{tmp_path}/candles.csv"
    with open(path, "w") as file:
        file.write(as_csv(make_candles(12_000)))
    environment = os.environ | {"DATABASE_URL": settings.database_url, "CSV": path}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, cwd=PROJECT_ROOT, timeout=60, check=False
    )
    assert ended.returncode == -9
    assert list_series() == []
    assert run(as_csv(make_candles(12_000))).rows_stored == 12_000


def test_importing_twice_changes_nothing(make_candles: Callable[..., Candles]) -> None:
    text = as_csv(make_candles(100))
    assert run(text).rows_changed == 100
    again = run(text)
    assert (again.rows_stored, again.rows_changed) == (100, 0)
    assert list_series()[0].rows == 100


@pytest.mark.parametrize("content", [b"\x1f\x8b\x08\x00\xff", "é".encode("latin-1"), b"\xff\xfet\x00i\x00"])
def test_what_is_not_utf8_text_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInput, match="UTF-8"):
        import_csv(io.BytesIO(content), "BTC-USD", "1h", "test", now=NOW)


def test_a_broken_quote_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not CSV"):
        run(rows('"' + "x" * 200_000))


@pytest.mark.parametrize(("ticker", "interval"), [("btc-usd", "1h"), ("BTCUSD", "1h"), ("BTC-USD", "2h")])
def test_a_malformed_series_is_refused(ticker: str, interval: str) -> None:
    with pytest.raises(InvalidInput):
        run(rows(), ticker=ticker, interval=interval)


def test_the_stream_stays_open_for_its_owner() -> None:
    stream = io.BytesIO(rows().encode())
    import_csv(stream, "BTC-USD", "1h", "test", now=NOW)
    assert not stream.closed


def test_progress_tells_the_rows_read(make_candles: Callable[..., Candles]) -> None:
    seen: list[int] = []
    run(as_csv(make_candles(12_000)), on_progress=seen.append)
    assert seen == [*range(csv_import.CHUNK_ROWS, 12_000, csv_import.CHUNK_ROWS), 12_000]


PRICES = st.floats(min_value=1e-9, max_value=1e9, allow_nan=False, allow_infinity=False)


@given(
    slots=st.lists(st.integers(1, 400_000), min_size=1, max_size=40, unique=True),
    prices=st.lists(st.lists(PRICES, min_size=4, max_size=4).map(sorted), min_size=40, max_size=40),
    volume=st.floats(min_value=0, max_value=1e15),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_a_file_says_is_what_a_series_holds(
    slots: list[int], prices: list[list[float]], volume: float
) -> None:
    low, close, opened, high = np.array(prices[: len(slots)]).T
    sent = Candles(np.array(slots) * HOUR, opened, high, low, close, np.full(len(slots), volume))
    run(as_csv(sent), ticker="PROP-USD")
    stored = load_candles("PROP-USD", "1h")
    places = np.searchsorted(stored.timestamp, sent.timestamp)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(stored, name)[places], getattr(sent, name))


def test_nothing_is_known_of_a_refused_series() -> None:
    refused(rows("x,1,1,1,1,1"))
    with pytest.raises(NotFound):
        load_candles("BTC-USD", "1h")


@pytest.mark.parametrize(
    ("name", "missing"),
    [("BTC-USD_1d", 0), ("ETH-USD_1d", 0), ("SOL-USD_1d", 0), ("ETH-USDT_1h", None), ("BTC-USDT_1m", 0)],
)
def test_real_files_of_several_exchanges_are_sound(name: str, missing: int | None) -> None:
    path = REAL_DATA / f"{name}.csv"
    if not path.exists():
        pytest.skip("the development data are not here")
    ticker, interval = name.split("_")
    with path.open("rb") as stream:
        report = import_csv(stream, ticker, interval, "test", now=1.8e9)
    assert report.rows_stored == len(path.read_text().splitlines()) - 1
    assert missing is None or report.missing == missing
