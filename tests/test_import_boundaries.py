"""The order of the domains, and what the web process must never load."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "server"

# A domain imports itself and what stands before it, never what stands behind it.
ORDER = (
    "errors", "setting_checks", "config", "extension_config", "extensions", "asynchronous",
    "observability", "realtime", "market", "analytics", "features", "forecasters", "adapters", "registry",
    "training", "prediction", "dashboard", "operations", "app", "worker", "local",
)  # fmt: skip
EDGES = {"views", "sockets", "tasks", "commands"}
KERAS_HOMES = ("forecasters/neural.py", "forecasters/callbacks.py", "forecasters/networks/")
# Calculations on arrays and plain values: to be read, tested and reused without a server.
PURE = (
    "analytics/catalogue.py", "analytics/indicators.py", "features/", "forecasters/", "market/candles.py",
    "market/gaps.py", "market/resampling.py", "market/csv_format.py", "training/transitions.py",
    "training/events.py", "realtime/rooms.py",
)  # fmt: skip
OF_THE_SERVER = {"flask", "flask_sqlalchemy", "sqlalchemy", "celery", "redis", "flask_socketio"}
MODULES = sorted(path.relative_to(SERVER).as_posix() for path in SERVER.rglob("*.py"))


def imports_of(module: str) -> Iterator[str]:
    """Every module that a file names in an import, also inside functions."""
    for node in ast.walk(ast.parse((SERVER / module).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} uses a relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def domain_of(module: str) -> str:
    return module.partition("/")[0].removesuffix(".py")


def server_imports(module: str) -> list[list[str]]:
    return [name.split(".")[1:] for name in imports_of(module) if name.startswith("server.")]


def test_every_domain_has_its_place_in_the_order() -> None:
    assert {domain_of(module) for module in MODULES} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_a_domain_imports_only_what_stands_before_it(module: str) -> None:
    own = domain_of(module)
    upward = [
        ".".join(parts)
        for parts in server_imports(module)
        if own in ORDER and ORDER.index(parts[0]) > ORDER.index(own)
    ]
    assert not upward, f"server/{module} imports {upward}, which stand behind {own} in the order"


@pytest.mark.parametrize("module", MODULES)
def test_the_core_of_a_domain_knows_none_of_its_edges(module: str) -> None:
    own = domain_of(module)
    if own in ("app", "worker") or Path(module).stem in EDGES:
        return
    edges = [
        ".".join(parts) for parts in server_imports(module) if parts[0] == own and EDGES & set(parts[1:])
    ]
    assert not edges, f"server/{module} is core and imports {edges}"


@pytest.mark.parametrize("module", MODULES)
def test_keras_is_imported_by_the_networks_alone_and_tensorflow_by_nobody(module: str) -> None:
    named = {name.partition(".")[0] for name in imports_of(module)}
    assert "tensorflow" not in named
    if not module.startswith(KERAS_HOMES):
        assert "keras" not in named


@pytest.mark.parametrize("module", [each for each in MODULES if each.startswith(PURE)])
def test_calculations_need_no_server(module: str) -> None:
    assert not OF_THE_SERVER & {name.partition(".")[0] for name in imports_of(module)}


def test_package_files_are_empty() -> None:
    filled = [
        module for module in MODULES if module.endswith("__init__.py") and (SERVER / module).read_text()
    ]
    assert not filled, "importing the core must import nothing else"


def loaded_by(statement: str, **environment: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after ``statement``."""
    environment = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        **environment,
    }
    script = f"{statement}\nimport sys\nprint('LOADED', *sys.modules)"
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return set(found.stdout.rpartition("LOADED")[2].split())


@pytest.mark.parametrize("mode", ["gevent", "eventlet", "threading"])
def test_the_web_process_loads_neither_tensorflow_nor_keras(mode: str) -> None:
    loaded = loaded_by("import wsgi", ASYNC_MODE=mode)
    assert "server.app" in loaded
    assert not {"tensorflow", "keras", "jax", "torch"} & loaded


@pytest.mark.parametrize("mode", ["gevent", "eventlet", "threading"])
def test_the_web_process_loads_neither_ccxt_nor_pandas(mode: str) -> None:
    """They would cost it 120 and 60 MB; it reads the states of sources from Redis."""
    asked = "import wsgi\nfor path in ('/health/detailed', '/metrics'): wsgi.app.test_client().get(path)"
    loaded = loaded_by(asked, ASYNC_MODE=mode)
    assert "server.market.sources.order" in loaded
    assert not {"ccxt", "pandas"} & loaded


def test_the_parent_of_the_workers_loads_neither_tensorflow_nor_keras() -> None:
    loaded = loaded_by("import server.worker")
    assert not {"tensorflow", "keras"} & loaded, "they do not survive the fork into a worker's children"
