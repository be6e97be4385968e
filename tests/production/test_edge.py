"""What nginx lets in, hides, adds and refuses, with real web processes behind it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from server.local import processes
from server.local.services import log_of
from tests.production.cluster import Cluster
from tests.production.conftest import LARGEST_BODY
from tests.production.nginx import needs_nginx, nginx_service, verdict, write_configuration
from tests.realtime.clients import BareClient, wait_until
from tests.realtime.conftest import Web

pytestmark = [pytest.mark.xdist_group("servers"), pytest.mark.timeout(120), needs_nginx]

ERROR_FIELDS = {"error", "error_code", "message", "details", "request_id"}
COOKIE = "crypto_predict_route"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of nginx."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


def ask(port: int, path: str, method: str = "GET", body: Any = None, address: str = "127.0.0.1",
        **headers: str) -> Answer:  # fmt: skip
    """One request from ``address``; an underscore in a header's name stands for a hyphen."""
    line = HTTPConnection("127.0.0.1", port, timeout=30, source_address=(address, 0))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, body, named)
    answer = line.getresponse()
    read = Answer(answer.status, answer.headers, answer.read())
    line.close()
    return read


@contextmanager
def nginx_before(folder: Path, web_ports: list[int], **variables: str) -> Iterator[int]:
    """Another nginx before these web processes; its port."""
    port = processes.free_port()
    write_configuration(folder, web_ports, port, **variables)
    process = nginx_service(folder).start(folder, {})
    processes.wait_until(lambda: listens(port), process, log_of(folder, "nginx"), 10)
    try:
        yield port
    finally:
        processes.stop(process)


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A certificate for localhost that it signed itself, as nginx's variables."""
    folder = tmp_path_factory.mktemp("tls")
    files = {
        "NGINX_TLS_CERTIFICATE": str(folder / "certificate.pem"),
        "NGINX_TLS_KEY": str(folder / "key.pem"),
    }
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-out", files["NGINX_TLS_CERTIFICATE"],
         "-keyout", files["NGINX_TLS_KEY"]],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


@pytest.mark.parametrize("site", ["plain", "tls"])
def test_nginx_takes_the_shipped_configuration(
    tmp_path: Path, certificate: dict[str, str], site: str
) -> None:
    write_configuration(tmp_path, [5001, 5002], processes.free_port(), NGINX_SITE=site, **certificate)
    said = verdict(tmp_path)
    assert said.returncode == 0, said.stderr
    assert "[warn]" not in said.stderr


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics/", "//metrics", "/%6detrics", "/api/../metrics", "/metrics?name=up"]
)
def test_metrics_are_not_for_the_outside(cluster: Cluster, path: str) -> None:
    answer = ask(cluster.port, path)
    assert (answer.status, answer.json()["error_code"]) == (404, "not_found")
    assert b"crypto_predict" not in answer.body


def test_a_request_that_names_another_host_reaches_no_other(cluster: Cluster) -> None:
    other = next(iter(cluster.web_ports.values()))
    assert ask(cluster.port, f"http://127.0.0.1:{other}/metrics").status == 404


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_too_large_is_refused_in_the_shape_of_every_error(cluster: Cluster, is_chunked: bool) -> None:
    body = b"x" * (LARGEST_BODY + 1)
    sent: Any = iter([body]) if is_chunked else body
    answer = ask(cluster.port, "/api/v1/market/import", "POST", sent, X_Request_ID="too-large")
    assert (answer.status, answer.headers["Content-Type"]) == (413, "application/json")
    assert set(answer.json()) == ERROR_FIELDS
    assert (answer.json()["error_code"], answer.json()["request_id"]) == ("body_too_large", "too-large")


