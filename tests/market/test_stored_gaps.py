"""Gaps of stored series, as the database finds them."""

from __future__ import annotations

from collections.abc import Callable

import hypothesis.strategies as some
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from server.extensions import db
from server.market import quality, store, stored_gaps
from server.market.candles import INTERVAL_SECONDS, Candles
from server.market.gaps import find_gaps

SERIES = ("BTC-USD", "1h")
MakeCandles = Callable[..., Candles]

pytestmark = pytest.mark.usefixtures("database")


def test_the_report_covers_the_whole_series(make_candles: MakeCandles) -> None:
    times = make_candles(48).timestamp.tolist()
    store.upsert(*SERIES, "test", make_candles(timestamp=times[:10] + times[13:30] + times[31:]))
    report = stored_gaps.gap_report(*SERIES)
    assert (report.first, report.last) == (times[0], times[-1])
    assert (report.rows, report.missing) == (44, 4)
    assert [(gap.first, gap.candles) for gap in report.gaps] == [(times[10], 3), (times[30], 1)]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    interval=some.sampled_from(sorted(INTERVAL_SECONDS)),
    places=some.sets(some.integers(0, 200), min_size=1, max_size=80),
)
def test_the_database_finds_the_gaps_that_the_columns_have(
    make_candles: MakeCandles, interval: str, places: set[int]
) -> None:
    db.session.execute(text("TRUNCATE candles, candle_flags, series_versions"))
    db.session.commit()
    step = INTERVAL_SECONDS[interval]
    # The first day of 2020 is on every grid.
    candles = make_candles(timestamp=[1_577_836_800 + place * step for place in sorted(places)])
    store.upsert("BTC-USD", interval, "test", candles)
    report = stored_gaps.gap_report("BTC-USD", interval)
    assert report.gaps == find_gaps(candles.timestamp, step)
    assert (report.first, report.last) == (candles.timestamp[0], candles.timestamp[-1])
    assert report.rows == len(places)


def test_each_source_has_its_share(make_candles: MakeCandles) -> None:
    candles = make_candles(40)
    store.upsert(*SERIES, "kraken", candles)
    (alone,) = quality.report(*SERIES)["sources"]
    assert alone == {"source": "kraken", "rows": 40, "share": 1.0}
    store.upsert(*SERIES, "kraken:flat", candles[np.arange(40) % 4 == 0])
    report = quality.report(*SERIES)
    shares = [(each["source"], each["share"]) for each in report["sources"]]
    assert shares == [("kraken", 0.75), ("kraken:flat", 0.25)]
    assert (report["rows"], report["flat"]) == (40, 10)
