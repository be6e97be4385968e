"""Processes alive at a time have different names; the number of names does not grow with restarts."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from pathlib import Path

from server.observability.process_slots import ProcessSlots


def in_child(work: Callable[[], None]) -> None:
    """Run ``work`` in a forked child and wait for its end."""
    child = start_child(work)
    child.join()
    assert child.exitcode == 0


def start_child(work: Callable[[], None]) -> multiprocessing.process.BaseProcess:
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    return child


def claim(slots: ProcessSlots, found: Path) -> None:
    with found.open("a") as file:
        file.write(slots.current() + "\n")


def test_a_process_keeps_its_name(tmp_path: Path) -> None:
    slots = ProcessSlots(str(tmp_path))
    assert slots.current() == slots.current() == "slot-0"


def test_successive_children_share_one_name(tmp_path: Path) -> None:
    slots, found = ProcessSlots(str(tmp_path / "metrics")), tmp_path / "found"
    assert slots.current() == "slot-0"
    for _ in range(4):
        in_child(lambda: claim(slots, found))
    assert found.read_text().split() == ["slot-1"] * 4
    assert slots.current() == "slot-0"


def test_processes_alive_at_a_time_have_different_names(tmp_path: Path) -> None:
    slots, found = ProcessSlots(str(tmp_path / "metrics")), tmp_path / "found"
    slots.current()
    context = multiprocessing.get_context("fork")
    everyone_claimed = context.Barrier(4)

    def live() -> None:
        claim(slots, found)
        everyone_claimed.wait(20)

    children = [start_child(live) for _ in range(3)]
    everyone_claimed.wait(20)
    for child in children:
        child.join()
    assert sorted(found.read_text().split()) == ["slot-1", "slot-2", "slot-3"]


def test_a_new_owner_of_a_slot_drops_the_gauges_and_keeps_the_counters(tmp_path: Path) -> None:
    for name in ("gauge_sum_slot-0.db", "counter_slot-0.db", "gauge_sum_slot-1.db"):
        (tmp_path / name).touch()
    ProcessSlots(str(tmp_path)).current()
    assert {file.name for file in tmp_path.glob("*.db")} == {"counter_slot-0.db", "gauge_sum_slot-1.db"}


def test_gauges_of_the_dead_are_dropped_and_those_of_the_living_kept(tmp_path: Path) -> None:
    living, observer = ProcessSlots(str(tmp_path)), ProcessSlots(str(tmp_path))
    assert (living.current(), observer.current()) == ("slot-0", "slot-1")
    (tmp_path / "slot-2.lock").touch()
    for number in range(3):
        (tmp_path / f"gauge_sum_slot-{number}.db").touch()
        (tmp_path / f"counter_slot-{number}.db").touch()
    observer.drop_gauges_of_the_dead()
    assert {file.name for file in tmp_path.glob("gauge*.db")} == {
        "gauge_sum_slot-0.db",
        "gauge_sum_slot-1.db",
    }
    assert len(list(tmp_path.glob("counter*.db"))) == 3
