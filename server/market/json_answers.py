"""Long answers as JSON, written in one go.

A schema that is dumped field by field takes longer than reading the candles it shows. So what is long is
written as it is: these answers still name their schema, and tests validate them against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson
from flask import Response
from numpy.typing import NDArray

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def json_bytes(payload: dict[str, Any]) -> bytes:
    """``payload`` as JSON: numpy columns as lists, NaN as null, ``datetime64`` as ISO 8601 UTC with ``Z``."""
    return orjson.dumps(payload, option=_OPTIONS)


def json_rows(columns: Mapping[str, NDArray[np.generic]]) -> orjson.Fragment:
    """Columns ``(rows,)`` of numbers or times as a list of objects, to stand in a payload.

    Each column is written at once and its values are put between the names as they are: no row becomes
    Python objects, whose making and collecting costs more than all the rest.
    """
    row = b"{" + b",".join(orjson.dumps(name) + b":%b" for name in columns) + b"}"
    written = (orjson.dumps(column, option=_OPTIONS)[1:-1] for column in columns.values())
    rows = zip(*(values.split(b",") if values else [] for values in written), strict=True)
    return orjson.Fragment(b"[" + b",".join(map(row.__mod__, rows)) + b"]")


def json_answer(body: bytes) -> Response:
    """What was written as JSON, as the body of an answer."""
    return Response(body, content_type="application/json")
