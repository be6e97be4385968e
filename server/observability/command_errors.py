"""Every failure of a command that comes from outside it, in one sentence with what to do, and exit status 1.

What nobody foresaw still shows its traceback: that is a defect, and to be seen as one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import click
from kombu.exceptions import OperationalError as BrokerError
from psycopg2.errors import InsufficientPrivilege, ReadOnlySqlTransaction, UndefinedColumn, UndefinedTable
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.errors import ServerError
from server.observability.redaction import redact

_ASK_THE_DOCTOR = "`flask doctor` looks at the whole deployment"
_REFUSED = (InsufficientPrivilege, ReadOnlySqlTransaction)
_OLD_TABLES = (UndefinedTable, UndefinedColumn)


def tell(command: click.Command) -> click.Command:
    """The same command, or group of commands, whose failures end in words."""
    command.invoke = partial(_invoke, command)  # type: ignore[method-assign]
    return command


def _invoke(command: click.Command, context: click.Context) -> Any:
    with _in_words():
        return type(command).invoke(command, context)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ServerError as error:
        raise click.ClickException(error.message) from error
    except (DBAPIError, PoolTimeoutError) as error:
        if (sentence := _of_database(error)) is None:
            raise
        raise click.ClickException(sentence) from error
    except (RedisError, BrokerError) as error:
        words = f"Redis cannot be asked ({_first_line(error)}). Start it, or correct REDIS_URL"
        raise click.ClickException(f"{words}; {_ASK_THE_DOCTOR}") from error
    except BrokenPipeError:
        # Whoever reads what is printed has seen enough.
        raise
    except OSError as error:
        raise click.ClickException(_of_file(error)) from error


def _of_database(error: DBAPIError | PoolTimeoutError) -> str | None:
    """What is wrong with the database; None when it is rather the statement."""
    cause = getattr(error, "orig", None) or error
    reason = _first_line(cause)
    if isinstance(cause, _REFUSED):
        return f"The database refuses this ({reason}). Use a role that owns its tables"
    if isinstance(cause, _OLD_TABLES):
        return f"The database is not up to date ({reason}). Run `flask db upgrade`, then try again"
    if isinstance(error, OperationalError | InterfaceError | PoolTimeoutError):
        remedy = f"Start PostgreSQL, or correct DATABASE_URL; {_ASK_THE_DOCTOR}"
        return f"The database cannot be asked ({reason}). {remedy}"
    return None


def _of_file(error: OSError) -> str:
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"{reason}; {_ASK_THE_DOCTOR}"
    return f"{error.filename} cannot be used: {reason}. Name another path, or correct its permissions"


def _first_line(error: BaseException) -> str:
    lines = redact(str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__
