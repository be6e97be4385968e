"""One client that stops reading, in a room with others, on a real web process."""

from __future__ import annotations

import re
import threading
import urllib.request

import pytest

from tests.realtime.clients import BareClient
from tests.realtime.conftest import Web

pytestmark = pytest.mark.xdist_group("web_processes")

TEXT = "x" * 8000
# More than the kernel's buffers and the queue of one client hold together.
EVENTS = 5500


def test_a_client_that_stops_reading_holds_up_nobody_and_is_cut_off(default_web: Web) -> None:
    session_id = default_web.start_session()
    stalled = BareClient(default_web.port, receive_buffer=4096)
    watcher = BareClient(default_web.port)
    for client in (stalled, watcher):
        client.join(session_id)
    received: list[int] = []
    watching = threading.Thread(target=watch, args=(watcher, received))
    watching.start()
    try:
        for seq in range(3, 3 + EVENTS):
            default_web.publish(session_id, seq, TEXT)
        watching.join(30)
        assert received == list(range(3, 3 + EVENTS))
        assert too_slow(default_web) == 1
        assert 0 < len(stalled.drain()) < EVENTS
    finally:
        stalled.close()
        watcher.close()


def watch(client: BareClient, received: list[int]) -> None:
    """Note the numbers of the events until the last one is there."""
    while len(received) < EVENTS:
        message = client.wait_for(b'42["training_update"')
        found = re.search(rb'"seq":(\d+)', message)
        assert found
        received.append(int(found[1]))


def too_slow(web: Web) -> float:
    with urllib.request.urlopen(f"{web.url}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.search(r'^crypto_predict_errors_total\{error_code="client_too_slow".*\} (\S+)$', text, re.M)
    return float(found[1]) if found else 0.0
