from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import Conflict
from server.training.events import ACTIVE, ENDED, STAGES, TYPES, NewEvent, percentage_of
from server.training.transitions import State, apply, lost_worker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def event(kind: str, epoch: int = 1, stage: str = "training") -> NewEvent:
    data = {
        "stage": {"stage": stage},
        "epoch": {"epoch": epoch, "eta_seconds": 2.0},
        "requeued": {"reason": "worker_lost"},
    }
    return NewEvent(kind, data.get(kind, {}))


histories = st.lists(
    st.builds(event, st.sampled_from(TYPES), st.integers(1, 10), st.sampled_from(STAGES)), max_size=40
)


@given(histories)
def test_an_ended_session_never_changes_again(history: list[NewEvent]) -> None:
    state = State(total_epochs=10)
    for step, happened in enumerate(history):
        before = state
        try:
            state = apply(state, happened, NOW + timedelta(seconds=step))
        except Conflict:
            state = before
        if before.status in ENDED:
            assert state == before


def test_a_refused_event_says_which_status_refused_it() -> None:
    with pytest.raises(Conflict) as refusal:
        apply(State(), event("epoch"), NOW)
    assert refusal.value.details == {"status": "PENDING", "type": "epoch"}


@pytest.mark.parametrize("ending", ["completed", "failed", "cancelled"])
def test_completion_cannot_overwrite_any_end(ending: str) -> None:
    running = apply(State(total_epochs=3), event("started"), NOW)
    ended = apply(running, event(ending), NOW)
    with pytest.raises(Conflict):
        apply(ended, event("completed"), NOW)
    assert ended.finished_at == NOW
    assert ended.status in ENDED


def test_a_waiting_session_can_be_cancelled_and_can_fail_but_not_complete() -> None:
    waiting = State(total_epochs=3)
    assert apply(waiting, event("cancelled"), NOW).status == "CANCELLED"
    assert apply(waiting, event("failed"), NOW).status == "FAILED"
    with pytest.raises(Conflict):
        apply(waiting, event("completed"), NOW)


def test_a_resumed_run_keeps_its_epoch_and_its_progress_does_not_run_backwards() -> None:
    state = apply(State(total_epochs=10), event("started"), NOW)
    state = apply(state, event("epoch", epoch=6), NOW)
    reached = state.progress
    state = apply(state, event("requeued"), NOW)
    assert (state.status, state.epoch, state.crashes) == ("PENDING", 6, 1)
    state = apply(state, event("started"), NOW + timedelta(minutes=1))
    state = apply(state, event("stage", stage="data_fetching"), NOW)
    assert state.progress == reached
    assert state.attempt == 2
    assert state.started_at == NOW


def test_a_hand_back_counts_no_crash() -> None:
    running = apply(State(total_epochs=3), event("started"), NOW)
    state = apply(running, NewEvent("requeued", {"reason": "worker_shutdown"}), NOW)
    assert state.crashes == 0
    assert state.status in ACTIVE


def test_a_run_is_given_up_after_the_last_allowed_crash() -> None:
    assert lost_worker(State(crashes=0), max_attempts=3).type == "requeued"
    assert lost_worker(State(crashes=1), max_attempts=3).type == "requeued"
    given_up = lost_worker(State(crashes=2), max_attempts=3)
    assert given_up.type == "failed"
    assert given_up.data["error_code"] == "worker_lost"


@given(st.integers(1, 1000), st.data())
def test_progress_grows_with_every_epoch_and_stays_within_a_hundred(total: int, data: st.DataObject) -> None:
    epoch = data.draw(st.integers(1, total))
    before, after = (percentage_of("training", done, total) for done in (epoch - 1, epoch))
    assert 0 <= before <= after <= percentage_of("evaluating", epoch, total) < 100


def test_stages_lie_in_the_order_they_are_passed() -> None:
    percentages = [percentage_of(stage, 0, 10) for stage in STAGES]
    assert percentages == sorted(percentages)
