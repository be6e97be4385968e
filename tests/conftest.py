"""Real servers for the tests: one PostgreSQL and one Valkey per test process, made and thrown away."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Generator, Iterator
from functools import cache
from itertools import count
from pathlib import Path

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text
from xdist.scheduler import LoadScopeScheduling

from server.config import PROJECT_ROOT, Settings
from server.extensions import db
from server.local.postgres import EmbeddedPostgres
from server.local.valkey import EmbeddedValkey
from tests.stack import Stack, running_stack

# On two busy cores one example may take its time; what it shows does not depend on it.
hypothesis.settings.register_profile("steady", deadline=None)
hypothesis.settings.load_profile("steady")

# What a power cut would lose is of no use to a test.
FAST_AND_LOOSE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_stack_numbers = count(1)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    """The folder of this test process's servers and their logs."""
    with tempfile.TemporaryDirectory(prefix="crypto-predict-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Iterator[EmbeddedPostgres]:
    """A running PostgreSQL of this test process."""
    server = EmbeddedPostgres(servers_folder / "postgres", servers_folder / "postgres.log", FAST_AND_LOOSE)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def valkey(servers_folder: Path) -> Iterator[EmbeddedValkey]:
    """A running Valkey of this test process."""
    server = EmbeddedValkey(servers_folder / "valkey", servers_folder / "valkey.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: EmbeddedPostgres) -> str:
    return postgres.url


@pytest.fixture(scope="session")
def redis_url(valkey: EmbeddedValkey) -> str:
    return valkey.url


@pytest.fixture(scope="session")
def settings(postgres_url: str, redis_url: str, servers_folder: Path) -> Settings:
    """Settings of the application under test; ``dataclasses.replace`` makes a variant."""
    return Settings(
        app_env="test",
        secret_key="a key for tests alone",
        database_url=postgres_url,
        redis_url=redis_url,
        artifact_url=(servers_folder / "artifacts").as_uri(),
        async_mode="threading",
        rate_limit_enabled=False,
        log_format="json",
    )


@pytest.fixture(scope="session")
def app(settings: Settings) -> Flask:
    """The application with a migrated database."""
    from server.app import create_app

    application = create_app(settings)
    with application.app_context():
        upgrade(str(PROJECT_ROOT / "migrations"))
    return application


@pytest.fixture
def database(app: Flask) -> Iterator[None]:
    """An application context over empty tables."""
    with app.app_context():
        names = ", ".join(f'"{table.name}"' for table in db.metadata.sorted_tables)
        if names:
            db.session.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            db.session.commit()
        yield
        db.session.remove()


@pytest.fixture(scope="session")
def stack(
    servers_folder: Path, postgres: EmbeddedPostgres, request: pytest.FixtureRequest
) -> Iterator[Stack]:
    """The whole product as real processes, with quick leases and the sample loaded.

    A module changes its settings by ``indirect`` parameters. Its tests belong into one
    ``xdist_group``, so that two stacks do not share two cores.
    """
    number = next(_stack_numbers)
    overrides = getattr(request, "param", {})
    with running_stack(servers_folder / f"stack{number}", postgres, f"stack{number}", **overrides) as started:
        yield started


class ByGroup(LoadScopeScheduling):
    """Files that name the same ``xdist_group`` go to one worker; of the others, test by test.

    xdist's own ``loadgroup`` writes the group into a test's id, which this pytest no longer lets it do:
    the groups would be ignored without a word.
    """

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid.partition("::")[0]) or nodeid


@cache
def group_of(file: str) -> str | None:
    """The ``xdist_group`` that a test file names."""
    named = re.search(r'xdist_group\("(\w+)"\)', (PROJECT_ROOT / file).read_text())
    return named[1] if named else None


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByGroup:
    """Of stacks with trainings only one runs at a time (``live``): two would starve each other on two cores.

    What starts servers and processes but trains nothing, or little, is ``servers`` and may run beside it.
    """
    return ByGroup(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the logs of the stack's processes beside a failure."""
    report = yield
    running = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(running, Stack):
        report.sections.append(("logs of the stack", running.logs()))
    return report


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A test client; ask for ``database`` too where the request reads or writes tables."""
    return app.test_client()
