"""Rewrite the README's configuration table from ``Settings``: ``make docs``."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from server.config import Settings

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- settings: made by `make docs` -->", "<!-- /settings -->"


def settings_table() -> str:
    """Every setting with its default and meaning, as a Markdown table."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for spec in fields(Settings):
        default = ",".join(spec.default) if isinstance(spec.default, tuple) else str(spec.default)
        shown = f"`{default}`" if default else ""
        rows.append(
            f"| `{spec.name.upper()}` | {shown} | {spec.metadata['help'].replace('|', chr(92) + '|')} |"
        )
    return "\n".join(rows)


def with_table(readme: str) -> str:
    """``readme`` with the table between its markers made anew."""
    between = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    return between.sub(f"{BEGIN}\n{settings_table()}\n{END}", readme)


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
