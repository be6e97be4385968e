from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.errors import InvalidInput
from server.features.scaling import CLIP, Scaler

NAMES = ("a", "b", "c")


def rows(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal([0, 5, -3], [1, 0.01, 100], (500, 3)).astype(np.float32)


def test_training_rows_scale_to_mean_zero_and_deviation_one() -> None:
    scaled = Scaler.fit(NAMES, rows()).transform(rows())
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-2)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-2)
    assert scaled.dtype == np.float32


@settings(max_examples=25, deadline=None)
@given(value=st.floats(-(2.0**90), 2.0**90, width=32), constant=st.floats(-1024, 1024, width=32))
def test_a_feature_that_does_not_vary_scales_to_zero_and_anything_stays_within_the_clip(
    value: float, constant: float
) -> None:
    training = rows()
    training[:, 1] = constant
    scaler = Scaler.fit(NAMES, training)
    np.testing.assert_allclose(scaler.transform(training)[:, 1], 0.0, atol=1e-6)
    assert np.abs(scaler.transform(np.full((1, 3), value, dtype=np.float32))).max() <= CLIP


def test_it_survives_json() -> None:
    scaler = Scaler.fit(NAMES, rows())
    assert Scaler.from_dict(json.loads(json.dumps(scaler.to_dict()))) == scaler


@pytest.mark.parametrize("damage", [{"mean": [1.0]}, {"mean": ["x", 1, 2]}, {"clip": None}])
def test_a_stored_scaler_that_is_not_one_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="stored scaler"):
        Scaler.from_dict({**Scaler.fit(NAMES, rows()).to_dict(), **damage})
