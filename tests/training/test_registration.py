"""A run ends with its model registered: compared with the one in use, in one step with its last event."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server import adapters
from server.config import Settings
from server.errors import Conflict, NotFound
from server.extensions import db
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.market import store
from server.registry import models
from server.registry.decision import Uncompared
from server.registry.models import Kind
from server.training import lease, log, sessions, socket_schemas, tasks
from server.training.journal import COMPARISONS, Journal
from server.training.lease import Lease
from server.training.log import LeaseLost
from server.training.ranges import resolve
from server.training.schemas import StartTraining
from tests.registry.conftest import Told, damaged
from tests.registry.stored import candles, store_model
from tests.training.recording import RecordingPublisher, RecordingQueue

pytestmark = pytest.mark.timeout(120)

BODY = {"ticker": "BTC-USD", "model_type": "CNN", "lookback": 10, "horizon": 2, "epochs": 1}


@dataclass
class Finished:
    """What a run reports at its end."""

    model_id: str
    epochs: int = 1
    best_epoch: int = 1
    metrics: dict[str, Any] = field(default_factory=dict)
    baseline: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def artifacts(app: Flask, database: None, settings: Settings, tmp_path: Path) -> Iterator[ArtifactStore]:
    """The application's store, empty, beside 900 stored candles."""
    store.upsert("BTC-USD", "1h", "a walk", candles(900))
    app.config["SETTINGS"] = replace(settings, artifact_url=tmp_path.as_uri())
    yield adapters.artifacts()
    app.config["SETTINGS"] = settings


@dataclass
class Run:
    """A claimed session that has read its candles and stored its model."""

    session_id: str
    held: Lease
    journal: Journal
    told: Told

    def complete(self, artifacts: ArtifactStore) -> models.Model:
        self.journal.complete(Finished(self.session_id), artifacts, self.told)  # type: ignore[arg-type]
        return models.get(self.session_id)


Begin = Callable[..., Run]


@pytest.fixture
def begin(artifacts: ArtifactStore, settings: Settings, told: Told) -> Begin:
    def begin_run(forecast: float, rows: int = 900) -> Run:
        end = candles(rows).timestamp[-1]
        request = resolve(StartTraining().load({**BODY, "end_date": str(end.astype("datetime64[s]")) + "Z"}))
        session = sessions.start(request, settings, RecordingPublisher(), RecordingQueue())
        held = lease.claim(session.id, "here:1", 60, RecordingPublisher())
        assert held is not None
        journal = Journal(sessions.get(session.id), held, RecordingPublisher(), 0.0)
        assert len(journal.candles()) == rows
        store_model(artifacts, session.id, forecast, rows)
        return Run(session.id, held, journal, told)

    return begin_run


def last_event(session_id: str) -> dict[str, Any]:
    return log.read(session_id)[-1]


def test_the_first_run_of_a_kind_makes_the_active_model(
    begin: Begin, artifacts: ArtifactStore, told: Told
) -> None:
    run = begin(0.001)
    model = run.complete(artifacts)
    assert (model.version, model.status) == (1, "active")
    assert told.ids == [run.session_id]
    event = last_event(run.session_id)
    assert event["type"] == "completed"
    assert event["data"]["model"] == {"version": 1, "status": "active", "reason": "first model of its kind"}
    assert socket_schemas.DATA_SCHEMAS["completed"]().validate(event["data"]) == {}
    session = sessions.get(run.session_id)
    assert (session.status, session.model_id, session.lease_token) == ("COMPLETED", run.session_id, None)


def test_a_better_model_takes_over_on_rows_that_neither_has_seen(
    begin: Begin, artifacts: ArtifactStore, told: Told
) -> None:
    old = begin(0.05, rows=800).complete(artifacts)
    new = begin(0.0001).complete(artifacts)
    assert new.status == "active"
    assert models.get(old.id).status == "archived"
    assert told.ids == [old.id, new.id]
    assert new.comparison is not None
    assert new.comparison["active_id"] == old.id
    assert new.comparison["rmse"] < new.comparison["active_rmse"]
    assert new.comparison["start"] == max(each.data["parts"]["test"]["first"] for each in (old, new))
    assert new.comparison["rmse"] == pytest.approx(new.metrics["overall"]["rmse"], rel=1e-5)


def test_a_worse_model_stays_a_candidate_and_nobody_is_told(
    begin: Begin, artifacts: ArtifactStore, told: Told
) -> None:
    old = begin(0.0001).complete(artifacts)
    new = begin(0.05).complete(artifacts)
    assert (new.status, models.get(old.id).status) == ("candidate", "active")
    assert "does not beat" in new.reason
    assert told.ids == [old.id]
    assert last_event(new.id)["data"]["model"]["status"] == "candidate"


