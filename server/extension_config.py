"""What each extension reads, made from the settings."""

from __future__ import annotations

from typing import Any

from flask import current_app

from server.config import InvalidSettings, Settings

API_PREFIX = "/api/v1"
POSTGRESQL_SCHEMES = ("postgres", "postgresql", "postgresql+psycopg2")


def database_config(settings: Settings) -> dict[str, Any]:
    """What Flask-SQLAlchemy reads; ``postgres://`` and ``postgresql://`` mean psycopg2."""
    scheme, _, rest = settings.database_url.partition("://")
    if scheme not in POSTGRESQL_SCHEMES:
        raise InvalidSettings(
            "DATABASE_URL is not the URL of a PostgreSQL: write postgresql://USER:PASSWORD@HOST:PORT/NAME",
            variables=["DATABASE_URL"],
        )
    return {
        "SQLALCHEMY_DATABASE_URI": f"postgresql+psycopg2://{rest}",
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_pre_ping": True,
            "pool_size": settings.database_pool_size,
            "pool_timeout": 10,
            "connect_args": {"connect_timeout": 5, "application_name": "crypto-predict"},
        },
    }


def limiter_config(settings: Settings) -> dict[str, Any]:
    """What Flask-Limiter reads; without Redis it counts in the process, so that the API still answers."""
    return {
        "RATELIMIT_ENABLED": settings.rate_limit_enabled,
        "RATELIMIT_STORAGE_URI": settings.redis_database(1),
        "RATELIMIT_STORAGE_OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        "RATELIMIT_DEFAULT": _default_limit,
        "RATELIMIT_KEY_PREFIX": "crypto_predict",
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
    }


def _default_limit() -> str:
    # The limiter keeps its first default for all applications of a process: so it must ask the present one.
    settings: Settings = current_app.config["SETTINGS"]
    return settings.rate_limit_default


def openapi_config() -> dict[str, Any]:
    """What flask-smorest reads; Swagger UI's files are served from here, so that it works offline."""
    return {
        "API_TITLE": "crypto-predict",
        "API_VERSION": "v1",
        "OPENAPI_VERSION": "3.1.0",
        "OPENAPI_URL_PREFIX": API_PREFIX,
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": "docs",
        "OPENAPI_SWAGGER_UI_URL": f"{API_PREFIX}/docs/files/",
    }


def celery_config(settings: Settings) -> dict[str, Any]:
    """What Celery reads; tasks of three domains have queues of their own, all others go to ``default``."""
    return {
        "broker_url": settings.redis_database(0),
        "broker_connection_retry_on_startup": True,
        # An enqueue gives up after about two seconds when Redis is down, instead of hanging the request.
        "broker_connection_timeout": 2,
        "broker_transport_options": {"socket_connect_timeout": 2, "socket_timeout": 2},
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1, "interval_max": 0.1},
        "task_ignore_result": True,
        "task_default_queue": "default",
        "task_routes": {f"{name}.*": {"queue": name} for name in ("training", "prediction", "market")},
        # The lease decides who runs a session, so a delivery is acknowledged before the work starts.
        "task_acks_late": False,
        "worker_prefetch_multiplier": 1,
        "worker_max_tasks_per_child": settings.training_tasks_per_child,
        # A child imports Keras before it says that it is alive.
        "worker_proc_alive_timeout": 60,
        "worker_hijack_root_logger": False,
        # A broker that is away is waited for; what runs meanwhile is the lease's business, not the broker's.
        "broker_connection_max_retries": None,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "timezone": "UTC",
    }
