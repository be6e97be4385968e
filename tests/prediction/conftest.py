"""A small model trained once a test process, registered and active, over stored candles of the sample."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from server.config import Settings
from server.extensions import db
from server.forecasters.artifacts import Artifact, ArtifactStore
from server.forecasters.manifest import contents_of
from server.market import store
from server.market.candles import Candles
from server.registry import models
from server.registry.tables import Model
from tests.candles import sample_candles
from tests.prediction.recording import RecordingPublisher

TICKER, INTERVAL = "BTC-USD", "1h"
LOOKBACK, HORIZON = 30, 24
MODEL_ID = "c" * 32

SAMPLE = sample_candles()[:2700]
TRAINED_ON = SAMPLE[900:2400]
STORED = SAMPLE[:2500]
"""Without a gap; the model's data ends a hundred candles before."""
TO_COME = SAMPLE[2500:]


@pytest.fixture(scope="session")
def artifact(settings: Settings) -> Artifact:
    """A CNN trained for one epoch on ``TRAINED_ON``, in the artifact store of the settings."""
    from server.forecasters.checkpoints import NoCheckpoints
    from server.training.run import run, spec_of

    training = {"epochs": 1, "batch_size": 64, "learning_rate": 1e-3, "patience": None, "seed": 7}
    params = {"lookback": LOOKBACK, "horizon": HORIZON, **training}
    artifacts = ArtifactStore(settings.artifact_url)
    run(
        spec_of(TICKER, INTERVAL, "CNN", params),
        MODEL_ID,
        candles=lambda: TRAINED_ON,
        artifacts=artifacts,
        checkpoints=NoCheckpoints(),
        resume_epoch=None,
        on_progress=lambda _: None,
        should_stop=lambda: False,
    )
    return artifacts.open(MODEL_ID)


@pytest.fixture
def candles(database: None, app: Flask) -> Candles:
    """``STORED`` in the database, and nothing kept from the test before."""
    forget_what_was_kept(app)
    store.upsert(TICKER, INTERVAL, "the shipped sample", STORED)
    return STORED


@pytest.fixture
def model(artifact: Artifact, candles: Candles) -> Model:
    """The row of ``artifact``, active, with the interval widths of its test part."""
    return registered(artifact.manifest)


@pytest.fixture
def publisher() -> RecordingPublisher:
    return RecordingPublisher()


def registered(manifest: dict[str, Any]) -> Model:
    """Register the model of ``manifest``; the first of its kind is the active one."""
    found = models.register(manifest, None)
    db.session.commit()
    return found


def copied(artifact: Artifact, model_id: str, **spec: Any) -> Artifact:
    """The artifact under another id, with another ``ticker``, ``interval`` or ``model_type``."""
    contents = contents_of(artifact.manifest)
    files = {name: artifact.read(name) for name in artifact.manifest["files"]}
    if artifact.store.exists(model_id):
        artifact.store.delete(model_id)
    artifact.store.write(model_id, files, {**contents, "spec": {**contents["spec"], **spec}})
    return artifact.store.open(model_id)


def forget_what_was_kept(app: Flask) -> None:
    """Versions of series begin anew in empty tables: what was kept by version would be taken for theirs."""
    app.extensions.pop("prediction_kept", None)
