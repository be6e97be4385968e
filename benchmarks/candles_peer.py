"""``python -m benchmarks.candles_peer PORT DATABASE_URL``: stored candles over HTTP as plainly as can be.

One statement by psycopg2, a dictionary a row, ``json.dumps``, and gevent's own server around it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs

import psycopg2
from gevent.pywsgi import WSGIServer

from server.market.candles import COLUMNS

_LAST = """
    SELECT timestamp, open, high, low, close, volume FROM candles
    WHERE ticker = %s AND interval = %s ORDER BY timestamp DESC LIMIT %s
"""


def application(connection: Any) -> Callable[..., Iterable[bytes]]:
    """A WSGI application that answers the last candles of a series."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        asked = parse_qs(environ["QUERY_STRING"])
        if "ticker" not in asked:
            start_response("404 Not Found", [("Content-Length", "0")])
            return [b""]
        with connection.cursor() as cursor:
            cursor.execute(_LAST, [asked[name][0] for name in ("ticker", "interval", "limit")])
            rows = [dict(zip(COLUMNS, row, strict=True)) for row in reversed(cursor.fetchall())]
        body = json.dumps({"candles": rows}, default=lambda moment: moment.isoformat()).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("200 OK", headers)
        return [body]

    return answer


if __name__ == "__main__":
    with closing(psycopg2.connect(sys.argv[2])) as own:
        own.autocommit = True
        WSGIServer(("127.0.0.1", int(sys.argv[1])), application(own), log=None).serve_forever()
