"""``python -m server.local``: the whole stack under one command, ended by Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from server.config import InvalidSettings, Settings
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
    """Run the stack; 0 after an orderly end, 1 with a message when it cannot start or go on."""
    parser = argparse.ArgumentParser(prog="python -m server.local", description=__doc__)
    parser.add_argument("--folder", type=Path, default=LOCAL_FOLDER, help="where data and logs are kept")
    folder = parser.parse_args().folder.absolute()
    stopping = StopRequest()
    try:
        settings = Settings.from_environment()
        with only_stack(folder):
            stopping.stack = LocalStack(settings, folder, stopping)
            stopping.stack.run()
    except (InvalidSettings, StackError) as error:
        say(error.message)
        return 1
    say(f"Stopped. The data is kept in {folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
