"""All checks of a deployment, in the order in which a person would look."""

from __future__ import annotations

from flask import current_app

from server.config import Settings
from server.operations.checks import database, exchanges, host, models, processes, redis
from server.operations.checks import settings as settings_checks
from server.operations.findings import Check, Finding, collect

CHECKS: dict[str, Check] = {
    **settings_checks.CHECKS,
    **database.CHECKS,
    **redis.CHECKS,
    **processes.CHECKS,
    **models.CHECKS,
    **host.CHECKS,
}


def examine(*, online: bool = False) -> list[Finding]:
    """What every check found; with ``online`` the exchanges are asked too."""
    settings: Settings = current_app.config["SETTINGS"]
    checks = {**CHECKS, **exchanges.CHECKS} if online else CHECKS
    return list(collect(checks, settings))
