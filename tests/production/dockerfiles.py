"""Dockerfiles as lists of instructions, and what ``.dockerignore`` keeps from them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from server.config import PROJECT_ROOT


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, its lines joined: ``COPY``, ``wsgi.py ./``. The first ``FROM`` begins stage 0."""

    name: str
    words: str
    stage: int


def instructions(path: Path) -> list[Instruction]:
    """The instructions of a Dockerfile, in order; what stands before the first ``FROM`` is of stage -1."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    found: list[Instruction] = []
    stage = -1
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        name, _, words = line.strip().partition(" ")
        if name:
            stage += name == "FROM"
            found.append(Instruction(name, " ".join(words.split()), stage))
    return found


def exec_form(words: str) -> list[str] | None:
    """The words of a command that no shell sees; None when a shell would."""
    try:
        found = json.loads(words[words.index("[") :])
    except ValueError:
        return None
    return [str(word) for word in found]


def copied(found: list[Instruction]) -> list[str]:
    """What of the build's context a Dockerfile copies."""
    return [
        source
        for each in found
        if each.name == "COPY" and not each.words.startswith("--from=")
        for source in each.words.split()[:-1]
    ]


def is_ignored(path: str) -> bool:
    """Whether ``.dockerignore`` keeps ``path``, from the project's folder, out of the build's context.

    The last rule that fits the path, or a folder above it, decides.
    """
    parts = path.strip("/").split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    ignored = False
    for rule in (PROJECT_ROOT / ".dockerignore").read_text().splitlines():
        pattern = rule.removeprefix("!")
        if pattern and not rule.startswith("#") and any(_fits(pattern, each) for each in above):
            ignored = not rule.startswith("!")
    return ignored


def _fits(pattern: str, path: str) -> bool:
    expression = re.escape(pattern).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*")
    return re.fullmatch(expression, path) is not None
