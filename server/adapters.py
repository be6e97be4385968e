"""The one place that picks the real adapters; tests hand the core others."""

from __future__ import annotations

from flask import current_app

from server.config import Settings
from server.extensions import socketio
from server.forecasters.artifacts import ArtifactStore
from server.forecasters.checkpoints import StoredCheckpoints
from server.realtime.publisher import BackgroundPublisher, Publisher, process_publisher

MOST_WAITING_EVENTS = 500
"""About 5 MB of forecasts."""


def settings() -> Settings:
    """The settings of the current application."""
    found: Settings = current_app.config["SETTINGS"]
    return found


def server_url() -> str:
    """Where the web process of these settings listens: what a command asks unless told otherwise."""
    return settings().own_url()


def publisher() -> Publisher:
    """This process's way to the rooms, made once."""
    return process_publisher()


def background_publisher() -> Publisher:
    """The same for requests that must not wait for Redis, made once; for web processes alone."""
    extensions = current_app.extensions
    if "background_publisher" not in extensions:
        extensions["background_publisher"] = BackgroundPublisher(
            publisher(), socketio.start_background_task, MOST_WAITING_EVENTS
        )
    found: Publisher = extensions["background_publisher"]
    return found


def artifacts() -> ArtifactStore:
    """The artifact store that all machines share."""
    return ArtifactStore(settings().artifact_url)


def checkpoints(session_id: str) -> StoredCheckpoints:
    """The checkpoints of one session, beside the artifacts, so that any worker can resume it."""
    return StoredCheckpoints(settings().artifact_url, session_id)
