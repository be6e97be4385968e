from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.market.moments import iso
from server.training.events import plain

numbers = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(2**53), 2**53),
    st.floats(width=32).map(np.float32),
    st.integers(-100, 100).map(np.int64),
    st.booleans().map(np.bool_),
    st.none(),
    st.text(),
)
nested = st.recursive(
    numbers, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(nested)
def test_whatever_a_run_reports_becomes_strict_json(value: object) -> None:
    json.dumps(plain(value), allow_nan=False)


def test_numbers_survive_and_what_json_cannot_hold_becomes_null() -> None:
    assert plain({"loss": np.float32(0.5), "bad": math.nan, "worse": [math.inf, np.int64(3)]}) == {
        "loss": 0.5,
        "bad": None,
        "worse": [None, 3],
    }


def test_times_leave_in_utc_with_z() -> None:
    moment = datetime(2026, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=2)))
    assert iso(moment) == "2026-01-01T00:00:00.000Z"
    assert iso(None) is None
    assert iso(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000Z"


@pytest.mark.parametrize("flag", [True, False])
def test_flags_stay_flags(flag: bool) -> None:
    assert plain(flag) is flag
