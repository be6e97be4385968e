"""Registered models over a real database and a real store, with a stand-in for who is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server import adapters
from server.config import Settings
from server.extensions import db
from server.forecasters.artifacts import ArtifactStore
from server.registry import models
from server.registry.decision import Finding, Uncompared
from server.registry.tables import Model
from tests.registry.stored import ID, store_model

UNCOMPARED = Uncompared("not compared in this test")

Register = Callable[..., Model]


class Told:
    """Remembers the models that were announced as active."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def __call__(self, model: Model) -> None:
        self.ids.append(model.id)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def artifacts(app: Flask, database: None, settings: Settings, tmp_path: Path) -> Iterator[ArtifactStore]:
    """The application's store, empty."""
    app.config["SETTINGS"] = replace(settings, artifact_url=tmp_path.as_uri())
    yield adapters.artifacts()
    app.config["SETTINGS"] = settings


@pytest.fixture
def register(artifacts: ArtifactStore) -> Register:
    """Stores and registers a model as a worker does."""

    def register_model(model_id: str = ID, finding: Finding = UNCOMPARED, **changes: Any) -> Model:
        model = models.register(store_model(artifacts, model_id, **changes), finding)
        db.session.commit()
        return model

    return register_model


def statuses() -> dict[str, str]:
    """The status of every registered model, by id, as it is stored."""
    db.session.rollback()
    return {row.id: row.status for row in db.session.execute(select(Model.id, Model.status))}


@contextmanager
def damaged(path: Path) -> Iterator[None]:
    """One byte in the middle of the file is flipped for a while."""
    content = path.read_bytes()
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    path.write_bytes(flipped)
    yield
    path.write_bytes(content)
