"""What a load run measured, as rows with their goals."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import quantiles

from benchmarks.load_clients import Report
from benchmarks.load_requests import Answered
from benchmarks.report import Row

DELAY_GOAL, REST_GOAL, CATCH_UP_GOAL, START_GOAL = 250.0, 100.0, 5.0, 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much of it. ``seconds``: of the phase in which nothing else happens."""

    clients: int = 3000
    rooms: int = 30
    rate: float = 5.0
    seconds: float = 30.0


@dataclass(slots=True)
class Measured:
    """One run. ``cpu`` in cores, ``memory`` in MiB: web processes and nginx, with nothing else going on."""

    start: float
    report: Report
    rest: dict[str, Answered]
    cpu: float = 0.0
    memory: float = 0.0
    restart: float = 0.0
    published: float = 0.0
    behind: float = 0.0


def rows_of(size: Size, measured: Measured) -> list[Row]:
    """The figures and their goals."""
    crowd = f"{size.clients:,} clients, {size.rooms} rooms at {size.rate:.0f}/s"
    return [
        goal_row(f"{crowd}: events lost", measured.report.lost, "events", 0),
        *delay_rows(measured),
        *rest_rows(measured),
        *restart_rows(measured),
        Row("two web processes and nginx, CPU", measured.cpu, "cores"),
        Row("two web processes and nginx, memory", measured.memory, "MiB"),
        goal_row("from nothing to healthy", measured.start, "s", START_GOAL),
    ]


def delay_rows(measured: Measured) -> list[Row]:
    """Delays with nothing else going on, and beside trainings."""
    rows = []
    for phase, name in (("steady", "delay"), ("training", "delay beside trainings")):
        count, p50, p99, longest = measured.report.phases[phase]
        goal = DELAY_GOAL if phase == "steady" else None
        note = f"{count:,} deliveries, the longest {longest:,.0f} ms"
        rows += [Row(f"{name}, p50", p50, "ms"), goal_row(f"{name}, p99", p99, "ms", goal, note)]
    return rows


def rest_rows(measured: Measured) -> list[Row]:
    """REST beside it, in each phase."""
    rows = []
    for phase, name in (
        ("steady", "REST"),
        ("training", "REST beside trainings"),
        ("restart", "REST during the restarts"),
    ):
        answered = measured.rest[phase]
        cuts = quantiles(answered.latencies, n=100, method="inclusive")
        goal = REST_GOAL if phase == "steady" else None
        rows += [
            Row(f"{name}, p50", cuts[49], "ms"),
            goal_row(f"{name}, p99", cuts[98], "ms", goal, f"{len(answered.latencies):,} answers"),
            goal_row(f"{name}, not answered with 200", len(answered.failures), "requests", 0,
                     "; ".join(sorted(set(answered.failures))[:3])),
        ]  # fmt: skip
    return rows


def restart_rows(measured: Measured) -> list[Row]:
    """What the clients saw of the rolling restart."""
    report = measured.report
    note = (
        f"{report.disconnects:,} connections lost, {report.refused:,} attempts refused, both processes "
        f"restarted in {measured.restart:.0f} s; {report.repeated:,} events came twice; "
        f"{measured.published:,.0f} were published, {measured.behind:.1f} s behind at the end; the clients "
        f"took {report.cpu_seconds:.0f} s of CPU"
    )
    slowest = max(report.catching_up, default=0.0)
    return [
        Row("reconnected to caught up, median", middle(report.catching_up), "s"),
        goal_row("reconnected to caught up, slowest client", slowest, "s", CATCH_UP_GOAL, note),
        Row("connection lost to caught up, slowest client", max(report.away, default=0.0), "s"),
    ]


def middle(values: list[float]) -> float:
    """The median, 0 of nothing."""
    return sorted(values)[len(values) // 2] if values else 0.0


def goal_row(name: str, value: float, unit: str, most: float | None, note: str = "") -> Row:
    """A figure that may be at most ``most``."""
    if most is None:
        return Row(name, value, unit, note=note)
    return Row(name, value, unit, goal=f"<= {most:g}" if most else "0", met=value <= most, note=note)
