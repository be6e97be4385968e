"""Copies of a model under other names: ``python -m benchmarks.model_copies MODEL_ID COPIES`` registers some.

A process without the product's settings would not know its store: it is told them in its environment.
"""

from __future__ import annotations

import json
import sys
import uuid
from dataclasses import replace

from server.forecasters.artifacts import ArtifactStore

WRITTEN_BY_THE_STORE = ("model_id", "files", "format_version")


def store_copies(source: ArtifactStore, target: ArtifactStore, model_id: str, copies: int) -> list[str]:
    """Write ``copies`` of a model into ``target``; their names."""
    original = source.open(model_id)
    files = {name: original.read(name) for name in original.manifest["files"]}
    contents = {key: value for key, value in original.manifest.items() if key not in WRITTEN_BY_THE_STORE}
    return [target.write(uuid.uuid4().hex, files, contents).model_id for _ in range(copies)]


def register_copies(model_id: str, copies: int) -> list[str]:
    """Store copies beside a model and register them as candidates; their names."""
    from server.adapters import artifacts
    from server.app import create_app
    from server.config import Settings
    from server.extensions import db
    from server.registry import models
    from server.registry.decision import Uncompared

    app = create_app(replace(Settings.from_environment(), async_mode="threading", log_level="ERROR"))
    with app.app_context():
        store = artifacts()
        names = store_copies(store, store, model_id, copies)
        for name in names:
            models.register(store.open(name, verify=()).manifest, Uncompared("a copy to measure with"))
        db.session.commit()
    return names


if __name__ == "__main__":
    print(json.dumps(register_copies(sys.argv[1], int(sys.argv[2]))))
