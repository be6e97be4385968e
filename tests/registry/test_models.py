"""One active model of a kind, whoever asks at the same time, and nothing that is half done."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from server.errors import Conflict, InvalidInput, NotFound, Unavailable
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.serving import ModelUnusable
from server.registry import models, retention
from server.registry.decision import ActiveModelChanged
from server.registry.models import Kind
from server.registry.tables import Activation, IntervalWidth, Model
from tests.registry.conftest import Register, Told, damaged, statuses
from tests.registry.stored import ID, store_model
from tests.registry.test_decision import LOST, WON

KIND = Kind("BTC-USD", "1h", "CNN")


def rows(table: type) -> int:
    return int(db.session.scalar(select(func.count()).select_from(table)) or 0)


def test_the_first_model_becomes_active_with_all_that_its_manifest_says(register: Register) -> None:
    model = register(finding=None)
    assert (model.version, model.status, model.reason) == (1, "active", "first model of its kind")
    assert (model.lookback, model.horizon) == (10, 2)
    assert model.skill == model.metrics["overall"]["skill"]
    assert model.baseline["overall"]["skill"] == 0.0
    assert model.trained_until == datetime.fromisoformat(model.data["end"])
    assert sum(file["bytes"] for file in model.files.values()) == model.size_bytes
    assert model.comparison is None
    assert model.activated_at is not None


def test_versions_count_within_a_kind(register: Register) -> None:
    found = [
        register("a"),
        register("b"),
        register("c", model_type="LSTM"),
        register("d", ticker="ETH-USD"),
        register("e"),
    ]
    assert [model.version for model in found] == [1, 2, 1, 1, 3]
    assert [model.status for model in found] == ["active", "candidate", "active", "active", "candidate"]


def test_the_winner_replaces_the_active_model_and_the_history_says_so(register: Register) -> None:
    register("old", finding=None)
    new = register("new", finding=WON)
    assert statuses() == {"old": "archived", "new": "active"}
    assert models.get("old").reason == "replaced by version 2"
    assert new.comparison == WON.to_json()
    changes, total = models.history({}, 1, 10)
    assert total == 2
    assert [(row.model_id, row.previous_model_id) for row in changes] == [("new", "old"), ("old", None)]
    assert changes[0].reason == new.reason


def test_the_loser_stays_a_candidate_with_its_figures(register: Register) -> None:
    register("old", finding=None)
    new = register("new", finding=LOST)
    assert statuses() == {"old": "active", "new": "candidate"}
    assert new.comparison == LOST.to_json()
    assert "does not beat" in new.reason


@pytest.mark.parametrize("finding", [None, replace(WON, active_id="another")])
def test_a_stale_comparison_registers_nothing(
    register: Register, artifacts: ArtifactStore, finding: Any
) -> None:
    register("old", finding=None)
    with pytest.raises(ActiveModelChanged):
        models.register(store_model(artifacts, "new"), finding)
    assert statuses() == {"old": "active"}


def test_registering_is_part_of_the_callers_transaction(artifacts: ArtifactStore) -> None:
    models.register(store_model(artifacts), None)
    db.session.rollback()
    assert [rows(table) for table in (Model, Activation, IntervalWidth)] == [0, 0, 0]


def test_a_model_is_registered_once(register: Register, artifacts: ArtifactStore) -> None:
    register()
    with pytest.raises(Conflict, match="registered already"):
        models.register(artifacts.open(ID).manifest, None)


def test_the_widths_of_the_manifest_become_rows(register: Register, artifacts: ArtifactStore) -> None:
    register()
    widths = artifacts.open(ID).manifest["widths"]
    stored = db.session.scalars(select(IntervalWidth).order_by(IntervalWidth.origin)).all()
    assert [row.origin for row in stored] == [datetime.fromisoformat(each) for each in widths["origins"]]
    assert [row.factors_80 for row in stored] == widths["factors_80"]
    assert [row.factors_95 for row in stored] == widths["factors_95"]
    assert len(stored) > 0


def test_activating_an_archived_model_rolls_back(
    register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    register("old", finding=None)
    register("new", finding=WON)
    model = models.activate("old", artifacts, told)
    assert statuses() == {"old": "active", "new": "archived"}
    assert model.reason == "activated by request in place of version 2"
    assert told.ids == ["old"]
    newest = models.history({}, 1, 1)[0][0]
    assert (newest.model_id, newest.previous_model_id) == ("old", "new")


def test_activating_the_active_model_changes_nothing(
    register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    before = register(finding=None).reason
    models.activate(ID, artifacts, told)
    assert models.get(ID).reason == before
    assert rows(Activation) == 1
    assert told.ids == []


@pytest.mark.parametrize("damage", ["flipped", "missing"])
def test_a_model_whose_artifact_cannot_be_read_is_not_activated(
    register: Register, artifacts: ArtifactStore, told: Told, tmp_path: Path, damage: str
) -> None:
    register("old", finding=None)
    register("new")
    network = tmp_path / "models" / "new" / "model.onnx"
    if damage == "missing":
        network.unlink()
        with pytest.raises(ModelUnusable):
            models.activate("new", artifacts, told)
    else:
        with damaged(network), pytest.raises(ModelUnusable, match="checksum") as refused:
            models.activate("new", artifacts, told)
        assert (refused.value.code, refused.value.http_status) == ("model_unavailable", 503)
    assert statuses() == {"old": "active", "new": "candidate"}
    assert rows(Activation) == 1
    assert told.ids == []


def test_an_artifact_that_opens_again_clears_the_fault(
    register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    register(finding=None)
    assert models.set_fault(ID, ModelUnusable("gone", model_id=ID))
    assert not models.set_fault(ID, ModelUnusable("still gone", model_id=ID))
    db.session.commit()
    assert models.get(ID).fault == {
        "error_code": "model_unavailable",
        "message": "gone",
        "details": {"model_id": ID},
    }
    models.activate(ID, artifacts, told)
    assert models.get(ID).fault is None
    assert not models.clear_fault(ID)
    assert models.set_fault(ID, ModelUnusable("gone again"))
    assert models.clear_fault(ID)


def test_drift_is_news_when_it_begins_and_when_it_ends(register: Register) -> None:
    register(finding=None)
    said = [models.flag_drift(ID, drift) for drift in (None, {"skill": -0.2}, {"skill": -0.3}, None, None)]
    assert said == [False, True, False, True, False]
    assert not models.flag_drift("nobody", {"skill": -1.0})
    models.flag_drift(ID, {"skill": -0.2})
    db.session.commit()
    assert models.get(ID).drift == {"skill": -0.2}


def test_the_active_model_is_not_deleted(register: Register, artifacts: ArtifactStore) -> None:
    register(finding=None)
    with pytest.raises(Conflict, match="activate or train another one first") as refused:
        models.delete(ID, artifacts)
    assert refused.value.code == "model_active"
    assert statuses() == {ID: "active"}
    assert artifacts.exists(ID)


def test_a_deleted_model_is_gone_with_its_artifact_and_widths(
    register: Register, artifacts: ArtifactStore
) -> None:
    register("old", finding=None)
    register("new")
    models.delete("new", artifacts)
    assert statuses() == {"old": "active"}
    assert not artifacts.exists("new")
    assert set(db.session.scalars(select(IntervalWidth.model_id))) == {"old"}


def test_an_unknown_model_is_named(artifacts: ArtifactStore, told: Told) -> None:
    for call in (
        lambda: models.get("nobody"),
        lambda: models.delete("nobody", artifacts),
        lambda: models.activate("nobody", artifacts, told),
    ):
        with pytest.raises(NotFound, match="'nobody'"):
            call()


class AwayStore(ArtifactStore):
    """A store that does not answer to deletions."""

    def delete(self, model_id: str) -> None:
        raise Unavailable("The artifact store does not answer")


def test_a_store_that_is_away_leaves_an_artifact_and_no_row(register: Register, tmp_path: Path) -> None:
    register("old", finding=None)
    register("new")
    models.delete("new", AwayStore(tmp_path.as_uri()))
    assert statuses() == {"old": "active"}


def test_pruning_keeps_the_newest_of_each_kind_and_the_active_ones(
    register: Register, artifacts: ArtifactStore
) -> None:
    for name in ("a", "b", "c", "d"):
        register(name)
    register("lstm", model_type="LSTM")
    register("lstm2", model_type="LSTM")
    register("winner", finding=replace(WON, active_id="a"))
    going = [model.id for model in retention.prunable(2)]
    assert going == ["a", "b"]
    assert [model.id for model in retention.prunable(0)] == ["a", "b", "c", "d", "lstm2"]
    assert retention.prune([*going, "winner", "nobody"], artifacts) == 2
    assert statuses().keys() == {"c", "d", "lstm", "lstm2", "winner"}
    assert not artifacts.exists("a")
    with pytest.raises(InvalidInput):
        retention.prunable(-1)
