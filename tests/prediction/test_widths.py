"""Interval widths follow the candles: the same rows however the walk is divided."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, text

from server.extensions import db
from server.forecasters.adaptive import calibrated
from server.forecasters.artifacts import Artifact
from server.forecasters.serving import HISTORY_ROWS, OnnxForecaster, load_forecaster
from server.market import store
from server.market.candles import COLUMNS, Candles
from server.prediction.widths import bring_up_to_date, extended, stored
from server.registry.tables import IntervalWidth, Model
from tests.prediction.conftest import (
    HORIZON,
    INTERVAL,
    LOOKBACK,
    MODEL_ID,
    STORED,
    TICKER,
    TO_COME,
    TRAINED_ON,
    forget_what_was_kept,
    registered,
)

# The same row from a shorter history: a forecast differs by rounding, and so may a hit at the very edge.
CLOSE = {"rtol": 1e-5}


@pytest.fixture(scope="module")
def forecaster(artifact: Artifact) -> OnnxForecaster:
    return load_forecaster(artifact.store, MODEL_ID)


def rows_of(model_id: str = MODEL_ID) -> list[IntervalWidth]:
    query = select(IntervalWidth).filter_by(model_id=model_id).order_by(IntervalWidth.origin)
    return list(db.session.scalars(query.execution_options(populate_existing=True)))


def without(candles: Candles, *rows: int) -> Candles:
    kept = np.delete(np.arange(len(candles)), rows)
    return Candles(*(getattr(candles, name)[kept] for name in COLUMNS))


def without_rows() -> None:
    db.session.execute(delete(IntervalWidth))
    db.session.commit()


def test_every_candle_behind_the_test_part_gets_a_row(forecaster: OnnxForecaster, model: Model) -> None:
    known = {row.origin for row in rows_of()}
    last = max(known)
    expected = [datetime.fromtimestamp(int(each), UTC) for each in STORED.timestamp]
    expected = [each for each in expected if each > last]
    assert bring_up_to_date(forecaster) == len(expected) >= 100
    assert [row.origin for row in rows_of() if row.origin not in known] == expected


def test_nothing_new_adds_nothing(forecaster: OnnxForecaster, model: Model) -> None:
    bring_up_to_date(forecaster)
    before = len(rows_of())
    assert bring_up_to_date(forecaster) == 0
    assert len(rows_of()) == before


def test_serving_goes_on_where_the_evaluation_ended(
    forecaster: OnnxForecaster, artifact: Artifact, database: None, app: Flask
) -> None:
    forget_what_was_kept(app)
    store.upsert(TICKER, INTERVAL, "what it was trained on", TRAINED_ON)
    registered(artifact.manifest)
    by_training = {row.origin: np.array([row.factors_80, row.factors_95]) for row in rows_of()}
    without_rows()
    bring_up_to_date(forecaster)
    walked = {row.origin: np.array([row.factors_80, row.factors_95]) for row in rows_of()}
    assert len(by_training) == HORIZON
    for origin, factors in by_training.items():
        np.testing.assert_allclose(walked[origin], factors, **CLOSE)


def test_a_model_without_rows_begins_as_it_was_calibrated(forecaster: OnnxForecaster, model: Model) -> None:
    without_rows()
    bring_up_to_date(forecaster)
    first = rows_of()[0]
    assert int(first.origin.timestamp()) == forecaster.unseen_from
    assert first.factors_80 == first.factors_95 == [1.0] * HORIZON


def test_rows_change_with_what_happens_and_with_nothing_later(
    forecaster: OnnxForecaster, model: Model
) -> None:
    bring_up_to_date(forecaster)
    before = {row.origin: (row.factors_80, row.factors_95) for row in rows_of()}
    store.upsert(TICKER, INTERVAL, "later", TO_COME[:30])
    assert bring_up_to_date(forecaster) == 30
    after = {row.origin: (row.factors_80, row.factors_95) for row in rows_of()}
    assert {origin: after[origin] for origin in before} == before
    assert len({tuple(factors) for factors, _ in after.values()}) > 100


@settings(max_examples=15)
@given(
    cuts=st.sets(st.integers(1, 159), max_size=4),
    gap=st.one_of(st.none(), st.integers(1, 140)),
)
def test_walking_in_parts_gives_the_rows_of_walking_at_once(
    forecaster: OnnxForecaster, cuts: set[int], gap: int | None
) -> None:
    start = HISTORY_ROWS + 40
    candles = (
        STORED[: start + 160]
        if gap is None
        else without(STORED[: start + 163], *range(start + gap, start + gap + 3))
    )
    whole = extended(forecaster, candles, calibrated(1, HORIZON), start).factors
    factors = calibrated(1, HORIZON)
    for cut in (*sorted(cuts), 160):
        seen = candles[: start + cut]
        kept = factors[-HORIZON:]
        if len(factors) < cut:
            behind = max(0, len(factors) - HORIZON)
            past = slice(max(0, start + behind - HISTORY_ROWS), None)
            added = extended(forecaster, seen[past], kept, min(start + behind, HISTORY_ROWS)).factors
            factors = np.concatenate([factors, added])
    np.testing.assert_allclose(factors[1:], whole, **CLOSE)


def test_many_candles_are_taken_in_parts(forecaster: OnnxForecaster, model: Model) -> None:
    without_rows()
    total = bring_up_to_date(forecaster)
    at_once = [(row.factors_80, row.factors_95) for row in rows_of()]
    without_rows()
    assert bring_up_to_date(forecaster, at_a_time=17) == total
    np.testing.assert_allclose([(row.factors_80, row.factors_95) for row in rows_of()], at_once, **CLOSE)


def test_an_outcome_across_a_gap_corrects_nothing(forecaster: OnnxForecaster) -> None:
    start = HISTORY_ROWS + 40
    candles = without(STORED[: start + 60], *range(start + 20, start + 24))
    factors = extended(forecaster, candles, calibrated(1, HORIZON), start).factors
    # One step ahead: from the last row before the gap on, until a whole window lies behind it.
    unjudged = factors[18 : 18 + LOOKBACK + 1, :, 0]
    assert np.all(unjudged == unjudged[0])
    assert np.all(factors[18 + LOOKBACK + 1, :, 0] != unjudged[0])
    assert np.all(factors[17, :, 0] != unjudged[0])


def test_a_candle_stored_late_between_others_stops_nothing(forecaster: OnnxForecaster, model: Model) -> None:
    db.session.execute(
        text("DELETE FROM candles WHERE timestamp = to_timestamp(:t)"), {"t": int(STORED.timestamp[-3])}
    )
    db.session.commit()
    bring_up_to_date(forecaster)
    store.upsert(TICKER, INTERVAL, "late", STORED[-3:])
    store.upsert(TICKER, INTERVAL, "later", TO_COME[:5])
    assert bring_up_to_date(forecaster) == 5
    assert all(0.2 < factor < 5 for row in rows_of() for factor in row.factors_80)


def test_a_model_deleted_meanwhile_is_left_alone(forecaster: OnnxForecaster, model: Model) -> None:
    db.session.delete(model)
    db.session.commit()
    assert bring_up_to_date(forecaster) == 0
    assert rows_of() == []


def test_the_newest_rows_come_back_as_they_were_stored(forecaster: OnnxForecaster, model: Model) -> None:
    bring_up_to_date(forecaster)
    known = stored(MODEL_ID, 5)
    assert known is not None
    rows = rows_of()[-5:]
    assert known.timestamp.tolist() == [int(row.origin.timestamp()) for row in rows]
    assert known.factors.shape == (5, 2, HORIZON)
    assert known.factors[:, 0].tolist() == [row.factors_80 for row in rows]
    assert stored("unknown", 5) is None
