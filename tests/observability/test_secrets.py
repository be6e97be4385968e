"""Secrets of settings and of callers, looked for in everything that leaves the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
import structlog
from flask import Flask

from server.config import Settings
from server.local.processes import free_port
from server.observability import logs
from server.observability.redaction import redact
from tests.applications import UNREACHABLE, application

DATABASE_PASSWORD = "d4tabase/p@ss:word"
REDIS_PASSWORD = "r3dis-passw0rd"
SIGNING_KEY = "s1gning-key-" + "x7" * 16
COINGECKO_KEY = "CG-c0ingeck0key"
CALLERS = {
    "Authorization": "Bearer c4ller.t0ken.value",
    "Cookie": "session=c4llers-c00kie",
    "X-API-Key": "c4llers-4pi-key",
}
BODY = {"ticker": "BTC-USD", "password": "b0dy-passw0rd", "api_key": "b0dy-4pi-key"}
WEBHOOK = "https://hooks.slack.com/services/T000/B000/w3bh00k"
SECRETS = [
    DATABASE_PASSWORD, quote(DATABASE_PASSWORD, safe=""), REDIS_PASSWORD, SIGNING_KEY, COINGECKO_KEY,
    "c4ller.t0ken.value", "c4llers-c00kie", "c4llers-4pi-key", "b0dy-passw0rd", "b0dy-4pi-key",
]  # fmt: skip
SETTINGS = replace(
    UNREACHABLE,
    secret_key=SIGNING_KEY,
    database_url=f"postgresql://user:{quote(DATABASE_PASSWORD, safe='')}@127.0.0.1:{free_port()}/x",
    redis_url=f"redis://user:{REDIS_PASSWORD}@127.0.0.1:{free_port()}/0",
    coingecko_api_key=COINGECKO_KEY,
    log_level="DEBUG",
    market_sources=["kraken"],
    exchange_urls=[f"kraken=http://127.0.0.1:{free_port()}"],
    source_patience_seconds=0.0,
)


@pytest.fixture
def secretive() -> Iterator[Flask]:
    """An application full of secrets whose servers cannot be reached: much goes wrong and is told."""
    with application(SETTINGS) as app:
        yield app
    logs.configure(UNREACHABLE)


CALLS: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/health/detailed", {}),
    ("GET", "/api/v1/health/ready", {}),
    ("GET", "/metrics", {}),
    ("GET", "/nowhere?api_key=b0dy-4pi-key&password=b0dy-passw0rd", {}),
    ("GET", "/api/v1/models?token=b0dy-4pi-key", {}),
    ("GET", "/api/v1/market/tickers", {}),
    ("GET", "/api/v1/openapi.json", {}),
    ("GET", "/api/v1/asyncapi.json", {}),
    ("POST", "/api/v1/train", {"json": BODY}),
    ("POST", "/api/v1/train", {"data": json.dumps(BODY)[:-1], "content_type": "application/json"}),
]


def test_no_secret_leaves_by_an_answer_or_a_log(secretive: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    secretive.config["PROPAGATE_EXCEPTIONS"] = False
    client = secretive.test_client()
    for method, path, arguments in CALLS:
        answer = client.open(path, method=method, headers=CALLERS, **arguments)
        shown = answer.get_data(as_text=True) + str(answer.headers)
        assert not leaked(shown), (path, leaked(shown))
    told = capfd.readouterr()
    assert '"path": "/api/v1/train"' in told.err
    assert not leaked(told.out + told.err)


def test_no_secret_leaves_by_the_commands(secretive: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    runner = secretive.test_cli_runner()
    for arguments in (["doctor", "--json"], ["doctor"], ["backup", "/nowhere/x"], ["retention"]):
        ran = runner.invoke(args=arguments)
        shown = ran.output + repr(ran.exception)
        assert not leaked(shown), (arguments, leaked(shown))
    told = capfd.readouterr()
    assert not leaked(told.out + told.err)


def leaked(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


@pytest.fixture
def configured(capsys: pytest.CaptureFixture[str]) -> Iterator[pytest.CaptureFixture[str]]:
    logs.configure(SETTINGS)
    yield capsys
    logs.configure(UNREACHABLE)


@pytest.mark.parametrize(
    "secret", [DATABASE_PASSWORD, quote(DATABASE_PASSWORD, safe=""), SIGNING_KEY, COINGECKO_KEY]
)
def test_secrets_of_the_settings_are_hidden_however_they_turn_up(
    configured: pytest.CaptureFixture[str], secret: str
) -> None:
    log = structlog.get_logger()
    log.warning(f"it said {secret} to me", where=f"<{secret}>", deep=[{"x": (secret,)}])
    try:
        raise ValueError(f"cannot use {secret}")
    except ValueError:
        log.exception("failed")
    text = configured.readouterr().err
    assert "it said *** to me" in text
    assert secret not in text


def test_settings_without_secrets_hide_no_words(configured: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(log_format="json", secret_key="x"))
    structlog.get_logger().info("xylophone of the x")
    assert "xylophone of the x" in configured.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        f"posting to {WEBHOOK} failed",
        "Authorization: Bearer w3bh00k.t0ken",
        "curl -H 'X-Api-Key: w3bh00k'",
        "x-cg-demo-api-key=w3bh00k",
        "Basic dXNlcjp3M2JoMDBr==",
    ],
)
def test_addresses_and_headers_that_open_doors_are_hidden(text: str) -> None:
    assert "w3bh00k" not in redact(text)
    assert "dXNlcjp3M2JoMDBr" not in redact(text)
    assert "***" in redact(text)
