"""Real clients of a real web process, in each async mode."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.realtime.clients import BareClient, Client, PollingClient, hear_the_whole_room, wait_until
from tests.realtime.conftest import Web

pytestmark = pytest.mark.xdist_group("web_processes")
Connect = Callable[..., Client]

UNKNOWN = "0" * 32
MALFORMED: tuple[tuple[Any, ...], ...] = (
    (),
    (None,),
    ("a text",),
    ([1, 2, 3],),
    ({},),
    ({"session_id": 5},),
    ({"session_id": "../etc"},),
    ({"session_id": UNKNOWN, "after": -1},),
    ({"session_id": UNKNOWN, "after": "many"},),
    ({"session_id": UNKNOWN, "surprise": True},),
    ({"session_id": UNKNOWN},),
)


@pytest.mark.parametrize(
    "transports", [["websocket"], ["polling"], None], ids=["websocket", "polling", "upgrade"]
)
def test_a_room_hears_every_event_once_and_one_transport_keeps_the_order(
    web: Web, connect: Connect, transports: list[str] | None
) -> None:
    session_id = web.start_session()
    watchers = [connect(transports), connect(transports)]
    hear_the_whole_room(watchers, session_id, lambda: web.append(session_id, 50), mixed=transports is None)


def test_events_during_the_upgrade_of_a_connection_wait_for_its_end(web: Web) -> None:
    session_id = web.start_session()
    polling = PollingClient(web.url)
    polling.join(session_id)
    upgraded = BareClient(web.port, upgrading=polling.sid)
    try:
        web.publish(session_id, 3)
        upgraded.send(b"2probe")
        assert upgraded.read()[1] == b"3probe"
        web.publish(session_id, 4)
        upgraded.send(b"5")
        for seq in (3, 4):
            assert f'"seq":{seq}'.encode() in upgraded.wait_for(b'42["training_update"')
    finally:
        upgraded.close()


def test_what_the_channel_loses_comes_from_the_log(web: Web, connect: Connect) -> None:
    session_id = web.start_session()
    watcher = connect(["websocket"])
    watcher.call("join_training", {"session_id": session_id, "after": 2})
    web.append(session_id, 2)
    watcher.wait_until(lambda: watcher.seqs() == [3, 4])
    web.publisher.loses = True
    web.append(session_id, 3)
    web.publisher.loses = False
    web.append(session_id, 1)
    watcher.wait_until(lambda: len(watcher.seqs()) >= 6)
    assert sorted(watcher.seqs()) == [3, 4, 5, 6, 7, 8]


def test_a_malformed_message_is_answered_and_the_connection_stays(web: Web, connect: Connect) -> None:
    client = connect()
    for number, payload in enumerate(MALFORMED, start=1):
        answer = client.call("join_training", *payload)
        assert answer["ok"] is False, payload
        assert answer["error"]["message"], payload
        client.wait_until(lambda number=number: len(client.of("error_update")) == number)
        assert client.of("error_update")[-1]["error_code"] == answer["error"]["error_code"]
    assert client.call("join_training", {"session_id": web.start_session()})["ok"]
    assert client.disconnects == 0


def test_an_unknown_session_is_named_in_the_error(web: Web, connect: Connect) -> None:
    client = connect(["websocket"])
    answer = client.call("join_training", {"session_id": UNKNOWN})
    assert UNKNOWN in answer["error"]["message"]
    client.wait_until(lambda: bool(client.of("error_update")))
    assert client.of("error_update")[0]["session_id"] == UNKNOWN


def test_who_has_left_a_room_hears_nothing_more(web: Web, connect: Connect) -> None:
    session_id = web.start_session()
    gone, stays = connect(["websocket"]), connect(["websocket"])
    for client in (gone, stays):
        client.call("join_training", {"session_id": session_id, "after": 2})
    assert gone.call("leave_training", {"session_id": session_id})["ok"]
    web.append(session_id, 1)
    stays.wait_until(lambda: stays.seqs() == [3])
    assert gone.call("leave_training", {"session_id": session_id})["ok"]
    assert gone.seqs() == []


def test_compression_is_refused_though_every_browser_offers_it(web: Web) -> None:
    client = BareClient(web.port)
    try:
        assert " 101 " in client.greeting
        assert "sec-websocket-extensions" not in client.greeting.lower()
        client.join(web.start_session())
    finally:
        client.close()


def test_open_connections_are_counted(web: Web, connect: Connect) -> None:
    wait_until(lambda: open_connections(web) == 0)
    client = connect(["websocket"])
    client.call("leave_training", {"session_id": UNKNOWN})
    assert open_connections(web) == 1
    client.close()
    wait_until(lambda: open_connections(web) == 0)


def open_connections(web: Web) -> float:
    with urllib.request.urlopen(f"{web.url}/metrics", timeout=10) as answer:
        found = re.search(r"^crypto_predict_socketio_connections\S* (\S+)$", answer.read().decode(), re.M)
    return float(found[1]) if found else 0.0
