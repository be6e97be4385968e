"""Two web processes behind real nginx: rooms, losses of a process, restarts."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tests.production.cluster import Cluster
from tests.production.followers import Follower, appending, followers
from tests.production.nginx import needs_nginx
from tests.realtime.clients import BareClient, Client, PollingClient, hear_the_whole_room, wait_until
from tests.realtime.conftest import Web

pytestmark = [pytest.mark.xdist_group("servers"), pytest.mark.timeout(120), needs_nginx]
Connect = Callable[..., Client]

TRANSPORTS = pytest.mark.parametrize(
    "transports", [["websocket"], ["polling"], None], ids=["websocket", "polling", "upgrade"]
)


@TRANSPORTS
def test_a_room_spread_over_both_processes_hears_every_event_once(
    cluster: Cluster, web: Web, connect: Connect, transports: list[str] | None
) -> None:
    session_id = web.start_session()
    watchers = [connect(transports, cookie=f"{number:x}" * 32) for number in range(6)]
    hear_the_whole_room(watchers, session_id, lambda: web.append(session_id, 50), mixed=transports is None)
    assert all(clients_of(cluster))


@TRANSPORTS
def test_who_joins_after_an_event_is_sent_the_later_ones_and_then_what_happens(
    web: Web, connect: Connect, transports: list[str] | None
) -> None:
    session_id = web.start_session()
    web.append(session_id, 8)
    watcher = connect(transports)
    assert watcher.call("join_training", {"session_id": session_id, "after": 4})["last_seq"] == 10
    web.append(session_id, 2)
    watcher.wait_until(lambda: len(watcher.seqs()) >= 8)
    assert sorted(watcher.seqs()) == list(range(5, 13))


def test_a_polling_session_changes_to_a_websocket_of_the_same_process(web: Web) -> None:
    session_id = web.start_session()
    polling = PollingClient(web.url)
    polling.join(session_id)
    upgraded = BareClient(web.port, upgrading=polling.sid)
    try:
        assert " 101 " in upgraded.greeting
        upgraded.send(b"2probe")
        assert upgraded.read()[1] == b"3probe"
        upgraded.send(b"5")
        web.append(session_id)
        assert b'"seq":3' in upgraded.wait_for(b'42["training_update"')
    finally:
        upgraded.close()


def test_the_death_of_a_process_under_load_costs_no_client_an_event(cluster: Cluster, web: Web) -> None:
    session_id = web.start_session()
    last = 2 + 200
    with followers(web, session_id, last) as clients, asking(cluster) as failures:
        with appending(web, session_id, 200):
            time.sleep(1.0)
            cluster.kill("web1")
            time.sleep(1.0)
            cluster.start_again("web1")
        wait_for_all(clients, last)
    assert not failures


def test_a_rolling_restart_under_load_costs_no_client_an_event_and_no_reader_an_answer(
    cluster: Cluster, web: Web
) -> None:
    session_id = web.start_session()
    last = 2 + 300
    with followers(web, session_id, last) as clients, asking(cluster) as failures:
        with appending(web, session_id, 300):
            cluster.stop("web1")
            cluster.start_again("web1")
            cluster.reload("web2")
        wait_for_all(clients, last)
    assert not failures


def test_a_process_that_is_asked_to_stop_lets_its_connections_go_at_once(cluster: Cluster, web: Web) -> None:
    session_id = web.start_session()
    clients = [BareClient(port) for port in cluster.web_ports.values()]
    for client in clients:
        client.join(session_id)
    # As browsers keep them, for what they may ask next.
    kept = HTTPConnection("127.0.0.1", cluster.web_ports["web2"], timeout=30)
    kept.auto_open = 0
    kept.connect()
    kept.request("GET", "/health/live")
    assert kept.getresponse().read()
    began = time.monotonic()
    stopping = threading.Thread(target=cluster.stop, args=["web2"])
    stopping.start()
    try:
        with pytest.raises(ConnectionError):
            clients[1].wait_for(b"nothing")
        # Whoever was let go would come back to the process that ends, and be waited for.
        with pytest.raises(ConnectionError):
            asked_again(kept, "/socket.io/?EIO=4&transport=polling")
        stopping.join()
        # Far below the minute of grace that requests have.
        assert time.monotonic() - began < 20
        web.append(session_id)
        clients[0].wait_for(b'42["training_update"')
    finally:
        stopping.join()
        cluster.start_again("web2")
        for each in (*clients, kept):
            each.close()


def test_a_port_is_open_only_when_its_process_can_answer(cluster: Cluster) -> None:
    cluster.stop("web2")
    cluster.supervisor.start_service("web2")
    # Loading the application takes longer; whoever is refused is served by the other process meanwhile.
    wait_until(lambda: answered_within_a_second(cluster.web_ports["web2"]))


def test_gunicorn_speaks_of_its_workers_as_the_product_speaks_of_all_else(cluster: Cluster) -> None:
    for name in cluster.names:
        said = [line for line in cluster.log(name).splitlines() if "Booting worker" in line]
        assert said
        assert {json.loads(line)["logger"] for line in said} == {"gunicorn.error"}


def asked_again(line: HTTPConnection, path: str) -> int:
    """The status that a request on an open connection is answered with."""
    line.request("GET", path)
    return line.getresponse().status


def answered_within_a_second(port: int) -> bool:
    """Whether the port answers; false when it is shut, and an error when it is open and nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as line:
            line.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return line.recv(1024).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


def wait_for_all(clients: Sequence[Follower], last: int) -> None:
    """Until every client has every event up to ``last``; each of them once and in order."""
    deadline = time.monotonic() + 60
    while any(client.seqs[-1] != last for client in clients):
        reached = [(type(client).__name__, client.seqs[-1]) for client in clients]
        assert time.monotonic() < deadline, f"not at {last} after 60 s: {reached}"
        time.sleep(0.05)
    assert [client.seqs for client in clients] == [list(range(1, last + 1))] * len(clients)


def clients_of(cluster: Cluster) -> list[float]:
    """How many Socket.IO clients each web process has."""
    return [open_connections(port) for port in cluster.web_ports.values()]


def open_connections(port: int) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(r"^crypto_predict_socketio_connections\S* (\S+)$", answer.read().decode(), re.M)
    return float(found[1]) if found else 0.0


@contextmanager
def asking(cluster: Cluster) -> Iterator[list[str]]:
    """Ask for a document again and again while the block runs; what was not answered well."""
    failures: list[str] = []
    ends = threading.Event()

    def ask() -> None:
        while not ends.wait(0.02):
            try:
                urllib.request.urlopen(f"{cluster.url}/api/v1/health/live", timeout=30).close()
            except OSError as error:
                failures.append(str(error))

    asker = threading.Thread(target=ask)
    asker.start()
    try:
        yield failures
    finally:
        ends.set()
        asker.join()
