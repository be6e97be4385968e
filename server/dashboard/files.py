"""The built dashboard as files on disk: which one answers a path, and in which encoding."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from werkzeug.security import safe_join

from server.config import PROJECT_ROOT

BUILT = PROJECT_ROOT / "client" / "dist"
PAGE = "index.html"
# Made by the build beside each file; the smaller one first.
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


@dataclass(frozen=True, slots=True)
class BuiltFile:
    """A file to send. ``encoding`` is that of its content, ``varies`` whether others were to be had."""

    path: Path
    encoding: str | None
    varies: bool


def is_built(folder: Path) -> bool:
    """Whether there is a page to answer with."""
    return (folder / PAGE).is_file()


def find(folder: Path, name: str, accepted: Container[str]) -> BuiltFile | None:
    """The file ``name`` below ``folder`` in the best of the ``accepted`` encodings, or None."""
    joined = safe_join(str(folder), name)
    if joined is None or not Path(joined).is_file():
        return None
    made = [(encoding, Path(joined + suffix)) for encoding, suffix in ENCODINGS]
    made = [(encoding, path) for encoding, path in made if path.is_file()]
    for encoding, path in made:
        if encoding in accepted:
            return BuiltFile(path, encoding, varies=True)
    return BuiltFile(Path(joined), None, varies=bool(made))
