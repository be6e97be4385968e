"""How this process waits for many clients: gevent, eventlet or threads, chosen by ``ASYNC_MODE``.

``patch`` must run before anything else is imported: a lock or socket that was made before stays
blocking, and one slow client then stops all others. So this module imports nothing of the server
but where the project lies.
"""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

if TYPE_CHECKING:
    from flask import Flask

ENVIRONMENT_FILE = Path(__file__).resolve().parent.parent / ".env"


def patch() -> None:
    """Make the standard library and psycopg2 cooperative, as ``ASYNC_MODE`` asks.

    A ``flask`` command is left alone and runs on threads: it serves nobody, and by the time it
    gets here too much is imported to patch.
    """
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        os.environ["ASYNC_MODE"] = "threading"
    mode = chosen_mode()
    if mode == "gevent":
        _patch_gevent()
    elif mode == "eventlet":
        _patch_eventlet()


def chosen_mode() -> str:
    """``ASYNC_MODE`` as set; the environment wins over ``.env``. ``Settings`` refuses what is unknown."""
    return os.environ.get("ASYNC_MODE") or dotenv_values(ENVIRONMENT_FILE).get("ASYNC_MODE") or "gevent"


def serve(app: Flask) -> None:
    """Serve ``app`` on the server of its mode until the process is ended.

    Behind gunicorn this is not called. In threading mode it is Werkzeug's server, for development.
    """
    from server.extensions import socketio  # after the patch

    allow_one_file_per_client()
    settings = app.config["SETTINGS"]
    options = {"allow_unsafe_werkzeug": True} if settings.async_mode == "threading" else {}
    socketio.run(app, host=settings.host, port=settings.port, **options)


def allow_one_file_per_client() -> None:
    """Raise the limit of open files as far as allowed; the usual 1,024 would be the limit of clients."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _patch_gevent() -> None:
    from gevent import monkey

    monkey.patch_all()
    from psycogreen.gevent import patch_psycopg

    patch_psycopg()


def _patch_eventlet() -> None:
    import eventlet

    eventlet.monkey_patch()
    from psycogreen.eventlet import patch_psycopg

    patch_psycopg()
