"""What the README says is so."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from flask import Flask

from docs.reference import README, with_table
from server.local.dashboard import OLDEST_NODE
from server.prediction.schemas import PredictRequest
from server.training.schemas import StartTraining
from tests.dashboard.test_speed import FIRST_LOAD_BYTES
from tests.local.test_requirements import names_in, normal
from tests.stack import Stack

TEXT = README.read_text()
ROOT = README.parent


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)


def test_the_configuration_table_is_that_of_the_settings() -> None:
    assert with_table(TEXT) == TEXT, "run `make docs`"


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:`(?:[A-Z]+=\S+ )?|^)make ([a-z]+)(?:`|$)", TEXT, re.MULTILINE)
    assert {"run", "test"} <= set(named) <= targets


def test_the_disk_that_it_asks_for_is_what_the_packages_take() -> None:
    asked_for = re.search(r"some minutes and (\d+) GB of disk", TEXT)
    assert asked_for is not None
    wanted = names_in("requirements.txt")
    files = (each.files or () for each in distributions() if normal(each.name) in wanted)
    packages = sum(file.size or 0 for listed in files for file in listed)
    # Compiled sources, the dashboard's tools and the data come on top of them.
    assert 0.6 < packages / (int(asked_for[1]) * 1e9) < 0.95


def test_every_link_leads_to_a_file() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", TEXT) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_it_opens_with_a_picture_of_a_training() -> None:
    picture = re.search(r"!\[[^\]]{20,}\]\(([^)]+)\)", TEXT[: TEXT.index("\n## ")])
    assert picture is not None
    assert (ROOT / picture[1]).read_bytes().startswith(b"\x89PNG")
    assert (ROOT / picture[1]).stat().st_size < 250_000


def test_every_screen_named_is_in_the_navigation() -> None:
    section = TEXT[TEXT.index("## The dashboard") : TEXT.index("## A first training")]
    screens = (ROOT / "client" / "src" / "screens" / "screens.tsx").read_text()
    navigation = set(re.findall(r'nav: "(\w+)"', screens))
    assert navigation == set(re.findall(r"\*([A-Z]\w+)\*", section))


def test_the_limits_of_the_dashboard_are_those_that_are_tested() -> None:
    limit = re.search(r"less than (\d+) kB of compressed script", TEXT)
    assert limit is not None
    assert int(limit[1]) * 1000 == FIRST_LOAD_BYTES
    assert f"Node {'.'.join(map(str, OLDEST_NODE))} or newer" in TEXT


def test_the_bodies_of_the_curl_examples_are_valid() -> None:
    schemas = {"train": StartTraining, "predict": PredictRequest}
    examples = re.findall(r"curl -X POST \S+/api/v1/(\w+) .*?-d '(\{.*?\})'", TEXT, re.DOTALL)
    assert {call for call, _ in examples} == set(schemas)
    for call, body in examples:
        assert schemas[call]().validate(json.loads(body)) == {}


def test_every_call_of_the_table_is_served(app: Flask) -> None:
    served = {
        (method, re.sub(r"<[^>]*>", "<id>", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    table = TEXT[TEXT.index("## The API") : TEXT.index("## Configuration")]
    named = [
        (method, re.sub(r"<[^>]*>", "<id>", path.split("?")[0]))
        for line in table.splitlines()
        if line.startswith("| `")
        for method, path in re.findall(r"`(?:(GET|POST|PUT|DELETE) )?(/[^`]*)`", line.split("|")[1])
    ]
    assert len(named) > 24
    for method, path in named:
        full = path if path == "/metrics" else f"/api/v1{path}"
        assert (method or "GET", full) in served


def test_every_flask_command_of_the_table_exists(app: Flask) -> None:
    table = TEXT[TEXT.index("## Commands") : TEXT.index("## Troubleshooting")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `flask")]
    assert len(rows) > 4
    for row in rows:
        first, *others = re.findall(r"`([^`]+)`", row)
        _, name, *words = first.split()
        command = app.cli.commands[name]
        if hasattr(command, "commands"):
            assert {words[0], *others} <= set(command.commands)
        else:
            assert {other.split()[1] for other in others} <= set(app.cli.commands)


def test_the_layout_of_the_architecture_page_exists() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    for path in re.findall(r"`(server/[\w/]+(?:\.py|/))`", page):
        assert (ROOT / path).exists(), path


@pytest.mark.xdist_group("live")
@pytest.mark.timeout(240)
def test_the_python_example_runs_to_its_end(stack: Stack, tmp_path: Path) -> None:
    (example,) = code_blocks("python")
    script = tmp_path / "example.py"
    script.write_text(example.replace("http://127.0.0.1:5000", stack.base_url))
    environment = {**os.environ, "PYTHONPATH": ""}
    ran = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=150,
        env=environment,
        check=True,
    )
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert [int(line[0]) for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1][1] == "completed"
