"""Flags follow the candles, in whatever batches those come."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import text

from server.errors import NotFound
from server.extensions import db
from server.market import quality, store
from server.market.candles import Candles
from server.market.changes import SeriesChange
from server.market.outliers import WINDOW
from server.market.soundness import UnsoundCandles
from tests.market.backfilled import SERIES
from tests.market.flagged import expected, flags
from tests.market.test_quality_checks import times_ten

pytestmark = pytest.mark.usefixtures("database")


def test_in_whatever_batches_candles_come_the_flags_are_those_of_the_whole(jumpy: Candles) -> None:
    assert expected(jumpy), "there is something to flag"
    store.upsert(*SERIES, "test", jumpy)
    assert flags() == expected(jumpy)
    db.session.execute(text("TRUNCATE candles, candle_flags, series_versions"))
    db.session.commit()
    # The newest first, then older ones, which become the past of what is stored already.
    for part in (jumpy[5_000:5_001], jumpy[5_001:], jumpy[2_000:5_000], jumpy[:2_000]):
        store.upsert(*SERIES, "test", part)
    assert flags() == expected(jumpy)


def test_a_candle_that_comes_alone_is_judged_by_the_whole_past_that_is_stored(jumpy: Candles) -> None:
    row = int(np.searchsorted(jumpy.timestamp, expected(jumpy)[-1][0]))
    store.upsert(*SERIES, "test", jumpy[:row])
    store.upsert(*SERIES, "test", jumpy[row : row + 1])
    assert flags() == expected(jumpy[: row + 1])


def test_a_batch_that_is_stored_again_leaves_the_flags_as_they_were(jumpy: Candles) -> None:
    store.upsert(*SERIES, "test", jumpy)
    since = db.session.execute(text("SELECT max(flagged_at) FROM candle_flags")).scalar()
    store.upsert(*SERIES, "test", jumpy)
    store.upsert(*SERIES, "another", jumpy)
    assert db.session.execute(text("SELECT max(flagged_at) FROM candle_flags")).scalar() == since


def test_a_corrected_candle_is_judged_anew_with_those_after_it(jumpy: Candles) -> None:
    calm = jumpy[:1_000]
    store.upsert(*SERIES, "test", times_ten(calm, 400))
    assert flags() == expected(times_ten(calm, 400)) != expected(calm)
    store.upsert(*SERIES, "test", calm[400:401])
    assert flags() == expected(calm)


def test_the_last_candle_that_a_correction_is_the_past_of_is_judged_anew(jumpy: Candles) -> None:
    calm, row = jumpy[:1_000], 400 + WINDOW + 1
    factor = np.where(np.arange(1_000) < row, 1.0, 1.6)
    prices = {name: getattr(calm, name) * factor for name in ("open", "high", "low", "close")}
    risen = replace(calm, **prices)
    wrong, opened = times_ten(risen, 400), int(risen.timestamp[row])
    assert opened in [each[0] for each in expected(risen)]
    assert opened not in [each[0] for each in expected(wrong)], "beside a tenfold price it is small"
    store.upsert(*SERIES, "test", wrong)
    store.upsert(*SERIES, "test", risen[400:401])
    assert flags() == expected(risen)


def test_flags_of_a_transaction_that_failed_are_not_there(jumpy: Candles) -> None:
    unsound = replace(jumpy[-3:], low=np.zeros(3))
    with pytest.raises(UnsoundCandles):
        _write_all([jumpy[:-3], unsound])
    assert flags() == []
    assert not store.has_series(*SERIES)


def _write_all(parts: list[Candles]) -> None:
    with store.writing(*SERIES, "test") as write:
        for part in parts:
            write(part)


def test_an_audit_judges_what_was_stored_past_the_door(jumpy: Candles) -> None:
    with db.engine.begin() as connection:
        change = SeriesChange(connection, *SERIES, "test")
        change.write(jumpy)
        change.bump()
    assert flags() == []
    result = quality.audit(*SERIES)
    assert flags() == expected(jumpy)
    assert (result["rows"], result["flags"]) == (len(jumpy), len(expected(jumpy)))
    with pytest.raises(NotFound):
        quality.audit("ETH-USD", "1h")
