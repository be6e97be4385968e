"""A client that only listens, for longer than the interval of pings."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests
import socketio

from server.config import PROJECT_ROOT
from server.local.processes import free_port

# The real server's fan-out with pings short enough to see several of them in a test.
SERVER = """
from gevent import monkey; monkey.patch_all()
import sys, socketio
from gevent.pywsgi import WSGIServer
from server.realtime import fan_out
server = socketio.Server(async_mode="gevent", ping_interval=1, ping_timeout=1)
fan_out.install(server.eio)
print("ready", flush=True)
WSGIServer(("127.0.0.1", int(sys.argv[1])), socketio.WSGIApp(server), log=None).serve_forever()
"""


@pytest.fixture
def url() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(port)],
        cwd=PROJECT_ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PROJECT_ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    yield f"http://127.0.0.1:{port}"
    process.kill()
    process.communicate()


@pytest.mark.parametrize("transports", [["websocket"], None], ids=["websocket", "upgraded"])
def test_a_client_that_answers_pings_stays_however_long_it_is_silent(
    url: str, transports: list[str] | None
) -> None:
    lost: list[object] = []
    http = requests.Session()
    client = socketio.Client(reconnection=False, http_session=http)
    client.on("disconnect", lambda reason=None: lost.append(reason))
    deadline = time.monotonic() + 10
    while not client.connected:
        try:
            client.connect(url, transports=transports)
        except socketio.exceptions.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    # More than twice the 2 s after which a client without pings counts as gone.
    client.sleep(5)
    assert lost == []
    assert client.connected
    client.disconnect()
    http.close()
