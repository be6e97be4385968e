"""The test part of a model over HTTP: what was forecast, beside naive and what happened."""

from __future__ import annotations

import numpy as np
import pytest
from flask.testing import FlaskClient

from server.forecasters.artifacts import ArtifactStore
from server.forecasters.manifest import contents_of
from server.registry import schemas
from tests.registry.conftest import Register
from tests.registry.stored import ID, candles

URL = f"/api/v1/models/{ID}/test-part"


@pytest.fixture(autouse=True)
def model(register: Register) -> None:
    register(forecast=0.01)


def test_each_forecast_stands_beside_naive_and_what_happened(client: FlaskClient) -> None:
    body = client.get(URL, query_string={"step": 2, "limit": 25}).json
    assert schemas.ScoredPartSchema().validate(body) == {}
    assert (body["rows"], body["step"], body["horizon"]) == (25, 2, 2)
    assert np.array(body["predicted"]) == pytest.approx(np.array(body["naive"]) * np.exp(0.01), rel=1e-6)
    # The test part ends where the last outcome is known: with the newest candle.
    assert body["actual"] == pytest.approx(candles().close[-25:], rel=1e-6)
    assert body["naive"] == pytest.approx(candles().close[-27:-2], rel=1e-6)
    assert body["timestamp"][:-2] == body["origin"][2:]
    for inner, outer in (("lower_80", "lower_95"), ("upper_95", "upper_80")):
        assert np.all(np.array(body[inner]) >= np.array(body[outer]))


@pytest.mark.parametrize(("query", "field"), [({"step": 3}, "step"), ({"limit": 0}, "limit")])
def test_what_the_model_does_not_have_is_named(
    client: FlaskClient, query: dict[str, int], field: str
) -> None:
    answer = client.get(URL, query_string=query)
    assert (answer.status_code, answer.json["details"]["field"]) == (422, field)


def test_a_model_stored_without_its_test_part_says_so(client: FlaskClient, artifacts: ArtifactStore) -> None:
    artifact = artifacts.open(ID)
    files = {name: artifact.read(name) for name in ("model.onnx", "model.keras")}
    artifacts.delete(ID)
    artifacts.write(ID, files, contents_of(artifact.manifest))
    answer = client.get(URL)
    assert (answer.status_code, answer.json["error_code"]) == (404, "not_found")
    assert "train it again" in answer.json["message"]


def test_a_model_tells_what_it_was_made_with(client: FlaskClient, artifacts: ArtifactStore) -> None:
    body = client.get(f"/api/v1/models/{ID}/libraries").json
    assert body["libraries"]["numpy"] == np.__version__
    artifacts.delete(ID)
    answer = client.get(f"/api/v1/models/{ID}/libraries")
    assert (answer.status_code, answer.json["error_code"]) == (404, "not_found")
