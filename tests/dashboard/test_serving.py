"""What the web process answers at ``/`` and below."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def get(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    """An answer that is read to its end, so that its file is closed."""
    return client.get(path, buffered=True, **options)


@pytest.fixture
def built(app: Flask, tmp_path: Path) -> Iterator[Path]:
    """A build of three files, served instead of the real one."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>the page</title>")
    (tmp_path / "favicon.svg").write_text("<svg/>")
    script = tmp_path / "assets" / "index-1a2b.js"
    script.write_text("plain")
    script.with_name("index-1a2b.js.br").write_text("by brotli")
    script.with_name("index-1a2b.js.gz").write_text("by gzip")
    app.config["DASHBOARD_FOLDER"] = tmp_path
    yield tmp_path
    del app.config["DASHBOARD_FOLDER"]


@pytest.mark.parametrize("path", ["/", "/train", "/train/3f0c", "/compare?ids=1,2", "/healthy", "/apiary"])
def test_every_address_of_the_client_is_answered_by_the_page(
    built: Path, client: FlaskClient, path: str
) -> None:
    answer = get(client, path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, "<title>the page</title>")
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api", "/health/nothing", "/assets/nothing.js", "/static/no"]
)
def test_what_is_not_the_clients_is_never_the_page(built: Path, client: FlaskClient, path: str) -> None:
    answer = get(client, path, headers=BROWSER)
    assert answer.status_code == 404
    assert answer.get_json()["error_code"] == "not_found"


def test_a_program_that_mistypes_an_address_is_told_so(built: Path, client: FlaskClient) -> None:
    assert get(client, "/tarin", headers={"Accept": "application/json"}).status_code == 404


@pytest.mark.parametrize(
    ("accepted", "text", "encoding"),
    [
        ("gzip, deflate, br", "by brotli", "br"),
        ("gzip", "by gzip", "gzip"),
        ("br;q=0, gzip", "by gzip", "gzip"),
        ("identity", "plain", None),
        ("", "plain", None),
    ],
)
def test_files_are_sent_as_the_build_compressed_them(
    built: Path, client: FlaskClient, accepted: str, text: str, encoding: str | None
) -> None:
    answer = get(client, "/assets/index-1a2b.js", headers={"Accept-Encoding": accepted})
    assert (answer.text, answer.headers.get("Content-Encoding")) == (text, encoding)
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Vary"] == "Accept-Encoding"


def test_nothing_outside_the_build_is_sent(built: Path, client: FlaskClient) -> None:
    (built.parent / "secret.txt").write_text("secret")
    for path in ("/../secret.txt", "/assets/../../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt"):
        assert "secret" not in get(client, path, headers=BROWSER).text


def test_the_page_may_load_and_reach_nothing_but_its_own_host(built: Path, client: FlaskClient) -> None:
    headers = get(client, "/", headers=BROWSER).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self' ws://localhost wss://localhost;" in policy
    assert (headers["X-Frame-Options"], headers["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_without_a_build_a_page_says_how_to_make_one(app: Flask, client: FlaskClient, tmp_path: Path) -> None:
    app.config["DASHBOARD_FOLDER"] = tmp_path / "nothing"
    try:
        answer = get(client, "/train", headers=BROWSER)
    finally:
        del app.config["DASHBOARD_FOLDER"]
    assert answer.status_code == 503
    assert "<code>make client</code>" in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
