"""``python -m server.local``: the whole stack under one command, ended by Ctrl-C.

``python -m server.local flask restore FILE`` runs one ``flask`` command on its data while that is stopped.
"""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType

from server.config import PROJECT_ROOT, InvalidSettings, Settings
from server.local.environment import LOCAL_FOLDER, only_stack
from server.local.processes import StackError
from server.local.stack import LocalStack
from server.local.terminal import say


class StopRequest:
    """Ctrl-C or SIGTERM. The first asks for an orderly end, a second one ends the services at once."""

    def __init__(self) -> None:
        self.requests = 0
        self.stack: LocalStack | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._receive)

    def __call__(self) -> bool:
        return self.requests > 0

    def _receive(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1
        if self.requests > 1 and self.stack and self.stack.supervisor:
            self.stack.supervisor.kill()


def main() -> int:
    """Run the stack; 0 after an orderly end, 1 with a message when it cannot start or go on.

    With a command: run that alone; its exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m server.local", description=__doc__)
    parser.add_argument("--folder", type=Path, default=LOCAL_FOLDER, help="where data and logs are kept")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("flask", add_help=False, help="run one command on the data of the stopped stack")
    given, arguments = parser.parse_known_args()
    folder = given.folder.absolute()
    try:
        code = _run(folder, arguments if given.command else None)
    except (InvalidSettings, StackError) as error:
        say(error.message)
        return 1
    except OSError as error:
        say(_cannot_use(folder, error))
        return 1
    if not given.command:
        say(f"Stopped. The data is kept in {folder}.")
    return code


def _run(folder: Path, command: list[str] | None) -> int:
    stopping = StopRequest()
    settings = Settings.from_environment()
    with only_stack(folder):
        stack = stopping.stack = LocalStack(settings, folder, stopping)
        if command is not None:
            return stack.run_command(command)
        stack.run()
    return 0


def _cannot_use(folder: Path, error: OSError) -> str:
    said = f"{error.filename or folder} cannot be used: {error.strerror or error}."
    if isinstance(error, PermissionError):
        # As it is after a first start as root.
        owned = f"sudo chown -R $(id -un) {shlex.quote(str(PROJECT_ROOT))}"
        said += f" Who starts the stack must own the project and its data: {owned}"
    return said


if __name__ == "__main__":
    sys.exit(main())
