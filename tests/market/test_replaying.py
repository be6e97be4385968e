"""Candles of a file or of the store, played as if they arrived now."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask import Flask
from redis import Redis

from server import adapters
from server.errors import Conflict
from server.market import store
from server.market.arrivals import candles_stored
from server.market.csv_import import UnsoundFile, read_csv
from server.market.replaying import replay
from server.market.streaming.leases import PREFIX, StreamLeases
from server.realtime.rooms import MARKET_UPDATE, market_room
from tests.candles import sample_candles

PAIR = ("BTC-USD", "1h")
AT_ONCE = 1e9

pytestmark = pytest.mark.usefixtures("database")


class Room:
    """Remembers what was sent to the room of the series."""

    def __init__(self) -> None:
        self.updates: list[Mapping[str, Any]] = []

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        assert (room, event) == (market_room(*PAIR), MARKET_UPDATE)
        self.updates.append(payload)


@contextmanager
def arrivals() -> Iterator[list[Any]]:
    told: list[Any] = []

    def note(_: object, **arrived: Any) -> None:
        told.append(arrived)

    with candles_stored.connected_to(note):
        yield told


def play(
    room: Room, rows: int, stored_as: str | None, speed: float = AT_ONCE, lease_seconds: float = 30.0
) -> list[int]:
    """The opens of the candles that ended, as they were told."""
    ended: list[int] = []
    replay(
        PAIR,
        sample_candles()[:rows],
        speed,
        dataclasses.replace(adapters.settings(), stream_lease_seconds=lease_seconds),
        room,
        lambda row: ended.append(row[0]),
        stored_as=stored_as,
    )
    return ended


def test_candles_of_a_file_are_shown_and_stored_one_by_one_as_they_end() -> None:
    room = Room()
    with arrivals() as told:
        ended = play(room, 5, "replay of a file")
    assert ended == sample_candles().timestamp[:5].tolist()
    assert len(told) == 5, "each is an arrival of its own, as live ones are"
    stored = store.load_candles(*PAIR)
    for name in stored.__slots__:
        np.testing.assert_array_equal(getattr(stored, name), getattr(sample_candles(), name)[:5])
    assert [series.sources for series in store.list_series()] == [("replay of a file",)]
    closed = [update["candle"]["close"] for update in room.updates if update["closed"]]
    assert closed == sample_candles().close[:5].tolist()
    numbers = [update["seq"] for update in room.updates]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_what_is_stored_already_is_only_shown() -> None:
    store.upsert(*PAIR, "sample", sample_candles()[:5])
    before, room = store.series_version(*PAIR), Room()
    with arrivals() as told:
        play(room, 5, None)
    assert (told, store.series_version(*PAIR)) == ([], before)
    assert sum(update["closed"] for update in room.updates) == 5


def test_a_ticker_that_is_streamed_live_is_not_played_over() -> None:
    room = Room()
    with closing(StreamLeases(adapters.settings().redis_database(1), 30.0)) as live:
        live.hold({PAIR[0]})
        try:
            with pytest.raises(Conflict, match="streamed live by another process"):
                play(room, 5, "replay of a file")
        finally:
            live.release({PAIR[0]})
    assert room.updates == []
    assert not store.has_series(*PAIR)
    assert len(play(room, 5, None)) == 5, "a replay lets go of its lease when it is over"
    play(room, 5, None)


class Thief(Room):
    """Takes the lease from the replay as soon as that shows something."""

    def publish(self, room: str, event: str, payload: Mapping[str, Any]) -> None:
        super().publish(room, event, payload)
        with Redis.from_url(adapters.settings().redis_database(1)) as redis:
            redis.set(f"{PREFIX}:{PAIR[0]}", "another process", px=2000)


def test_a_replay_that_lost_its_lease_ends_and_leaves_it_to_its_new_owner() -> None:
    with Redis.from_url(adapters.settings().redis_database(1)) as redis:
        with pytest.raises(Conflict, match="streamed live by another process"):
            # An hour in a tenth of a second, for ten seconds.
            play(Thief(), 100, None, speed=36_000.0, lease_seconds=0.4)
        assert redis.get(f"{PREFIX}:{PAIR[0]}") == b"another process"
        redis.delete(f"{PREFIX}:{PAIR[0]}")


def write_csv(file: Path, rows: int, bad: str = "") -> Path:
    candles = sample_candles()[:rows]
    columns = zip(*(getattr(candles, name).tolist() for name in candles.__slots__), strict=True)
    lines = [",".join(map(str, row)) for row in columns]
    file.write_text("\n".join(["timestamp,open,high,low,close,volume", *reversed(lines), bad, ""]))
    return file


def test_a_file_is_read_oldest_first_and_with_a_fault_not_at_all(tmp_path: Path) -> None:
    with write_csv(tmp_path / "good.csv", 40).open("rb") as stream:
        candles = read_csv(stream, *PAIR, "good.csv", now=2e9)
    np.testing.assert_array_equal(candles.timestamp, sample_candles().timestamp[:40])
    np.testing.assert_array_equal(candles.close, sample_candles().close[:40])
    with (
        write_csv(tmp_path / "bad.csv", 40, "1506816000,1,0.5,2,1,1").open("rb") as stream,
        pytest.raises(UnsoundFile),
    ):
        read_csv(stream, *PAIR, "bad.csv", now=2e9)


def test_the_command_plays_a_file_and_says_what_it_did(app: Flask, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "btc.csv", 12)
    options = ["--file", str(file), "--last", "4", "--speed", "1e9"]
    ran = app.test_cli_runner().invoke(args=["market", "replay", "BTC-USD", *options])
    assert ran.exit_code == 0, ran.output
    assert "Played 4 candles of BTC-USD 1h, stored as replay of btc.csv." in " ".join(ran.output.split())
    assert store.load_candles(*PAIR).timestamp.tolist() == sample_candles().timestamp[8:12].tolist()
    unknown = app.test_cli_runner().invoke(args=["market", "replay", "XRP-USD"])
    assert unknown.exit_code == 1
    assert "XRP-USD" in unknown.output
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(b"this is not packed")
    refused = app.test_cli_runner().invoke(args=["market", "replay", "BTC-USD", "--file", str(broken)])
    assert refused.exit_code == 1
    assert "is no whole gzip file" in " ".join(refused.output.split())
