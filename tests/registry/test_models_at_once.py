"""Whoever asks at the same time, one model of a kind is active and none is half gone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.errors import Conflict, NotFound
from server.extensions import db
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.registry import models
from server.registry.decision import ActiveModelChanged
from server.registry.models import Kind
from server.registry.tables import Model
from tests.registry.conftest import Register, Told, statuses
from tests.registry.stored import ID, store_model
from tests.registry.test_decision import LOST

KIND = Kind("BTC-USD", "1h", "CNN")


def at_once(app: Flask, *calls: Callable[[], object]) -> list[BaseException | None]:
    """Run the calls in threads that start together; what each raised."""
    barrier = threading.Barrier(len(calls))
    raised: list[BaseException | None] = [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        with app.app_context():
            barrier.wait()
            try:
                call()
            except (Conflict, NotFound) as error:
                raised[number] = error

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


def test_activations_at_once_follow_each_other(
    app: Flask, register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    names = ["a", "b", "c", "d"]
    for name in names:
        register(name)
    db.session.rollback()
    calls = [lambda name=name: models.activate(name, artifacts, told) for name in names[1:]]  # type: ignore[misc]
    assert at_once(app, *calls) == [None, None, None]
    assert sorted(statuses().values()) == ["active", "archived", "archived", "archived"]
    changes = models.history({}, 1, 10)[0]
    # Each change begins where the one before ended.
    assert [row.previous_model_id for row in changes[:-1]] == [row.model_id for row in changes[1:]]
    assert statuses()[changes[0].model_id] == "active"


def test_a_model_is_either_activated_or_deleted_never_both(
    app: Flask, register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    register("old", finding=None)
    for _ in range(5):
        register("new")
        db.session.rollback()
        raised = at_once(
            app, lambda: models.activate("new", artifacts, told), lambda: models.delete("new", artifacts)
        )
        assert sum(error is None for error in raised) == 1
        if raised[0] is None:
            assert statuses() == {"old": "archived", "new": "active"}
            assert artifacts.exists("new")
            models.activate("old", artifacts, told)
            models.delete("new", artifacts)
        assert statuses() == {"old": "active"}
        assert not artifacts.exists("new")


def test_registrations_at_once_get_a_version_each(app: Flask, artifacts: ArtifactStore) -> None:
    manifests = [store_model(artifacts, name) for name in ("a", "b", "c")]

    def register(manifest: dict[str, Any]) -> None:
        try:
            models.register(manifest, None)
        except ActiveModelChanged:
            db.session.rollback()
            models.register(manifest, replace(LOST, active_id=models.active_of(KIND).id))  # type: ignore[union-attr]
        db.session.commit()

    at_once(app, *(lambda each=each: register(each) for each in manifests))  # type: ignore[misc]
    assert sorted(db.session.scalars(select(Model.version))) == [1, 2, 3]
    assert sorted(statuses().values()) == ["active", "candidate", "candidate"]


class DeletingStore(ArtifactStore):
    """A model is deleted in the moment in which its artifact is looked for."""

    def open(self, model_id: str, verify: Collection[str] | None = None) -> Artifact:
        models.delete(model_id, ArtifactStore(self.url))
        return super().open(model_id, verify)


def test_a_model_deleted_while_it_is_activated_is_unknown_and_not_damaged(
    register: Register, artifacts: ArtifactStore, told: Told
) -> None:
    register("old", finding=None)
    register()
    with pytest.raises(NotFound, match=ID):
        models.activate(ID, DeletingStore(artifacts.url), told)
    assert (statuses(), told.ids) == ({"old": "active"}, [])
