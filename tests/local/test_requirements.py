"""The lists of packages: complete, pinned, and slim where they must be."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LISTS = ("requirements.txt", "requirements-web.txt", "requirements-dev.txt")
EXPECTED = set(
    """
    flask flask-socketio eventlet gevent gunicorn flask-sqlalchemy flask-migrate flask-limiter marshmallow
    celery redis tensorflow keras structlog prometheus-flask-exporter psycopg2-binary
    """.split()  # noqa: SIM905 - a list of names reads best as words
)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def lines_of(file: str) -> list[str]:
    lines = [line.strip() for line in (ROOT / file).read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def names_in(file: str) -> set[str]:
    """The packages of a list, those of the lists it includes too."""
    found: set[str] = set()
    for line in lines_of(file):
        if line.startswith("-r "):
            found |= names_in(line.removeprefix("-r "))
        else:
            found.add(normal(re.split(r"[\[=; ]", line)[0]))
    return found


@pytest.mark.parametrize("file", LISTS)
def test_every_package_is_pinned_to_one_version_and_to_no_address(file: str) -> None:
    loose = [line for line in lines_of(file) if not re.match(r"^[\w.-]+==[\w.]+( ;|$)", line)]
    assert not loose


def test_the_product_names_its_packages() -> None:
    assert names_in("requirements.txt") >= EXPECTED


def test_each_list_holds_the_one_below_it_with_the_same_versions() -> None:
    # What a small list needs on some platforms only, a larger one may need on all.
    web, full, dev = (
        {line.partition(" ;")[0] for line in lines_of(file)}
        for file in ("requirements-web.txt", "requirements.txt", "requirements-dev.txt")
    )
    assert web < full < dev


def test_the_list_of_the_web_process_has_no_tensorflow() -> None:
    assert not {"tensorflow", "keras", "tf2onnx"} & names_in("requirements-web.txt")


def test_what_the_server_imports_is_asked_for_by_name() -> None:
    """A package that is only there because another one needs it may leave with that one's next version."""
    of_module = packages_distributions()
    asked_for = names_in("requirements.in")
    missing = {
        name
        for path in [*(ROOT / "server").rglob("*.py"), ROOT / "wsgi.py"]
        for name in top_level_imports(path)
        if name not in sys.stdlib_module_names
        and name not in ("server", "wsgi")
        and not {normal(each) for each in of_module.get(name, [])} & asked_for
    }
    assert not missing


def top_level_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


REFUSE_OTHERS = """
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name in refused:
            raise ModuleNotFoundError("not in the list", name=name)

refused = {refused!r}
sys.meta_path.insert(0, Refusing())
import wsgi
"""


def test_the_web_process_starts_with_its_own_list_alone() -> None:
    allowed = names_in("requirements-web.txt")
    refused = {
        module
        for module, packages in packages_distributions().items()
        if not {normal(each) for each in packages} & allowed
    }
    assert {"tensorflow", "keras", "pytest"} <= refused
    environment = {
        **os.environ,
        "APP_ENV": "test",
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }
    script = REFUSE_OTHERS.replace("{refused!r}", repr(refused))
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
