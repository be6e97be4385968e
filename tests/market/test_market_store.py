"""Stored candles: what goes in comes out, in every range and from every thread."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from server.config import PROJECT_ROOT, Settings
from server.errors import InvalidInput, NotFound
from server.extensions import db
from server.market import packed, store, stored_gaps
from server.market.candles import COLUMNS, Candles
from server.market.changes import SeriesChange

pytestmark = pytest.mark.usefixtures("database")

HOUR = 3600
MakeCandles = Callable[..., Candles]


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def put(candles: Candles, ticker: str = "BTC-USD", interval: str = "1h") -> int:
    return store.upsert(ticker, interval, "test", candles)


def assert_same(left: Candles, right: Candles) -> None:
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))
        assert getattr(left, name).dtype == getattr(right, name).dtype
        assert getattr(left, name).dtype.isnative


def test_what_is_stored_is_loaded_bit_for_bit(make_candles: MakeCandles) -> None:
    candles = make_candles(500)
    assert put(candles) == 500
    assert_same(store.load_candles("BTC-USD", "1h"), candles)


def test_a_series_of_several_pages_has_no_seam(
    make_candles: MakeCandles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "PAGE_ROWS", 100)
    for rows in (99, 100, 101, 250):
        put(make_candles(rows), ticker=f"A{rows}-USD")
        assert_same(store.load_candles(f"A{rows}-USD", "1h"), make_candles(rows))


def test_a_range_includes_its_start_and_excludes_its_end(make_candles: MakeCandles) -> None:
    candles = make_candles(100)
    put(candles)
    times = candles.timestamp.tolist()
    loaded = store.load_candles("BTC-USD", "1h", at(times[10]), at(times[20]))
    assert_same(loaded, candles[10:20])
    assert len(store.load_candles("BTC-USD", "1h", at(times[-1] + 1))) == 0


def test_replacing_counts_only_what_differs(make_candles: MakeCandles) -> None:
    candles = make_candles(50)
    put(candles)
    volume = candles.volume.copy()
    volume[7] += 1
    assert put(replace(candles, volume=volume)) == 1
    assert store.load_candles("BTC-USD", "1h").volume[7] == volume[7]
    assert store.upsert("BTC-USD", "1h", "another source", candles) == 50
    assert store.list_series()[0].sources == ("another source",)


@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), -1.0])
def test_the_table_itself_refuses_an_unsound_candle(
    make_candles: MakeCandles, column: str, wrong: float
) -> None:
    candles = make_candles(3)
    numbers = getattr(candles, column).copy()
    numbers[1] = wrong
    with db.engine.connect() as connection, pytest.raises(IntegrityError):
        SeriesChange(connection, "BTC-USD", "1h", "test").write(replace(candles, **{column: numbers}))
    assert store.list_series() == []


def test_writers_of_one_series_wait_for_each_other(app: Flask, make_candles: MakeCandles) -> None:
    candles = make_candles(2_000)
    parts = [candles[row : row + 100] for row in range(0, len(candles), 100)]
    failures: list[BaseException] = []

    def write(parts: list[Candles], source: str) -> None:
        try:
            with app.app_context(), store.writing("BTC-USD", "1h", source) as write_part:
                for part in parts:
                    write_part(part)
        except BaseException as error:  # noqa: BLE001 - a deadlock must reach the assertion
            failures.append(error)

    threads = [threading.Thread(target=write, args=args) for args in ((parts, "a"), (parts[::-1], "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failures == []
    assert len(store.list_series()[0].sources) == 1


def test_series_are_listed_with_range_and_sources(make_candles: MakeCandles) -> None:
    put(make_candles(24))
    store.upsert("BTC-USD", "1h", "later", make_candles(30)[24:])
    put(make_candles(3, step=60), ticker="ETH-USD", interval="1m")
    first, second = store.list_series()
    start = make_candles().timestamp[0]
    assert first == store.Series("BTC-USD", "1h", start, start + 29 * HOUR, 30, ("later", "test"))
    assert (second.ticker, second.interval, second.rows) == ("ETH-USD", "1m", 3)


def test_an_unknown_series_is_named_beside_the_known_ones(make_candles: MakeCandles) -> None:
    put(make_candles())
    for ask in (store.load_candles, stored_gaps.gap_report):
        with pytest.raises(NotFound, match=r"ETH-USD 1h.*known: BTC-USD 1h") as caught:
            ask("ETH-USD", "1h")
        assert caught.value.details["known"] == ["BTC-USD 1h"]


def test_a_limit_takes_the_last_or_the_first_after_start(make_candles: MakeCandles) -> None:
    candles = make_candles(100)
    put(candles)
    start, end = at(int(candles.timestamp[10])), at(int(candles.timestamp[50]))
    assert_same(store.query_candles("BTC-USD", "1h", None, None, 5), candles[95:])
    assert_same(store.query_candles("BTC-USD", "1h", None, end, 5), candles[45:50])
    assert_same(store.query_candles("BTC-USD", "1h", start, end, 5), candles[10:15])
    assert_same(store.query_candles("BTC-USD", "1h", start, end, 99), candles[10:50])


def test_resampled_candles_are_whole_days(make_candles: MakeCandles) -> None:
    candles = make_candles(24 * 5 + 3)
    put(candles)
    times = candles.timestamp
    last = store.query_resampled("BTC-USD", "1h", "1d", None, None, 2)
    assert last.candles.timestamp.tolist() == [times[72], times[96]]
    assert last.candles.high[0] == candles.high[72:96].max()
    first = store.query_resampled("BTC-USD", "1h", "1d", at(int(times[5])), None, 2)
    assert first.candles.timestamp.tolist() == [times[24], times[48]]


def test_resampling_too_much_at_once_is_refused(make_candles: MakeCandles) -> None:
    put(make_candles(step=60), interval="1m")
    with pytest.raises(InvalidInput, match="at most 347"):
        store.query_resampled("BTC-USD", "1m", "1d", None, None, 348)


def test_a_gevent_process_writes_and_reads_while_others_go_on(settings: Settings) -> None:
    script = textwrap.dedent("""
        from gevent import monkey; monkey.patch_all()
        from psycogreen.gevent import patch_psycopg; patch_psycopg()
        import os, flask, gevent, numpy as np
        from server.extensions import db
        from server.market import packed, store
        from server.market.candles import Candles
        app = flask.Flask("green")
        app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
        db.init_app(app)
        turns = 0
        def others():
            global turns
            while True:
                turns += 1
                gevent.sleep(0.001)
        gevent.spawn(others)
        one = np.ones(60_000)
        with app.app_context():
            store.upsert("BTC-USD", "1m", "test", Candles(60 * np.arange(60_000), one, one, one, one, one))
            while_writing, turns = turns, 0
            assert len(store.load_candles("BTC-USD", "1m")) == 60_000
        assert while_writing > 5 and turns > 1, (while_writing, turns)
    """)
    environment = os.environ | {"DATABASE_URL": settings.database_url}
    subprocess.run([sys.executable, "-c", script], env=environment, cwd=PROJECT_ROOT, timeout=60, check=True)
