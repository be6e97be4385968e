"""Two web processes behind nginx, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from flask import Flask

from server.config import Settings
from tests.production.cluster import Cluster, running_cluster
from tests.production.followers import session_with
from tests.realtime.clients import Client
from tests.realtime.conftest import LosingPublisher, Web

LARGEST_BODY = 1024 * 1024


@pytest.fixture(scope="package")
def cluster(settings: Settings, app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two web processes on the test process's database and Valkey, and nginx in front of them."""
    settings = replace(
        settings,
        room_sweep_seconds=0.5,
        rate_limit_enabled=True,
        rate_limit_predict="3 per minute",
        max_body_bytes=LARGEST_BODY,
    )
    with running_cluster(tmp_path_factory.mktemp("cluster"), settings) as started:
        yield started


@pytest.fixture
def web(cluster: Cluster, app: Flask) -> Web:
    """The web processes as one, behind nginx; and this process's way to its rooms and its log."""
    return Web(cluster.url, cluster.port, app, LosingPublisher(cluster.settings.redis_database(0)))


@pytest.fixture
def connect(cluster: Cluster) -> Iterator[Callable[..., Client]]:
    """Connects Socket.IO clients through nginx, and disconnects them at the end of the test."""
    with ExitStack() as open_ones:

        def make(transports: list[str] | None = None, cookie: str = "") -> Client:
            client = Client(cluster.url, transports, open_ones.enter_context(session_with(cookie)))
            open_ones.callback(client.close)
            return client

        yield make
