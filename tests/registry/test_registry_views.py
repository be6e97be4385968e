"""The registry over HTTP: never a model without its baseline, never half a change."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from server.forecasters.artifacts import ArtifactStore
from server.forecasters.evaluation import evaluate
from server.forecasters.prepare import prepare
from server.registry import listing, schemas
from tests.registry.conftest import Register, damaged
from tests.registry.stored import ID, candles
from tests.registry.test_decision import WON

URL = "/api/v1/models"


@pytest.fixture
def several(register: Register) -> None:
    """Four models of two kinds; the larger the constant they forecast, the worse they are."""
    register("good", forecast=0.001)
    register("bad", forecast=0.05)
    register("middling", forecast=0.01)
    register("lstm", forecast=0.02, model_type="LSTM", ticker="ETH-USD")


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    return [model["model_id"] for model in answer.json["models"]]


def test_models_are_listed_newest_first_beside_naive(client: FlaskClient, several: None) -> None:
    answer = client.get(URL)
    assert ids(answer) == ["lstm", "middling", "bad", "good"]
    assert answer.json["total"] == 4
    for model in answer.json["models"]:
        assert model["metrics"]["overall"].keys() == model["baseline"]["overall"].keys()
        assert model["baseline"]["overall"]["skill"] == 0.0
        assert "steps" not in model["metrics"]
    assert schemas.ModelsSchema().validate(answer.json) == {}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("sort=-skill&ticker=BTC-USD", ["good", "middling", "bad"]),
        ("sort=rmse&ticker=BTC-USD", ["good", "middling", "bad"]),
        ("sort=-rmse&ticker=BTC-USD", ["bad", "middling", "good"]),
        ("sort=created_at", ["good", "bad", "middling", "lstm"]),
        ("sort=-version&interval=1h&model_type=CNN", ["middling", "bad", "good"]),
        ("status=active&sort=created_at", ["good", "lstm"]),
        ("model_type=LSTM", ["lstm"]),
        ("sort=created_at&page=2&page_size=3", ["lstm"]),
        ("ticker=DOGE-USD", []),
    ],
)
def test_models_are_chosen_and_sorted(
    client: FlaskClient, several: None, query: str, expected: list[str]
) -> None:
    assert ids(client.get(f"{URL}?{query}")) == expected


@pytest.mark.parametrize("name", [*listing.METRICS, *listing.COLUMNS])
def test_every_name_sorts_both_ways_with_unknown_numbers_last(
    client: FlaskClient, several: None, name: str
) -> None:
    found = [client.get(f"{URL}?sort={sign}{name}").json["models"] for sign in ("", "-")]
    for models, direction in zip(found, (1, -1), strict=True):
        values = [model["metrics"]["overall"].get(name, model.get(name)) for model in models]
        known = [value for value in values if value is not None]
        assert values == sorted(known)[::direction] + [None] * (len(values) - len(known))


def test_the_sortable_metrics_are_those_of_a_test_report() -> None:
    dataset = prepare(candles(), "1h", 10, 1).dataset
    parts = dataset.parts
    forecasts = [0.01 * (1 + dataset.targets[part].astype(float)) for part in (parts.calibration, parts.test)]
    overall = evaluate(dataset, *forecasts).metrics["overall"]
    numbers = {name for name, value in overall.items() if not isinstance(value, list)}
    assert set(listing.METRICS) == numbers


@pytest.mark.parametrize("sort", ["fame", "-fame", "spec", "directional_accuracy_interval", "", "-"])
def test_an_unknown_sort_names_what_exists(client: FlaskClient, several: None, sort: str) -> None:
    answer = client.get(f"{URL}?sort={sort}")
    assert answer.status_code == 422
    assert answer.json["details"]["field"] == "sort"
    assert "skill" in answer.json["message"]


@pytest.mark.parametrize(
    "query", ["status=old", "model_type=GRU", "interval=2h", "ticker=btc", "page=0", "page_size=101", "by=x"]
)
def test_a_query_that_cannot_be_used_is_refused(client: FlaskClient, database: None, query: str) -> None:
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 422
    assert answer.json["details"]["field"] == query.partition("=")[0]


def test_one_model_is_shown_whole(client: FlaskClient, register: Register) -> None:
    register(finding=None)
    model = client.get(f"{URL}/{ID}").json
    assert model["spec"]["lookback"] == model["lookback"] == 10
    assert len(model["metrics"]["steps"]) == len(model["baseline"]["steps"]) == 2
    assert model["files"]["model.onnx"].keys() == {"sha256", "bytes"}
    assert model["created_at"].endswith("Z")
    assert model["baseline"]["drift"]["rmse"] > 0
    assert schemas.ModelDetailsSchema().validate(model) == {}


@pytest.mark.parametrize(
    ("method", "path"), [("get", ""), ("delete", ""), ("post", "/activate"), ("get", "/export")]
)
def test_an_unknown_model_is_404(client: FlaskClient, database: None, method: str, path: str) -> None:
    answer = getattr(client, method)(f"{URL}/nobody{path}")
    assert answer.status_code == 404
    assert answer.json["details"]["value"] == "nobody"


def test_activation_and_rollback_are_kept_in_the_history(client: FlaskClient, register: Register) -> None:
    register("old", finding=None)
    register("new", finding=WON)
    answer = client.post(f"{URL}/old/activate")
    assert (answer.status_code, answer.json["status"]) == (200, "active")
    history = client.get(f"{URL}/activations?ticker=BTC-USD&page_size=2").json
    assert history["total"] == 3
    assert [(row["model_id"], row["previous_model_id"]) for row in history["activations"]] == [
        ("old", "new"),
        ("new", "old"),
    ]
    assert client.get(f"{URL}/activations?ticker=ETH-USD").json["total"] == 0


def test_an_artifact_that_is_damaged_is_503_and_changes_nothing(
    client: FlaskClient, register: Register, tmp_path: Path
) -> None:
    register("old", finding=None)
    register("new")
    with damaged(tmp_path / "models" / "new" / "model.onnx"):
        answer = client.post(f"{URL}/new/activate")
    assert (answer.status_code, answer.json["error_code"]) == (503, "model_unavailable")
    assert client.get(f"{URL}/new").json["status"] == "candidate"
    assert client.get(f"{URL}/old").json["status"] == "active"


def test_deletion_is_refused_while_active_and_final_otherwise(
    client: FlaskClient, register: Register, artifacts: ArtifactStore
) -> None:
    register("old", finding=None)
    register("new")
    refused = client.delete(f"{URL}/old")
    assert (refused.status_code, refused.json["error_code"]) == (409, "model_active")
    assert "activate or train another" in refused.json["message"]
    assert client.delete(f"{URL}/new").status_code == 204
    assert client.get(f"{URL}/new").status_code == 404
    assert not artifacts.exists("new")


def test_an_export_is_a_download(client: FlaskClient, register: Register) -> None:
    register(finding=None)
    answer = client.get(f"{URL}/{ID}/export")
    assert answer.mimetype == "application/x-tar"
    assert f"filename={ID}.tar" in answer.headers["Content-Disposition"]
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as packed:
        assert packed.getnames() == ["manifest.json", "model.keras", "model.onnx", "test_part.npz"]


def test_metrics_count_the_models_of_each_status(client: FlaskClient, register: Register) -> None:
    register("old", finding=None)
    register("new", finding=WON)
    text = client.get("/metrics").get_data(as_text=True)
    counts = {"candidate": 0.0, "active": 1.0, "archived": 1.0}
    for status, count in counts.items():
        assert f'crypto_predict_models{{status="{status}"}} {count}' in text
