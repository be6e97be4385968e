"""Writing to many clients: whole frames in order, and nobody waits for a client that does not read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import gevent
import gevent.socket
import pytest
from engineio.packet import MESSAGE, Packet
from gevent.queue import Empty
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameProtocol

from server.realtime import fan_out
from server.realtime.fan_out import LARGEST_ANSWER, LONGEST_BACKLOG, Outbox, Wire, frame_of

Ends = tuple[Wire, gevent.socket.socket]


class FakeWebSocket:
    """A client's end of the line whose wire is real."""

    is_ready = True

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def give_up(self) -> None:
        self.wire.cut()


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A wire with small kernel buffers, and the client's end of it."""
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    server, client = gevent.socket.socket(fileno=ours.detach()), gevent.socket.socket(fileno=theirs.detach())
    client.settimeout(10)
    yield Wire(server), client
    server.close()
    client.close()


def read(client: gevent.socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        part = client.recv(count - len(found))
        assert part, "the connection ended"
        found += part
    return found


@given(
    st.one_of(st.text(max_size=300), st.binary(max_size=300), st.integers(60_000, 70_000).map("x".__mul__))
)
def test_a_frame_is_read_back_as_its_message(message: str | bytes) -> None:
    reader = FrameProtocol(client=True, extensions=[])
    reader.receive_bytes(frame_of(message))
    frames = list(reader.received_frames())
    joined = ("" if isinstance(message, str) else b"").join(frame.payload for frame in frames)
    assert joined == message
    assert frames[-1].message_finished


def test_the_frame_of_a_message_is_built_once_for_a_whole_room() -> None:
    packet = Packet(MESSAGE, "2" + "x" * 100)
    assert frame_of(packet.encode()) is frame_of(packet.encode())


def test_what_the_kernel_does_not_take_is_sent_before_anything_else(ends: Ends) -> None:
    wire, client = ends
    large = bytes(range(256)) * 400
    assert not wire.write_now(large)
    reader = gevent.spawn(read, client, len(large) + 4)
    wire.send(b"pong")
    assert reader.get(timeout=10) == large + b"pong"
    assert wire.write_now(b"more")


def test_a_client_that_takes_everything_leaves_nothing_in_its_queue(ends: Ends) -> None:
    outbox = Outbox()
    outbox.websocket = FakeWebSocket(ends[0])  # type: ignore[assignment]
    outbox.put(Packet(MESSAGE, "hello"))
    assert outbox.empty()
    assert read(ends[1], 8) == b"\x81\x064hello"


def test_messages_to_a_slow_client_arrive_whole_and_in_order(ends: Ends) -> None:
    wire, client = ends
    outbox = Outbox()
    outbox.websocket = FakeWebSocket(wire)  # type: ignore[assignment]
    texts = [f"{number:06}" + "x" * 3000 for number in range(200)]

    def empty_the_queue() -> None:
        while (packet := outbox.get()) is not None:
            wire.send(frame_of(packet.encode()))

    writer = gevent.spawn(empty_the_queue)
    for text in texts[:100]:
        outbox.put(Packet(MESSAGE, text))
    received = ""

    def read_slowly() -> None:
        nonlocal received
        reader = FrameProtocol(client=True, extensions=[])
        while texts[-1] not in received:
            reader.receive_bytes(client.recv(2000))
            for frame in reader.received_frames():
                received += str(frame.payload) + "\n" * frame.message_finished
            gevent.sleep(0)

    slow = gevent.spawn(read_slowly)
    for text in texts[100:]:
        outbox.put(Packet(MESSAGE, text))
        gevent.sleep(0)
    slow.get(timeout=20)
    outbox.put(None)
    writer.get(timeout=10)
    assert [text[1:] for text in received.split() if text != "6"] == texts


def test_a_client_that_does_not_read_is_cut_off_when_its_queue_is_full(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fan_out, "LONGEST_BACKLOG", 10)
    wire, client = ends
    outbox = Outbox()
    outbox.websocket = FakeWebSocket(wire)  # type: ignore[assignment]
    for _ in range(100):
        outbox.put(Packet(MESSAGE, "x" * 10_000))
    assert wire.is_cut
    assert outbox.qsize() == 10
    with pytest.raises(AssertionError, match="the connection ended"):
        read(client, 10**9)


def test_writing_to_a_client_that_is_gone_raises_nothing(ends: Ends) -> None:
    wire, client = ends
    client.close()
    for _ in range(3):
        assert wire.write_now(b"hello")
    with pytest.raises(OSError, match=r"pipe|reset"):
        wire.send(b"hello")


def test_nothing_is_written_below_the_encryption_of_a_connection() -> None:
    ours, theirs = socket.socketpair()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    outbox = Outbox()
    with theirs, context.wrap_socket(ours, server_side=True, do_handshake_on_connect=False) as encrypted:
        outbox.websocket = FakeWebSocket(Wire(encrypted))  # type: ignore[assignment]
        outbox.put(Packet(MESSAGE, "hello"))
        theirs.setblocking(False)
        with pytest.raises(BlockingIOError):
            theirs.recv(1)
    assert outbox.get().encode() == "4hello"


def test_a_queue_before_the_upgrade_keeps_everything() -> None:
    outbox = Outbox()
    for number in range(LONGEST_BACKLOG + 10):
        outbox.put(Packet(MESSAGE, str(number)))
    assert outbox.qsize() == LONGEST_BACKLOG + 10


def test_an_answer_to_a_polling_client_holds_no_more_than_the_strictest_client_takes() -> None:
    outbox = Outbox()
    for number in range(LARGEST_ANSWER + 3):
        outbox.put(Packet(MESSAGE, str(number)))

    def answer() -> list[Packet | None]:
        packets = [outbox.get(timeout=1)]
        try:
            while True:
                packets.append(outbox.get(block=False))
        except Empty:
            return packets

    assert [len(answer()), len(answer())] == [LARGEST_ANSWER, 3]
