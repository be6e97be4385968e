"""Child processes of the local stack: each leads its own group and ends with its parent."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from server.errors import ServerError

LAUNCHER = Path(__file__).with_name("launch.py")
_PORTS = range(15_000, 32_000)


class StackError(ServerError):
    """The local stack cannot start or go on; the message is for the person at the terminal."""

    error_code = "local_stack"


def spawn(
    command: Sequence[str | Path],
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    account: str = "",
    parting_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start ``command`` in its own session, so that a terminal's Ctrl-C reaches the parent alone.

    Its output is appended to ``log``. ``parting_signal`` ends it when this process is killed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
    launcher += [str(os.getpid()), str(int(parting_signal)), account, "--"]
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603 - an argument list, no shell
            [*launcher, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if environment is None else dict(environment),
            cwd=folder,
            start_new_session=True,
        )


def stop(
    process: subprocess.Popen[bytes], *, ask: signal.Signals = signal.SIGTERM, patience: float = 20.0
) -> int:
    """End ``process``: ask once, wait ``patience`` seconds, then kill its whole group. Returns its code."""
    if process.poll() is None:
        process.send_signal(ask)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    kill_group(process.pid)
    return process.wait()


def kill_group(group: int) -> None:
    """Kill what is left of a process group; nothing left is the usual case."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(
    answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, seconds: float
) -> None:
    """Call ``answers()`` until it returns true. Raises :class:`StackError` when the process ends first."""
    deadline = time.monotonic() + seconds
    while not answers():
        if process.poll() is not None:
            raise StackError(f"{log.stem} stopped with code {process.returncode}:\n{tail(log)}")
        if time.monotonic() > deadline:
            raise StackError(f"{log.stem} did not answer within {seconds:.0f} seconds:\n{tail(log)}")
        time.sleep(0.05)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file, or a sentence saying that there are none."""
    if not log.exists():
        return f"(no log at {log})"
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(text) or f"({log} is empty)"


def free_port() -> int:
    """A port of the loopback interface that nothing listens on.

    It lies below those that systems give to outgoing connections (32768 and up on Linux): any of these may be
    taken again before whoever asked has started.
    """
    while True:
        port = secrets.choice(_PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
