"""A look into the database of the product under measurement, past the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2

from tests.stack import Stack


@contextmanager
def reading(stack: Stack) -> Iterator[Any]:
    """A psycopg2 cursor that sees each commit at once."""
    url = stack.settings.database_url.replace("postgresql+psycopg2://", "postgresql://", 1)
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor
