from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.http_answer import answer_in, post
from benchmarks.predict_load import Load, offer

ANSWER = b"HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length: 4\r\n\r\nbody"


def test_an_answer_is_there_only_when_all_of_it_is() -> None:
    for length in range(len(ANSWER)):
        assert answer_in(ANSWER[:length]) is None
    found = answer_in(bytearray(ANSWER))
    assert found is not None
    assert (found.status, found.body, found.closes) == (200, b"body", False)


def test_a_server_that_closes_is_believed() -> None:
    found = answer_in(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    assert found is not None
    assert (found.status, found.body, found.closes) == (503, b"", True)


def test_an_answer_without_a_length_is_refused() -> None:
    with pytest.raises(ValueError, match="Content-Length"):
        answer_in(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


def test_a_request_names_the_length_of_its_bytes() -> None:
    head, _, body = post("127.0.0.1", 80, "/x", '{"é": 1}').partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head


@contextmanager
def server(delay: float = 0.0, first: int = 200) -> Iterator[tuple[int, list[bytes]]]:
    """Answers its own request body after ``delay``; the very first answer has status ``first``."""
    seen: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(delay)
            seen.append(body)
            self.send_response(first if len(seen) == 1 else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

    running = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield running.server_port, seen
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def load(port: int, seconds: float, connections: int, rate: float | None = None) -> Load:
    return Load("127.0.0.1", port, "/", json.dumps({"n": 1}), seconds, connections, rate)


def test_an_open_loop_sends_what_is_due_and_counts_the_wait_for_a_connection() -> None:
    with server(delay=0.1) as (port, seen):
        found = offer(load(port, seconds=0.5, connections=1, rate=20.0))
    assert len(seen) == found.answered == 10
    # Ten requests due within 0.5 s on one connection that takes 0.1 s each: the last waits for half a second.
    assert max(found.latencies) > 400
    assert min(found.latencies) < max(found.latencies) / 2


def test_a_closed_loop_keeps_each_connection_busy_and_counts_what_failed() -> None:
    with server(delay=0.05, first=500) as (port, seen):
        found = offer(load(port, seconds=0.5, connections=4))
    assert len(seen) == sum(found.statuses.values())
    assert found.failed == found.statuses["500"] == 1
    # Four connections, each at most ten answers and the one that is on its way at the end.
    assert 4 <= found.answered <= 44
    assert found.sample == '{"n": 1}'
