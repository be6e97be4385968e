from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.realtime.stream import OrderedEvents


@given(st.integers(0, 5), st.data())
def test_every_event_comes_out_once_and_in_order_whatever_order_it_came_in(
    after: int, data: st.DataObject
) -> None:
    last = data.draw(st.integers(after, after + 12))
    needed = [{"seq": seq} for seq in range(after + 1, last + 1)]
    repeats = data.draw(st.lists(st.sampled_from(needed), max_size=10)) if needed else []
    old = [{"seq": seq} for seq in range(1, after + 1)]
    received = data.draw(st.permutations([*needed, *repeats, *old]))
    events = OrderedEvents(after)
    delivered = [event["seq"] for message in received for event in events.add(message)]
    assert delivered == [event["seq"] for event in needed]
    assert events.last_seq == last
    assert not events.has_hole


def test_a_missing_event_is_noticed_and_holds_back_what_follows() -> None:
    events = OrderedEvents()
    assert [event["seq"] for event in events.add({"seq": 1})] == [1]
    assert list(events.add({"seq": 3})) == []
    assert events.has_hole
    assert [event["seq"] for event in events.add({"seq": 2})] == [2, 3]
    assert not events.has_hole
