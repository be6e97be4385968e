"""Settings that do not fit where the server runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import current_app

from server.config import Settings
from server.dashboard import files
from server.operations.findings import Check, Finding, ok, problem, warning

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MOST_HOPS = 3
_NEVER_IN_WEB = ("tensorflow", "keras")


def environment(settings: Settings) -> Finding:
    """A server that others reach should not run as in development."""
    if settings.app_env == "production":
        if current_app.debug or os.environ.get("FLASK_DEBUG", "") not in ("", "0", "false"):
            return problem(
                "environment",
                "Debug mode is on in production: anybody who provokes an error may run code",
                "Remove FLASK_DEBUG and --debug",
            )
        return ok("environment", "APP_ENV=production, secrets of production strength")
    if settings.host in LOOPBACK:
        return ok("environment", f"APP_ENV={settings.app_env}, for this machine alone ({settings.host})")
    return warning(
        "environment",
        f"APP_ENV={settings.app_env} on {settings.host}, which others reach: weak secrets are not refused",
        "Set APP_ENV=production",
    )


def exposure(settings: Settings) -> Iterator[Finding]:
    """Doors that production leaves open on purpose or by mistake."""
    production = settings.app_env == "production"
    if "*" in settings.cors_origins and production:
        yield warning(
            "exposure",
            "CORS_ORIGINS=* lets pages of every origin call the API",
            "Name the origins of the dashboard, or leave it empty when it is served from here",
        )
    if not settings.rate_limit_enabled and production:
        yield warning(
            "exposure", "RATE_LIMIT_ENABLED=false: one client may take all", "Set RATE_LIMIT_ENABLED=true"
        )
    if production and not urlsplit(settings.redis_url).password:
        yield warning(
            "exposure",
            "REDIS_URL has no password: who reaches that port may run tasks here",
            "Give Redis a password, and let nothing but this deployment reach it",
        )
    yield proxies(settings)


def proxies(settings: Settings) -> Finding:
    """Whether the number of proxies is plausible: too many believe clients, too few limit all as one."""
    if settings.proxy_hops > MOST_HOPS:
        return warning(
            "exposure",
            f"PROXY_HOPS={settings.proxy_hops}: clients may choose the address they are limited by",
            "Set it to the number of proxies that really stand in front",
        )
    if settings.app_env == "production" and not settings.proxy_hops and settings.host not in LOOPBACK:
        return warning(
            "exposure",
            f"PROXY_HOPS=0 on {settings.host}: behind a proxy all clients share one address and one limit",
            "Set PROXY_HOPS=1 behind nginx; leave it when nothing stands in front",
        )
    return ok("exposure", f"{settings.proxy_hops} proxies in front are trusted")


def logging(settings: Settings) -> Finding:
    """Logs that a collector can read, and that do not drown it."""
    if settings.app_env == "production" and settings.log_format == "console":
        return warning("logging", "LOG_FORMAT=console is for people", "Set LOG_FORMAT=json, or auto")
    if settings.app_env == "production" and settings.log_level == "DEBUG":
        return warning("logging", "LOG_LEVEL=DEBUG is slow and long", "Set LOG_LEVEL=INFO")
    return ok("logging", f"{settings.log_format} at {settings.log_level}")


def dashboard(_: Settings) -> Finding:
    """Whether there is a page to answer with."""
    if files.is_built(files.BUILT):
        return ok("dashboard", "The dashboard is built")
    if not files.BUILT.parent.is_dir():
        return ok("dashboard", "Nothing is served from here: the image of the web process has the dashboard")
    return warning(
        "dashboard", "The dashboard is not built: / shows how to build it instead", "Run `make client`"
    )


def imports(_: Settings) -> Finding:
    """This process has loaded what a web process loads."""
    loaded = [name for name in _NEVER_IN_WEB if name in sys.modules]
    if loaded:
        return problem(
            "imports",
            f"{', '.join(loaded)} is loaded with the web application: each web process takes 1.2 GB more",
            "Look for an import at the top of a module that only workers need",
        )
    return ok("imports", "The web application loads neither TensorFlow nor Keras")


CHECKS: dict[str, Check] = {
    "environment": environment,
    "exposure": exposure,
    "logging": logging,
    "dashboard": dashboard,
    "imports": imports,
}
