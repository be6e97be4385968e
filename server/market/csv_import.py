"""Candles from a CSV file: read as a stream, checked row by row, stored whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from server.errors import InvalidInput
from server.market import store
from server.market.candles import Candles, iso_time, require_interval, require_ticker
from server.market.csv_checks import KINDS, Checker, Chunk, Finding, Problem, read_chunk
from server.market.csv_format import CsvFormat, recognise
from server.market.gaps import Gap, find_gaps

CHUNK_ROWS = 2_000
HEAD_LINES = 25
NO_GZIP = (gzip.BadGzipFile, EOFError, zlib.error)
LISTED = 100
"""Problems, and gaps, that a report lists; all of them are counted."""

OnProgress = Callable[[int], None]
BinaryStream = IO[bytes] | io.RawIOBase | io.BufferedIOBase


@dataclass(slots=True)
class ImportReport:
    """What a file held and what became of it.

    ``rows_stored`` candles are in the database now, of which ``rows_changed`` are new or differ from
    what was there. Gaps are information, not faults; so is the order of the rows (``ascending``,
    ``descending`` or ``mixed``, then with the first line that turns back).
    """

    ticker: str
    interval: str
    source: str
    rows_read: int = 0
    rows_sound: int = 0
    rows_stored: int = 0
    rows_changed: int = 0
    problem_counts: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    order: str = "ascending"
    out_of_order_line: int | None = None
    first: int | None = None
    last: int | None = None
    missing: int = 0
    gap_count: int = 0
    gaps: tuple[Gap, ...] = ()

    def payload(self) -> dict[str, Any]:
        """The report as plain JSON values, times in ISO 8601."""
        values = asdict(self)
        values["problem_counts"] = dict(self.problem_counts)
        values["problems"] = [asdict(p) | {"meaning": KINDS[p.kind]} for p in self.problems]
        values["first"] = None if self.first is None else iso_time(self.first)
        values["last"] = None if self.last is None else iso_time(self.last)
        values["gaps"] = [gap_payload(gap) for gap in self.gaps]
        return values


class UnsoundFile(InvalidInput):
    """The file has faults and nothing of it was stored; ``report`` lists them by line."""

    error_code = "unsound_file"

    def __init__(self, report: ImportReport) -> None:
        rows = report.rows_read - report.rows_sound
        remedy = (
            "correct them, or import with skip_bad" if report.rows_sound else "there is nothing to import"
        )
        super().__init__(
            f"{rows} of {report.rows_read} rows cannot be used, nothing was stored: {remedy}",
            field="file",
            report=report.payload(),
        )
        self.report = report


def gap_payload(gap: Gap) -> dict[str, Any]:
    """A gap as plain JSON values."""
    return {"first": iso_time(gap.first), "last": iso_time(gap.last), "candles": gap.candles}


def import_csv(
    stream: BinaryStream,
    ticker: str,
    interval: str,
    source: str,
    *,
    now: float,
    skip_bad: bool = False,
    on_progress: OnProgress = lambda rows_read: None,
) -> ImportReport:
    """Store the candles of a CSV file in one transaction.

    ``now`` (seconds since the Unix epoch) decides which candle is unfinished. Rows may be in any
    order. ``on_progress(rows_read)`` is called after every chunk. With ``skip_bad`` the sound rows
    are stored and, of rows with the same time, the first sound one.

    Raises :class:`UnsoundFile` when a row has a fault and ``skip_bad`` is off, or no row is sound;
    :class:`InvalidInput` when the file is not a CSV of candles at all. Then nothing is stored.
    """
    require_ticker(ticker)
    reading = _Reading(ImportReport(ticker, interval, source), Checker(require_interval(interval), now))
    report = reading.report
    with store.writing(ticker, interval, source) as write:
        for chunk in _chunks(stream, ticker):
            candles = reading.take(chunk)
            if len(candles) and (skip_bad or not report.problem_counts):
                report.rows_changed += write(candles)
            on_progress(report.rows_read)
        reading.finish(require_interval(interval))
        if not report.rows_sound or (report.problem_counts and not skip_bad):
            report.rows_changed = 0  # what was written goes with the transaction
            raise UnsoundFile(report)
    report.rows_stored = report.rows_sound
    return report


def unzipped(raw: IO[bytes], file: Path) -> IO[bytes]:
    """What ``raw``, the bytes of ``file``, holds: unpacked while it is read if it is a ``.gz``.

    Reading one that is damaged raises one of ``NO_GZIP``.
    """
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if file.suffix == ".gz" else raw


def read_csv(stream: BinaryStream, ticker: str, interval: str, source: str, *, now: float) -> Candles:
    """The candles of a CSV file, oldest first; nothing is stored. Raises as :func:`import_csv` does."""
    require_ticker(ticker)
    reading = _Reading(ImportReport(ticker, interval, source), Checker(require_interval(interval), now))
    parts = [reading.take(chunk) for chunk in _chunks(stream, ticker)]
    reading.finish(require_interval(interval))
    if reading.report.problem_counts or not reading.report.rows_sound:
        raise UnsoundFile(reading.report)
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in Candles.__slots__}
    oldest_first = np.argsort(columns["timestamp"], kind="stable")
    return Candles(**{name: values[oldest_first] for name, values in columns.items()})


class _Reading:
    """A report that grows with every chunk."""

    def __init__(self, report: ImportReport, checker: Checker) -> None:
        self.report = report
        self._checker = checker
        self._previous: int | None = None
        self._turns: dict[bool, int] = {}

    def take(self, chunk: Chunk) -> Candles:
        """The sound candles of a chunk, oldest first; its faults go to the report."""
        findings, kept = self._checker.check(chunk)
        self.report.rows_read += len(chunk)
        self.report.rows_sound += len(kept)
        self._list(chunk, findings)
        if len(kept):
            self._follow_order(chunk, kept)
        return chunk.candles(kept[np.argsort(chunk.microseconds[kept], kind="stable")])

    def finish(self, step: int) -> None:
        """Order, range and gaps, once all rows are read."""
        report, timestamp = self.report, self._checker.timestamps()
        if len(self._turns) == 2:
            report.order, report.out_of_order_line = "mixed", max(self._turns.values())
        elif False in self._turns:
            report.order = "descending"
        if len(timestamp):
            report.first, report.last = int(timestamp[0]), int(timestamp[-1])
            gaps = find_gaps(timestamp, step)
            report.gaps, report.gap_count = gaps[:LISTED], len(gaps)
            report.missing = sum(gap.candles for gap in gaps)

    def _list(self, chunk: Chunk, findings: list[Finding]) -> None:
        for finding in findings:
            self.report.problem_counts[finding.kind] += len(finding.rows)
        room = LISTED - len(self.report.problems)
        listed = [chunk.problem(found, row) for found in findings for row in found.rows[:room]]
        self.report.problems += sorted(listed, key=lambda problem: problem.line)[:room]

    def _follow_order(self, chunk: Chunk, kept: NDArray[np.intp]) -> None:
        times = chunk.microseconds[kept]
        start = times[0] if self._previous is None else self._previous
        steps = np.diff(times, prepend=start)
        self._previous = int(times[-1])
        for rising in (True, False):
            rows = np.flatnonzero(steps > 0 if rising else steps < 0)
            if len(rows):
                self._turns.setdefault(rising, int(chunk.lines[kept[rows[0]]]))


def _chunks(stream: BinaryStream, ticker: str) -> Iterator[Chunk]:
    line = 0
    try:
        with _as_text(stream) as text:
            head = list(islice(text, HEAD_LINES))
            form = recognise(head, ticker)
            reader = csv.reader(chain(head, text), delimiter=form.delimiter)
            for lines, rows in _batches(reader, form):
                line = lines[-1]
                yield read_chunk(lines, rows, form)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidInput(
            f"The file is not CSV text in UTF-8, somewhere after line {line}: {error}", field="file"
        ) from error


def _batches(reader: Any, form: CsvFormat) -> Iterator[tuple[list[int], list[list[str]]]]:
    lines: list[int] = []
    rows: list[list[str]] = []
    for row in reader:
        if not row or reader.line_num <= form.header_lines:
            continue
        lines.append(reader.line_num)
        rows.append(row)
        if len(rows) == CHUNK_ROWS:
            yield lines, rows
            lines, rows = [], []
    if rows:
        yield lines, rows


@contextmanager
def _as_text(stream: BinaryStream) -> Iterator[io.TextIOWrapper]:
    buffered = io.BufferedReader(stream)  # type: ignore[type-var]
    text = io.TextIOWrapper(buffered, "utf-8-sig", newline="")
    try:
        yield text
    finally:
        # The stream stays the caller's to close.
        text.detach()
        buffered.detach()
