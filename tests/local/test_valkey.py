"""The embedded Valkey keeps what it acknowledged and stays private."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from server.local.valkey import EmbeddedValkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    made = EmbeddedValkey(tmp_path / 'a "deep" folder' / "valkey", tmp_path / "valkey.log")
    made.start()
    yield made
    made.stop()


def test_a_restart_keeps_the_data_and_the_address(server: EmbeddedValkey) -> None:
    address = server.url
    with redis.Redis.from_url(address) as connection:
        connection.set("kept", "seven")
    server.stop()
    server.start()
    assert server.url == address
    with redis.Redis.from_url(address) as connection:
        assert connection.get("kept") == b"seven"


def test_it_asks_for_the_password(server: EmbeddedValkey) -> None:
    with (
        redis.Redis(host="127.0.0.1", port=server.port) as connection,
        pytest.raises(redis.AuthenticationError),
    ):
        connection.ping()


def test_an_append_only_file_cut_in_mid_write_is_repaired(server: EmbeddedValkey) -> None:
    with redis.Redis.from_url(server.url) as connection:
        connection.set("kept", "seven")
        connection.set("lost", "eight")
    server.stop()
    (log,) = (server.folder / "appendonlydir").glob("*.incr.aof")
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size - 3)
    server.start()
    with redis.Redis.from_url(server.url) as connection:
        assert connection.get("kept") == b"seven"
        assert connection.get("lost") is None
