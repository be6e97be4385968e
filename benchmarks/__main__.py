"""``python -m benchmarks [NAME ...]``: measure, and print what came out, flattering or not."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from inspect import getdoc
from pathlib import Path

from benchmarks.report import Row, as_markdown, as_text

NAMES = (
    "training_overhead",
    "start_latency",
    "memory",
    "scale",
    "rooms",
    "responsiveness",
    "predictions",
    "replay",
    "backfill",
    "analytics",
    "dashboard",
    "stream",
    "stream_faults",
    "load",
)
PAGE = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
INTRODUCTION = """# Performance

Measured, not promised: each section is the output of the command in it, written by
`python -m benchmarks --write`, with the alternatives of a row measured in the same run. A missed goal
stays in the table. `make bench` measures all of it on your machine.
"""


def main() -> int:
    """Run the selected benchmarks; 0 whatever they measure, for a measurement cannot fail."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one or more of {', '.join(NAMES)}")
    parser.add_argument("--quick", action="store_true", help="try them out: few repeats, small sizes")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {PAGE.name} too")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    if options.quick:
        os.environ["BENCH_QUICK"] = "1"
    sections = {name: _measure(name) for name in options.names or NAMES}
    _print_all(sections)
    if options.write:
        _write({name: _section(name, rows, options.quick) for name, rows in sections.items()})
    return 0


def _measure(name: str) -> list[Row]:
    print(f"{name} ...", file=sys.stderr, flush=True)
    rows: list[Row] = import_module(f"benchmarks.{name}").run()
    return rows


def _print_all(sections: dict[str, list[Row]]) -> None:
    rows = [row for found in sections.values() for row in found]
    print(as_text(rows))
    judged = [row for row in rows if row.met is not None]
    missed = [row.name for row in judged if not row.met]
    print(f"\n{len(judged) - len(missed)} of {len(judged)} goals met", end="")
    print(f"; missed: {', '.join(missed)}" if missed else "")


def _section(name: str, rows: list[Row], quick: bool) -> str:
    about = getdoc(import_module(f"benchmarks.{name}")) or ""
    command = f"python -m benchmarks {name}{' --quick' if quick else ''}"
    return f"## {name}\n\n{about}\n\n`{command}`, {_circumstances()}:\n\n{as_markdown(rows)}\n"


def _circumstances() -> str:
    libraries = ", ".join(f"{library} {version(library)}" for library in ("tensorflow", "keras"))
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_processor()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, {libraries}, load average {load:.1f} at the end"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.+)", info.read_text()) if info.exists() else None
    return found[1] if found else platform.machine()


def _write(measured: dict[str, str]) -> None:
    """Replace the sections that were measured; the others keep the figures of their own run."""
    page = PAGE.read_text() if PAGE.exists() else ""
    kept = {
        part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in re.split(r"^## ", page, flags=re.M)[1:]
    }
    sections = {**kept, **measured}
    order = [*(name for name in NAMES if name in sections), *(name for name in sections if name not in NAMES)]
    PAGE.write_text("\n".join([INTRODUCTION, *(sections[name] for name in order)]))


if __name__ == "__main__":
    sys.exit(main())
