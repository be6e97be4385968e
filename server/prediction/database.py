"""A few database connections for forecasts alone, on which each statement is its own transaction.

The connections that everything else shares are asked for a sign of life before each use, are switched
to and fro between ways of committing, and above their number are opened for one use: at hundreds of
forecasts a second that costs more than the forecasts' own statements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import structlog
from flask import current_app
from sqlalchemy import Engine, Row, create_engine
from sqlalchemy.exc import DBAPIError

from server.extensions import db

log = structlog.get_logger(__name__)

MOST_CONNECTIONS: Final = 8
"""Who needs one more waits: a statement takes a few milliseconds, a new connection as long."""


class Database:
    """Runs statements that may be run twice: one that loses its connection is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def of_current_app(cls) -> Database:
        """The application's database."""
        options = current_app.config["SQLALCHEMY_ENGINE_OPTIONS"]
        return cls(
            create_engine(
                db.engine.url,
                isolation_level="AUTOCOMMIT",
                pool_size=MOST_CONNECTIONS,
                max_overflow=0,
                pool_timeout=options["pool_timeout"],
                pool_use_lifo=True,
                connect_args=options["connect_args"],
            )
        )

    def rows(self, statement: str, values: Mapping[str, Any]) -> list[Row[Any]]:
        """What ``statement`` answers; JSON columns stay text. Raises SQLAlchemy's errors."""
        try:
            return self._run(statement, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server was restarted since; with the first such loss all connections are renewed.
            log.info("prediction.connection_renewed", error=type(error.orig).__name__)
            return self._run(statement, values)

    def _run(self, statement: str, values: Mapping[str, Any]) -> list[Row[Any]]:
        with self._engine.connect() as connection:
            return list(connection.exec_driver_sql(statement, dict(values)))
