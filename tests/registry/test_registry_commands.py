"""``flask models``, as a person types it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from server.forecasters.artifacts import ArtifactStore
from server.registry import models
from tests.registry.conftest import Register
from tests.registry.stored import ID
from tests.registry.test_decision import WON


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.registry.commands.console.width", 220)


def run(app: Flask, *arguments: str) -> Any:
    return app.test_cli_runner().invoke(args=["models", *arguments])


def refused(app: Flask, *arguments: str) -> str:
    result = run(app, *arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return str(result.output)


def test_the_list_shows_each_model_beside_naive(app: Flask, register: Register) -> None:
    old, new = register("old", forecast=0.03, finding=None), register("new", forecast=0.001)
    listed = run(app, "list", "--sort", "rmse", "--ticker", "BTC-USD").output
    assert "2 of 2 models" in listed
    assert listed.index("new") < listed.index("old")
    for model in (old, new):
        assert f"{model.metrics['overall']['rmse']:,.4g}" in listed
        assert f"{model.baseline['overall']['rmse']:,.4g}" in listed
        assert f"{model.skill:+.2%}" in listed
    assert "+0.00%" in listed
    assert "0 of 0 models" in run(app, "list", "--status", "archived").output
    assert "cannot be sorted by 'fame'" in refused(app, "list", "--sort", "fame")


def test_one_model_is_shown_in_words_and_step_by_step(app: Flask, register: Register) -> None:
    register(finding=None)
    shown = run(app, "show", ID).output
    for part in ("BTC-USD 1h CNN", "active: first model of its kind", "naive's", "700", "scored once"):
        assert part in shown
    assert "no model 'nobody'" in refused(app, "show", "nobody")


def test_activation_rollback_and_history(app: Flask, register: Register) -> None:
    register("old", finding=None)
    register("new", finding=WON)
    assert "old (version 1) is the active model of BTC-USD 1h CNN" in run(app, "activate", "old").output
    history = run(app, "history").output
    assert "3 of 3 activations" in history
    assert "activated by request in place of version 2" in history
    assert "activate or train another one first" in refused(app, "delete", "old")
    assert "new deleted" in run(app, "delete", "new").output


def test_pruning_says_first_what_would_go(app: Flask, register: Register, artifacts: ArtifactStore) -> None:
    for name in ("a", "b", "c"):
        register(name)
    dry = run(app, "prune", "--keep", "1", "--dry-run").output
    assert "1 models would be deleted" in dry
    assert "b  BTC-USD 1h CNN version 2, candidate" in dry
    assert artifacts.exists("b")
    assert "1 models deleted" in run(app, "prune", "--keep", "1").output
    assert not artifacts.exists("b")
    assert artifacts.exists("a")
    assert run(app, "prune").exit_code == 2


def test_a_model_travels_by_file(
    app: Flask, register: Register, artifacts: ArtifactStore, tmp_path: Path
) -> None:
    register("old", finding=None)
    register()
    target = tmp_path / "carried.tar"
    assert "exported" in run(app, "export", ID, str(target)).output
    assert "cannot be written" in refused(app, "export", ID, str(target))
    assert "registered already" in refused(app, "import", str(target))
    models.delete(ID, artifacts)
    imported = run(app, "import", str(target)).output
    assert "imported as version 2 of BTC-USD 1h CNN, candidate" in imported
    target.write_bytes(target.read_bytes()[:-1])
    assert "export it again" in refused(app, "import", str(target))
