"""What the person at the terminal sees: the stack's own words, and the logs of its processes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TextIO

ESCAPE_SEQUENCE = re.compile(r"\033\[[0-9;]*m")
# TensorFlow's C++ part greets every new process at length; its words stay in the log file.
NOT_SHOWN = re.compile(r"^[IWEF]\d{4} \d\d:\d\d:\d+\.|^WARNING: All log messages before absl")
COLOURS = {"web": 36, "trainer": 32, "worker": 34, "beat": 35}


def say(sentence: str) -> None:
    """One line of the stack itself."""
    print(sentence, flush=True)  # noqa: T201 - the terminal is this module's purpose


class LogView:
    """Follows log files, which must exist, and prints what is new after the name of its process."""

    def __init__(self, logs: dict[str, Path], out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._logs = logs
        self._width = max(map(len, logs))
        self._offsets = dict.fromkeys(logs, 0)

    def skip(self) -> None:
        """Leave out what the logs hold so far."""
        self._offsets = {name: log.stat().st_size for name, log in self._logs.items()}

    def show_new(self) -> None:
        """Print every line that was completed since the last call."""
        for name, log in self._logs.items():
            with log.open("rb") as file:
                file.seek(self._offsets[name])
                new = file.read()
            whole_lines = new[: new.rfind(b"\n") + 1]
            self._offsets[name] += len(whole_lines)
            for line in whole_lines.decode(errors="replace").splitlines():
                if line.strip() and not NOT_SHOWN.match(line):
                    self._out.write(self._line(name, line))
        self._out.flush()

    def _line(self, name: str, text: str) -> str:
        label = f"{name:<{self._width}} |"
        if self._out.isatty():
            return f"\033[{COLOURS.get(name, 37)}m{label}\033[0m {text}\n"
        return f"{label} {ESCAPE_SEQUENCE.sub('', text)}\n"
