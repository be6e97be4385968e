"""``/health``: live says that the process answers, ready that it can do its work."""

from __future__ import annotations

import platform
import time
from importlib.metadata import version
from typing import Any

from flask import current_app
from flask_smorest import Blueprint

from server.config import Settings
from server.observability import health
from server.observability.schemas import AliveSchema, DetailedHealthSchema, HealthSchema

_PACKAGES = ("flask", "flask-socketio", "sqlalchemy", "celery", "redis")
_STARTED = time.monotonic()

blueprint = Blueprint("health", __name__, description="Whether the server lives and can do its work")
_unready = blueprint.alt_response(503, schema=HealthSchema, description="Something critical is down")


def _answer(*names: str) -> tuple[dict[str, Any], int]:
    found = health.examine(*names)
    return found, 503 if found["status"] == "down" else 200


@blueprint.get("/live")
@blueprint.response(200, AliveSchema)
def live() -> dict[str, Any]:
    """The process answers; nothing else is asked."""
    return {"status": "ok", "timestamp": health.now()}


@blueprint.get("")
@blueprint.response(200, HealthSchema)
@_unready
def summary() -> tuple[dict[str, Any], int]:
    """Database, cache, broker, workers and artifact store."""
    return _answer()


@blueprint.get("/ready")
@blueprint.response(200, HealthSchema)
@_unready
def ready() -> tuple[dict[str, Any], int]:
    """Whether requests should be sent here: 503 while something critical is down."""
    return _answer()


@blueprint.get("/db")
@blueprint.response(200, HealthSchema)
@_unready
def database() -> tuple[dict[str, Any], int]:
    """Ask PostgreSQL."""
    return _answer("database")


@blueprint.get("/cache")
@blueprint.response(200, HealthSchema)
@_unready
def cache() -> tuple[dict[str, Any], int]:
    """Ask Redis."""
    return _answer("cache")


@blueprint.get("/detailed")
@blueprint.response(200, DetailedHealthSchema)
@blueprint.alt_response(503, schema=DetailedHealthSchema, description="Something critical is down")
def detailed() -> tuple[dict[str, Any], int]:
    """Every check, with versions, uptime, rate limits and sources of market data."""
    found, status = _answer()
    settings: Settings = current_app.config["SETTINGS"]
    found |= {
        "environment": settings.app_env,
        "async_mode": settings.async_mode,
        "uptime_seconds": round(time.monotonic() - _STARTED, 3),
        "versions": {"python": platform.python_version()} | {name: version(name) for name in _PACKAGES},
        "rate_limits": {
            "enabled": settings.rate_limit_enabled,
            "limits": {
                "default": settings.rate_limit_default,
                "train": settings.rate_limit_train,
                "predict": settings.rate_limit_predict,
                "import": settings.rate_limit_import,
                "backfill": settings.rate_limit_backfill,
            },
        },
    }
    return found | health.details(), status
