from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as program
from benchmarks.report import Row, as_markdown, as_text, number

ROWS = [
    Row("training; peer: bare", 10.4, "s", 10.0, 1.04, "at most 1.05 x", True, note="5 repeats"),
    Row("POST /train, p95", 61.27, "ms", None, None, "at most 50 ms", False),
    Row("candles", 1_000_000, "rows"),
]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1_234_567.0, "1,234,567"),
        (61.27, "61.3"),
        (0.01234, "0.0123"),
        (0, "0.00"),
        (-2.5, "-2.50"),
        ("no", "no"),
        (None, ""),
    ],
)
def test_numbers_keep_three_digits(value: float | str | None, text: str) -> None:
    assert number(value) == text


def test_every_cell_of_the_text_table_stands_under_its_heading() -> None:
    heading, _rule, first, second, third, *notes = as_text(ROWS).splitlines()
    assert first.endswith("met")
    assert second.endswith("missed")
    assert heading.index("unit") == first.index("s ", 30) == third.index("rows")
    assert [note.strip() for note in notes] == ["training; peer: bare: 5 repeats"]


def test_a_missed_goal_stays_in_the_markdown() -> None:
    lines = as_markdown(ROWS).splitlines()
    assert lines[2] == "| training; peer: bare | 10.4 | s | 10.0 | 1.040 x | at most 1.05 x | met |"
    assert lines[3] == "| POST /train, p95 | 61.3 | ms |  |  | at most 50 ms | missed |"
    assert lines[-1] == "- training; peer: bare: 5 repeats"


def test_writing_one_section_keeps_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "performance.md"
    monkeypatch.setattr(program, "PAGE", page)
    program._write({"scale": "## scale\n\nold\n", "memory": "## memory\n\nkept\n"})
    program._write({"scale": "## scale\n\nnew\n", "rooms": "## rooms\n\nadded\n"})
    text = page.read_text()
    assert text.startswith("# Performance\n")
    assert [line for line in text.splitlines() if line in ("old", "kept", "new", "added")] == [
        "kept",
        "new",
        "added",
    ]
    assert [text.index(f"## {name}") for name in ("memory", "scale", "rooms")] == sorted(
        text.index(f"## {name}") for name in ("memory", "scale", "rooms")
    )


def test_a_missed_goal_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "_measure", lambda name: ROWS)
    monkeypatch.setattr("sys.argv", ["benchmarks", "scale"])
    assert program.main() == 0
    assert "1 of 2 goals met; missed: POST /train, p95" in capsys.readouterr().out
