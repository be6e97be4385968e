"""The dashboard is built when it must be, and the server starts without it when it cannot be."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from server.local.dashboard import build, build_if_needed, is_stale


@pytest.fixture
def client(tmp_path: Path) -> Path:
    """The sources of a dashboard whose build fails, and a build that is newer than they."""
    folder = tmp_path / "client"
    for name in ("src", "public", "node_modules", "dist"):
        (folder / name).mkdir(parents=True)
    for name in ("index.html", "package-lock.json", "vite.config.ts", "tsconfig.json", "src/main.tsx"):
        (folder / name).write_text("")
        os.utime(folder / name, (1000, 1000))
    for name in ("src", "public"):
        os.utime(folder / name, (1000, 1000))
    (folder / "package.json").write_text('{"scripts": {"build": "echo It cannot be && exit 3"}}')
    (folder / "node_modules" / ".package-lock.json").write_text("")
    (folder / "dist" / "index.html").write_text("built before")
    return folder


def never() -> bool:
    return False


def test_a_build_is_stale_when_a_source_is_newer_or_gone_from_its_place(client: Path) -> None:
    assert not is_stale(client)
    (client / "src" / "main.tsx").touch()
    os.utime(client / "dist" / "index.html", (2000, 2000))
    assert is_stale(client)
    (client / "dist" / "index.html").unlink()
    assert is_stale(client)


def test_a_build_that_fails_is_told_and_the_last_one_stays(
    client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(client / "dist" / "index.html", (500, 500))
    build_if_needed(tmp_path, never, client)
    said = capsys.readouterr().out
    assert "The dashboard could not be built; everything else works." in said
    assert "It cannot be" in said
    assert (client / "dist" / "index.html").read_text() == "built before"


def test_nothing_is_built_that_is_current_or_not_there(
    client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_if_needed(tmp_path, never, client)
    build_if_needed(tmp_path, never, tmp_path / "nowhere")
    assert capsys.readouterr().out == ""


def test_a_build_ends_when_the_stack_does(
    client: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (client / "package.json").write_text('{"scripts": {"build": "sleep 60"}}')
    os.utime(client / "dist" / "index.html", (500, 500))
    build_if_needed(tmp_path, lambda: True, client)
    assert "could not be built" not in capsys.readouterr().out


def test_builds_at_the_same_time_become_one_and_leave_nothing_aside(client: Path, tmp_path: Path) -> None:
    script = (
        'const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");'
        'appendFileSync("times", "x");'
        'const out = process.argv[3]; mkdirSync(out + "/assets", { recursive: true });'
        'writeFileSync(out + "/assets/new.js", "new"); writeFileSync(out + "/index.html", "built anew");'
    )
    (client / "build.cjs").write_text(script)
    (client / "package.json").write_text('{"scripts": {"build": "node build.cjs"}}')
    (client / "dist" / "assets").mkdir()
    (client / "dist" / "assets" / "old.js").write_text("old")
    os.utime(client / "dist" / "index.html", (500, 500))
    builds = [
        threading.Thread(target=build, args=(tmp_path / f"{number}.log", never, client))
        for number in range(2)
    ]
    for each in builds:
        each.start()
    for each in builds:
        each.join()
    assert (client / "times").read_text() == "x"
    files = sorted(str(file.relative_to(client)) for file in (client / "dist").rglob("*") if file.is_file())
    assert files == ["dist/assets/new.js", "dist/index.html"]
    assert [each.name for each in (client / "node_modules").iterdir()] == [".package-lock.json"]