def test_an_active_model_that_cannot_be_read_keeps_its_place(
    begin: Begin, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    old = begin(0.05).complete(artifacts)
    run = begin(0.0001)
    with damaged(tmp_path / "models" / old.id / "model.onnx"):
        new = run.complete(artifacts)
    assert (new.status, models.get(old.id).status) == ("candidate", "active")
    assert new.comparison is None
    assert f"not compared with the active model {old.id}" in new.reason
    assert "checksum" in new.reason


def test_a_model_of_older_candles_is_not_compared(begin: Begin, artifacts: ArtifactStore) -> None:
    begin(0.05, rows=900).complete(artifacts)
    new = begin(0.0001, rows=650).complete(artifacts)
    assert new.status == "candidate"
    assert "test rows in common" in new.reason


def test_a_lease_lost_at_the_end_leaves_no_model(begin: Begin, artifacts: ArtifactStore, told: Told) -> None:
    run = begin(0.001)
    sessions.cancel(run.session_id, RecordingPublisher())
    with pytest.raises(LeaseLost):
        run.complete(artifacts)
    with pytest.raises(NotFound):
        models.get(run.session_id)
    assert last_event(run.session_id)["type"] == "cancelled"
    assert told.ids == []
    assert artifacts.exists(run.session_id)


def test_an_event_that_is_refused_leaves_no_model(begin: Begin, artifacts: ArtifactStore) -> None:
    run = begin(0.001)
    session = sessions.get(run.session_id)
    session.status = "FAILED"
    db.session.commit()
    with pytest.raises(Conflict):
        run.complete(artifacts)
    db.session.rollback()
    with pytest.raises(NotFound):
        models.get(run.session_id)


class Meddling(ArtifactStore):
    """Whenever the active model is opened to be compared with, another one becomes active."""

    others: list[str]

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        active = models.active_of(Kind("BTC-USD", "1h", "CNN"))
        if self.others and active is not None and active.id == model_id:
            models.activate(self.others.pop(), ArtifactStore(self.url), Told())
        return super().open(model_id, verify)


@pytest.mark.parametrize("changes", [1, COMPARISONS - 1])
def test_a_model_that_became_active_meanwhile_is_compared_with_anew(
    begin: Begin, artifacts: ArtifactStore, changes: int
) -> None:
    first = begin(0.05).complete(artifacts)
    others = [another(artifacts, number) for number in range(changes)]
    run = begin(0.0001)
    new = run.complete(meddling(artifacts, others))
    assert new.status == "active"
    assert new.comparison is not None
    assert new.comparison["active_id"] == others[0]
    assert {models.get(each).status for each in (first.id, *others)} == {"archived"}


def test_a_race_without_end_leaves_a_candidate(begin: Begin, artifacts: ArtifactStore) -> None:
    begin(0.05).complete(artifacts)
    others = [another(artifacts, number) for number in range(COMPARISONS)]
    new = begin(0.0001).complete(meddling(artifacts, others))
    assert new.status == "candidate"
    assert "changed each time" in new.reason
    assert models.get(others[0]).status == "active"


def another(artifacts: ArtifactStore, number: int) -> str:
    """A candidate that is worse than the runs of these tests."""
    manifest = store_model(artifacts, f"other-{number}", 0.02 + 0.001 * number, 900)
    models.register(manifest, Uncompared("for later"))
    db.session.commit()
    return f"other-{number}"


def meddling(artifacts: ArtifactStore, others: list[str]) -> ArtifactStore:
    made = Meddling(artifacts.url)
    made.others = list(others)
    return made


def test_the_task_registers_what_it_trained(artifacts: ArtifactStore, settings: Settings) -> None:
    found = []
    for seed in (5, 6):
        body = {**BODY, "batch_size": 256, "seed": seed}
        request = resolve(StartTraining().load(body))
        session_id = sessions.start(request, settings, RecordingPublisher(), RecordingQueue()).id
        tasks.train.run(session_id)
        found.append(models.get(session_id))
    first, second = found
    assert (first.version, second.version) == (1, 2)
    assert first.reason in ("first model of its kind", "replaced by version 2")
    assert second.comparison is not None
    assert second.comparison["active_id"] == first.id
    assert second.comparison["active_rmse"] == pytest.approx(first.metrics["overall"]["rmse"], rel=1e-5)
    beaten = second.comparison["rmse"] < second.comparison["active_rmse"]
    assert second.status == ("active" if beaten else "candidate")
