"""What a process keeps from one forecast to the next, made once an application."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app

from server import adapters
from server.market import store
from server.prediction.copies import serving_store
from server.prediction.database import Database
from server.prediction.gathering import Gathering
from server.prediction.runtime import Runtime
from server.prediction.store import Record, insert
from server.prediction.window import Windows

COPIES_PER_MODEL_IN_MEMORY = 4
"""Disk is cheaper than memory: this many more models are copied to it than are kept ready."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Models, windows, connections, and what gathers forecasts of a series that are to be stored.

    The row that numbers a series' events is locked until the disk has the transaction: one by one,
    forecasts would be as fast as the disk. Those that wait are stored together.
    """

    models: Runtime
    windows: Windows
    database: Database
    writes: Gathering[Record, int | None]


def kept() -> Kept:
    """Those of the current application."""
    extensions = current_app.extensions
    if "prediction_kept" not in extensions:
        extensions.setdefault("prediction_kept", _made())
    found: Kept = extensions["prediction_kept"]
    return found


def _made() -> Kept:
    settings = adapters.settings()
    most = settings.model_cache_size
    copies = COPIES_PER_MODEL_IN_MEMORY * most
    artifacts = serving_store(adapters.artifacts(), settings.model_cache_dir, copies)
    database = Database.of_current_app()
    return Kept(
        models=Runtime(artifacts, most),
        windows=Windows(store.query_candles),
        database=database,
        writes=Gathering(lambda records: insert(records, database)),
    )