def test_nobody_behind_nginx_is_said_in_the_shape_of_every_error(tmp_path: Path) -> None:
    with nginx_before(tmp_path, [processes.free_port()]) as port:
        answer = ask(port, "/api/v1/health/live")
    assert (answer.status, set(answer.json())) == (502, ERROR_FIELDS)
    assert (answer.json()["error_code"], answer.headers["Retry-After"]) == ("unavailable", "5")
    assert answer.json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_client_cannot_say_where_it_comes_from(cluster: Cluster) -> None:
    lies = {"X_Forwarded_For": "6.6.6.6", "X_Real_IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
    ask(cluster.port, "/api/v1/health/live", address="127.0.3.1", X_Request_ID="a-liar", **lies)
    seen = [line for line in logged(cluster, *cluster.names) if line.get("request_id") == "a-liar"]
    assert [line["client"] for line in seen] == ["127.0.3.1"]


def test_a_client_cannot_say_that_it_came_encrypted(cluster: Cluster) -> None:
    answer = ask(
        cluster.port, "/api/v1/health/live", X_Forwarded_Proto="https", X_Forwarded_Host="evil.example"
    )
    assert answer.headers["Strict-Transport-Security"] is None


def test_rate_limits_count_each_client_over_all_processes_whatever_it_says(cluster: Cluster) -> None:
    def predict(address: str, lie: str = "") -> int:
        body = json.dumps({"ticker": "BTC-USD"})
        headers = {"Content_Type": "application/json", "X_Forwarded_For": lie}
        return ask(cluster.port, "/api/v1/predict", "POST", body, address, **headers).status

    assert 429 not in [predict("127.0.3.2", f"6.6.6.{number}") for number in range(3)]
    assert predict("127.0.3.2", "6.6.6.9") == 429
    assert predict("127.0.3.3", "127.0.3.2") != 429


def test_a_request_keeps_one_id_through_nginx_and_web(cluster: Cluster) -> None:
    answer = ask(cluster.port, "/api/v1/health/live?token=secret")
    assigned = answer.headers["X-Request-ID"]
    wait_until(lambda: any(line.get("request_id") == assigned for line in logged(cluster, "nginx")))
    lines = [line for line in logged(cluster, *cluster.names, "nginx") if line.get("request_id") == assigned]
    assert [line["status"] for line in lines] == [200, 200]
    assert "secret" not in json.dumps(lines)


def test_headers_of_the_product_come_once(cluster: Cluster) -> None:
    headers = ask(cluster.port, "/api/v1/health/live").headers
    for name in ("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options", "X-Request-ID"):
        assert len(headers.get_all(name) or []) == 1, name
    assert headers["Server"] == "nginx"


def test_json_is_compressed_for_who_asks(cluster: Cluster) -> None:
    plain = ask(cluster.port, "/api/v1/openapi.json")
    packed = ask(cluster.port, "/api/v1/openapi.json", Accept_Encoding="gzip, br")
    assert (plain.headers["Content-Encoding"], packed.headers["Content-Encoding"]) == (None, "gzip")
    assert gzip.decompress(packed.body) == plain.body
    assert "Accept-Encoding" in packed.headers["Vary"]


def test_a_browser_is_given_a_process_by_a_cookie_which_sockets_never_get(cluster: Cluster) -> None:
    given = ask(cluster.port, "/api/v1/health/live").headers["Set-Cookie"]
    assert given is None, "a probe needs no process"
    given = ask(cluster.port, "/api/v1/market/tickers").headers["Set-Cookie"]
    assert given.startswith(f"{COOKIE}=")
    assert "HttpOnly" in given
    cookie = given.partition(";")[0]
    assert ask(cluster.port, "/api/v1/market/tickers", Cookie=cookie).headers["Set-Cookie"] is None
    assert ask(cluster.port, "/socket.io/?EIO=4&transport=polling").headers["Set-Cookie"] is None


def test_browsers_behind_one_address_spread_and_each_stays(cluster: Cluster) -> None:
    homes = [{home_of(cluster, f"{number:032x}") for _ in range(3)} for number in range(16)]
    assert all(len(home) == 1 for home in homes)
    assert set.union(*homes) == {f"127.0.0.1:{port}" for port in cluster.web_ports.values()}


def home_of(cluster: Cluster, cookie: str) -> str:
    """The address of the process that a browser's polling session was begun in."""
    path = "/socket.io/?EIO=4&transport=polling"
    mark = processes.free_port()
    ask(cluster.port, path, Cookie=f"{COOKIE}={cookie}", X_Request_ID=f"home-{cookie}-{mark}")
    found: list[str] = []

    def is_logged() -> bool:
        lines = [line for line in logged(cluster, "nginx") if line["request_id"] == f"home-{cookie}-{mark}"]
        found[:] = [line["web"] for line in lines]
        return bool(found)

    wait_until(is_logged)
    return found[0]


def test_too_many_sockets_of_one_address_are_refused_and_the_others_stay(
    cluster: Cluster, web: Web, tmp_path: Path
) -> None:
    session_id = web.start_session()
    ports = list(cluster.web_ports.values())
    with nginx_before(tmp_path, ports, NGINX_SOCKETS_PER_ADDRESS="2") as port:
        clients = [BareClient(port) for _ in range(3)]
        assert [client.greeting.split()[1] for client in clients] == ["101", "101", "429"]
        for client in clients[:2]:
            client.join(session_id)
            client.close()
        clients[2].close()


def test_with_a_certificate_all_is_encrypted(
    cluster: Cluster, certificate: dict[str, str], tmp_path: Path
) -> None:
    tls_port = processes.free_port()
    variables = {
        "NGINX_SITE": "tls",
        "NGINX_TLS_PORT": f"127.0.0.1:{tls_port}",
        "NGINX_HTTPS_PORT": str(tls_port),
        **certificate,
    }
    with nginx_before(tmp_path, list(cluster.web_ports.values()), **variables) as port:
        moved = ask(port, "/train?ticker=BTC-USD", Host="localhost")
        there = f"https://localhost:{tls_port}/train?ticker=BTC-USD"
        assert (moved.status, moved.headers["Location"]) == (308, there)
        trusting = ssl.create_default_context(cafile=certificate["NGINX_TLS_CERTIFICATE"])
        line = HTTPSConnection("localhost", tls_port, timeout=10, context=trusting)
        line.request("GET", "/api/v1/health/live")
        answer = line.getresponse()
        assert (answer.status, answer.headers["Strict-Transport-Security"]) == (
            200, "max-age=31536000; includeSubDomains",
        )  # fmt: skip
        assert answer.read()
        line.close()


def logged(cluster: Cluster, *names: str) -> list[dict[str, Any]]:
    """The lines of JSON in these logs."""
    lines = [line for name in names for line in cluster.log(name).splitlines() if line.startswith("{")]
    return [json.loads(line) for line in lines]
