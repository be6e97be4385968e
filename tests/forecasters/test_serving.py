"""A model served without its framework answers as it did with it, and as on the whole series."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from server.errors import InvalidInput
from server.features.build import build_features, log_returns, two_speed_volatility
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.contract import MODEL_TYPES
from server.forecasters.evaluation import evaluate
from server.forecasters.manifest import contents_of
from server.forecasters.neural import windows_of
from server.forecasters.prepare import prepare
from server.forecasters.scored_part import FILE_NAME, ScoredPart
from server.forecasters.serving import HISTORY_ROWS, ModelUnusable, OnnxForecaster, load_forecaster
from server.training.run import describe, store
from tests.candles import sample_candles
from tests.forecasters.trained import SPEC, train

LOOKBACK, HORIZON = 30, 3
CANDLES = sample_candles()[:3400]
PREPARED = prepare(CANDLES, "1h", LOOKBACK, HORIZON)
FEATURES = build_features(CANDLES).values


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    """A store with a model of each type, named by it, trained for one epoch."""
    found = ArtifactStore(tmp_path_factory.mktemp("artifacts").as_uri())
    data = PREPARED.dataset
    for model_type in MODEL_TYPES:
        fitted = train(data, model_type=model_type, epochs=1, batch_size=256)
        test = fitted.predict(data, data.parts.test)
        evaluation = evaluate(data, fitted.predict(data, data.parts.calibration), test)
        spec = replace(SPEC, model_type=model_type, lookback=LOOKBACK, horizon=HORIZON)
        scored = ScoredPart.of(data, test, evaluation.conformal, evaluation.factors)
        manifest = describe(spec, CANDLES, "f" * 64, PREPARED, evaluation, fitted)
        store(found, model_type, fitted, manifest, scored)
    return found


@pytest.mark.parametrize("model_type", MODEL_TYPES)
def test_onnx_answers_as_keras_does_on_a_thousand_windows(
    model_type: str, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    import keras

    (tmp_path / "model.keras").write_bytes(artifacts.open(model_type).read("model.keras"))
    origins = np.arange(PREPARED.dataset.parts.train[0], PREPARED.dataset.parts.train[0] + 1000)
    expected = keras.models.load_model(tmp_path / "model.keras").predict(
        windows_of(PREPARED.dataset, origins), verbose=0
    )
    found = load_forecaster(artifacts, model_type).predict(FEATURES, origins)
    assert found.shape == (1000, HORIZON)
    assert np.abs(expected).max() > 1e-5
    assert np.abs(found - expected).max() <= 1e-5


def test_a_tail_of_candles_gives_the_forecast_of_the_whole_series(artifacts: ArtifactStore) -> None:
    model = load_forecaster(artifacts, "CNN")
    tail = CANDLES[len(CANDLES) - HISTORY_ROWS :]
    whole = model.predict(FEATURES, np.array([len(CANDLES) - 1]))
    short = model.predict(build_features(tail).values, np.array([HISTORY_ROWS - 1]))
    assert short == pytest.approx(whole, abs=1e-7)
    volatility = [two_speed_volatility(log_returns(candles.close))[-1] for candles in (CANDLES, tail)]
    assert volatility[1] == pytest.approx(volatility[0], rel=2e-3)


def test_origins_may_come_in_any_order_and_number(artifacts: ArtifactStore) -> None:
    model = load_forecaster(artifacts, "CNN")
    origins = np.array([900, 500, 1500, 500])
    found = model.predict(FEATURES, origins)
    one_by_one = np.concatenate([model.predict(FEATURES, origins[row : row + 1]) for row in range(4)])
    assert found == pytest.approx(one_by_one, abs=1e-7)


def test_a_window_with_a_value_that_is_not_finite_is_refused(artifacts: ArtifactStore) -> None:
    model = load_forecaster(artifacts, "CNN")
    holed = FEATURES.copy()
    holed[1000, 3] = np.nan
    with pytest.raises(InvalidInput) as refused:
        model.predict(holed, np.array([1010]))
    assert refused.value.code == "window_not_finite"
    with pytest.raises(InvalidInput):
        model.predict(FEATURES, np.array([LOOKBACK - 2]))
    assert model.predict(holed, np.array([1000 + LOOKBACK])).shape == (1, HORIZON)


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove"])
def test_a_damaged_network_is_refused(artifacts: ArtifactStore, tmp_path: Path, damage: str) -> None:
    copied = ArtifactStore(tmp_path.as_uri())
    original = artifacts.open("CNN")
    files = {name: original.read(name) for name in original.manifest["files"]}
    copied.write("CNN", files, contents_of(original.manifest))
    path = tmp_path / "models" / "CNN" / "model.onnx"
    content = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content if damage == "flip" else content[:-100])
    with pytest.raises(ModelUnusable) as refused:
        load_forecaster(copied, "CNN")
    assert (refused.value.code, refused.value.http_status) == ("model_unavailable", 503)
    assert refused.value.details["model_id"] == "CNN"


def test_a_model_that_is_not_there_is_unusable_not_replaced(artifacts: ArtifactStore) -> None:
    with pytest.raises(ModelUnusable, match="no model GRU"):
        load_forecaster(artifacts, "GRU")


def test_bytes_that_are_no_network_are_refused(artifacts: ArtifactStore) -> None:
    with pytest.raises(ModelUnusable, match="cannot be loaded"):
        OnnxForecaster(b"not a network", artifacts.open("CNN").manifest)


def test_a_model_of_other_features_is_refused(artifacts: ArtifactStore) -> None:
    artifact = artifacts.open("CNN")
    older = {**artifact.manifest, "feature_names": ["log_return"]}
    with pytest.raises(ModelUnusable, match="other features"):
        OnnxForecaster(artifact.read("model.onnx"), older)


def test_the_scored_part_says_what_the_metrics_say(artifacts: ArtifactStore) -> None:
    artifact = artifacts.open("LSTM")
    scored = ScoredPart.from_bytes(artifact.read(FILE_NAME))
    reports = artifact.manifest["metrics"]["steps"], artifact.manifest["baseline"]["steps"]
    for step, metrics, naive in zip(range(1, HORIZON + 1), *reports, strict=True):
        found = {name: np.array(values) for name, values in scored.columns(step, 3600, 10_000).items()}
        assert len(found["origin"]) == artifact.manifest["metrics"]["rows"]
        assert np.all(found["timestamp"] - found["origin"] == step * 3600)
        rows = np.searchsorted(CANDLES.timestamp, found["timestamp"])
        assert found["actual"] == pytest.approx(CANDLES.close[rows], rel=1e-6)
        for name, report in (("predicted", metrics), ("naive", naive)):
            error = found[name] - found["actual"]
            assert np.sqrt(np.mean(error**2)) == pytest.approx(report["rmse"], rel=1e-4)
        inside = (found["lower_80"] <= found["actual"]) & (found["actual"] <= found["upper_80"])
        assert np.mean(inside) == pytest.approx(metrics["coverage_80"], abs=2 / len(rows))
    assert len(scored.columns(1, 3600, 7)["actual"]) == 7
    with pytest.raises(InvalidInput, match="1 to 3"):
        scored.columns(4, 3600, 7)


def test_a_file_that_is_no_scored_part_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no scored test part"):
        ScoredPart.from_bytes(b"PK but not really")
