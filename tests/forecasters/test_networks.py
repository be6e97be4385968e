from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import onnxruntime
import pytest

from server.errors import InvalidInput
from server.forecasters.contract import MODEL_TYPES
from server.forecasters.networks.by_name import network_builder
from tests.forecasters.trained import dataset, train


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("lookback", [10, 30, 365])
@pytest.mark.parametrize(("n_features", "horizon"), [(1, 1), (13, 30)])
def test_every_network_builds_for_every_size(
    model_type: str, lookback: int, n_features: int, horizon: int
) -> None:
    network = network_builder(model_type)(lookback, n_features, horizon, 1)
    assert network.input_shape == (None, lookback, n_features)
    assert network.output_shape == (None, horizon)
    assert network.count_params() < 200_000


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_the_seed_decides_the_first_weights(model_type: str) -> None:
    build = network_builder(model_type)
    one, same, other = (build(10, 3, 2, seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_an_untrained_network_is_the_naive_forecast(model_type: str) -> None:
    network = network_builder(model_type)(10, 3, 2, 1)
    windows = np.random.default_rng(0).normal(size=(4, 10, 3)).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(network(windows)), 0.0)


@pytest.mark.parametrize("model_type", MODEL_TYPES)
@pytest.mark.parametrize("lookback", [10, 30])
def test_a_trained_network_answers_the_same_from_keras_and_onnx_files(
    model_type: str, lookback: int, tmp_path: Path
) -> None:
    data = dataset(700, lookback, horizon=3)
    forecaster = train(data, model_type=model_type, epochs=1, learning_rate=0.01)
    origins = data.parts.test
    expected = forecaster.predict(data, origins)
    assert np.abs(expected).max() > 0
    windows = np.stack([data.features[origin - lookback + 1 : origin + 1] for origin in origins])

    forecaster.save_keras(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(np.asarray(reloaded(windows)), expected, atol=1e-6)

    forecaster.save_onnx(tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    (entry,) = session.get_inputs()
    for rows in (windows, windows[:1]):  # the batch dimension is free
        (answer,) = session.run(None, {entry.name: rows})
        assert np.abs(answer - expected[: len(rows)]).max() <= 1e-5


def test_the_longest_window_trains_and_exports(tmp_path: Path) -> None:
    data = dataset(2000, lookback=365, horizon=30)
    forecaster = train(data, model_type="LSTM-CNN", epochs=1, batch_size=64)
    forecaster.save_onnx(tmp_path / "model.onnx")
    assert forecaster.predict(data, data.parts.test).shape == (len(data.parts.test), 30)


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="model_type='GRU' is unknown: choose one of CNN, LSTM"):
        network_builder("GRU")


def test_every_declared_type_has_a_builder() -> None:
    assert all(callable(network_builder(model_type)) for model_type in MODEL_TYPES)


def test_importing_the_registry_imports_no_keras() -> None:
    code = (
        "import sys, server.forecasters.networks.by_name, server.forecasters.checkpoints;"
        "import server.forecasters.prepare;"
        "sys.exit(bool({'keras', 'tensorflow', 'flask', 'sqlalchemy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
