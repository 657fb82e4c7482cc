"""Messages as frames, written and read without the library: it says the same, and what makes no sense costs no more."""

from __future__ import annotations

from struct import pack
from types import SimpleNamespace
from typing import Any

import amqp as _amqp
import pytest
from amqp import serialization, spec
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime.drivers.amqp.inbound import Content, Reader
from rpcgen.runtime.drivers.amqp.line import BODY, HEADER, HEARTBEAT, METHOD, Frame
from rpcgen.runtime.drivers.amqp.message import Message, Properties
from rpcgen.runtime.drivers.amqp.outbound import acknowledgement, frames, mark

amqp: Any = _amqp
library: Any = serialization

FRAME_MAX = 4096

short = st.none() | st.text(max_size=60)
properties = st.builds(
    Properties,
    content_type=short,
    content_encoding=short,
    type=short,
    message_id=short,
    correlation_id=short,
    reply_to=short,
    expiration=short,
    app_id=short,
    delivery_mode=st.sampled_from([1, 2]),
    priority=st.none() | st.integers(0, 255),
    headers=st.none()
    | st.dictionaries(st.text(max_size=20), st.integers() | st.text(), max_size=3)
    # The library writes what fits into 64 bits.
    .filter(lambda table: all(not isinstance(v, int) or abs(v) < 2**63 for v in table.values())),
)


class Sink:
    """Takes what a reader has read."""

    def __init__(self) -> None:
        self.channels: dict[int, object] = dict.fromkeys((1, 3))
        self.methods: list[tuple[int, tuple[int, int], Content | None]] = []
        self.messages: list[tuple[int, str, Message]] = []
        self.confirmations: list[tuple[int, int, bool]] = []
        self.marks: list[int] = []
        self.reader = Reader(self, self.on_inbound_method)

    def on_inbound_method(
        self, channel: int, method: tuple[int, int], payload: bytes, content: Content | None
    ) -> None:
        self.methods.append((channel, method, content))

    def delivered(self, channel: int, consumer: str, message: Message) -> None:
        self.messages.append((channel, consumer, message))

    def confirmed(self, channel: int, number: int, *, multiple: bool) -> None:
        self.confirmations.append((channel, number, multiple))

    def passed(self, channel: int) -> None:
        self.marks.append(channel)


def split(data: bytes) -> list[Frame]:
    """Frames, one after the other."""
    found: list[Frame] = []
    while data:
        kind, channel, size = data[0], int.from_bytes(data[1:3]), int.from_bytes(data[3:7])
        assert data[7 + size] == 0xCE
        assert size <= FRAME_MAX - 8
        found.append((kind, channel, data[7 : 7 + size]))
        data = data[8 + size :]
    return found


def named(said: Properties) -> dict[str, object]:
    """The properties that are there, as the library calls them."""
    known = {name: getattr(said, name) for name in said.__struct_fields__ if name != "headers"}
    known["application_headers"] = said.headers
    return {name: value for name, value in known.items() if value is not None}


def delivery(consumer: str, tag: int, *, redelivered: bool) -> bytes:
    arguments: bytes = library.dumps("sLbss", [consumer, tag, redelivered, "exchange", "key"])
    return pack(">HH", *spec.Basic.Deliver) + arguments


def header(said: Properties, size: int) -> bytes:
    """As the library writes it."""
    return pack(">HHQ", 60, 0, size) + amqp.Message("", **named(said))._serialize_properties()


@given(said=properties, body=st.binary(max_size=3 * FRAME_MAX), mandatory=st.booleans())
def test_the_library_reads_what_is_written(said: Properties, body: bytes, mandatory: bool) -> None:
    """Method, header and body, the last in as many frames as the broker wants."""
    written = frames(7, "exchange", "a key", body, said, mandatory=mandatory, frame_max=FRAME_MAX)
    (kind, channel, method), (second, _, head), *pieces = split(written)
    assert (kind, channel, second) == (METHOD, 7, HEADER)
    assert method[:4] == pack(">HH", *spec.Basic.Publish)
    arguments, _ = library.loads("Bssbb", method, 4)
    assert arguments == [0, "exchange", "a key", mandatory, False]
    message = amqp.Message()
    message.inbound_header(head)
    assert message.body_size == len(body)
    assert message.properties == named(said)
    assert [kind for kind, _, _ in pieces] == [BODY] * len(pieces)
    assert b"".join(piece for _, _, piece in pieces) == body


@given(number=st.integers(0, 2**64 - 1), multiple=st.booleans())
def test_the_library_reads_acknowledgements(number: int, multiple: bool) -> None:
    """Of one message, and of all up to it."""
    ((kind, channel, payload),) = split(acknowledgement(5, number, multiple=multiple))
    assert (kind, channel, payload[:4]) == (METHOD, 5, pack(">HH", *spec.Basic.Ack))
    arguments, end = library.loads("Lb", payload, 4)
    assert (arguments, end) == ([number, multiple], len(payload))


def test_the_library_reads_marks() -> None:
    """As the question whether messages flow."""
    ((kind, channel, payload),) = split(mark(5))
    assert (kind, channel, payload[:4]) == (METHOD, 5, pack(">HH", *spec.Channel.Flow))
    assert library.loads("b", payload, 4) == ([True], len(payload))


@given(said=properties, pieces=st.lists(st.binary(min_size=1, max_size=50), max_size=3))
def test_what_the_library_writes_is_read(said: Properties, pieces: list[bytes]) -> None:
    """A delivery, with its body in pieces and heartbeats between."""
    sink, body = Sink(), b"".join(pieces)
    sink.reader((METHOD, 3, delivery("me", 2**40, redelivered=True)))
    sink.reader((HEARTBEAT, 0, b""))
    sink.reader((HEADER, 3, header(said, len(body))))
    for piece in pieces:
        assert sink.messages == []
        sink.reader((BODY, 3, piece))
    ((channel, consumer, message),) = sink.messages
    assert (channel, consumer, message.tag, message.redelivered) == (3, "me", 2**40, True)
    assert message.body == body
    assert message.properties == named(said)


def test_confirmations_and_what_is_the_librarys_business() -> None:
    """An ack, and the answer to a mark, are read here, a return with its properties and all else goes to the library."""
    sink = Sink()
    sink.reader((METHOD, 1, pack(">HHQB", *spec.Basic.Ack, 9, 1)))
    assert sink.confirmations == [(1, 9, True)]
    sink.reader((METHOD, 3, pack(">HHB", *spec.Channel.FlowOk, 1)))
    assert sink.marks == [3]
    sink.reader((METHOD, 1, pack(">HH", *spec.Channel.OpenOk)))
    sink.reader((METHOD, 1, pack(">HH", *spec.Basic.Return)))
    sink.reader((HEADER, 1, header(Properties(message_id="x.1"), 0)))
    assert [(channel, method) for channel, method, _ in sink.methods] == [
        (1, spec.Channel.OpenOk),
        (1, spec.Basic.Return),
    ]
    content = sink.methods[1][2]
    assert content is not None
    assert content.properties == {"message_id": "x.1", "delivery_mode": 1}


def test_what_was_on_its_way_to_a_closed_channel_is_passed_over() -> None:
    """Also the rest of a message that had begun; the next channel of that number starts anew."""
    sink = Sink()
    sink.reader((METHOD, 1, delivery("me", 1, redelivered=False)))
    del sink.channels[1]
    sink.reader((HEADER, 1, header(Properties(), 1)))
    sink.reader((BODY, 1, b"x"))
    sink.channels[1] = None
    sink.reader((METHOD, 1, delivery("me", 2, redelivered=False)))
    sink.reader((HEADER, 1, header(Properties(), 0)))
    assert [message.tag for _, _, message in sink.messages] == [2]


def test_of_what_is_too_large_nothing_is_kept() -> None:
    """It arrives without its properties, so that nobody takes it for ours; what just fits does."""
    sink = Sink()
    sink.channels[1] = SimpleNamespace(most=4)
    for body in (b"12345", b"1234"):
        sink.reader((METHOD, 1, delivery("me", 1, redelivered=False)))
        sink.reader((HEADER, 1, header(Properties(), len(body))))
        sink.reader((BODY, 1, body))
    assert [message.body for _, _, message in sink.messages] == [b"", b"1234"]
    assert sink.messages[0][2].properties == {}


@pytest.mark.parametrize(
    "head",
    [
        pack(">HHQH", 60, 0, 0, 0x8000) + b"\xff",  # a text that is cut off
        pack(">HHQH", 60, 0, 0, 0x8000) + b"\x02\xff\xfe",  # no text
        pack(">HHQH", 60, 0, 0, 0x2000) + b"\x00\x00\x00\x05\x01a",  # a table that is cut off
        pack(">HHQH", 60, 0, 0, 0x1000),  # a number that is missing
    ],
    ids=["cut", "no text", "table", "number"],
)
def test_properties_that_cannot_be_read_are_none(head: bytes) -> None:
    """The message arrives, as one that is not ours; the connection goes on."""
    sink = Sink()
    sink.reader((METHOD, 1, delivery("me", 1, redelivered=False)))
    sink.reader((HEADER, 1, head))
    ((_, _, message),) = sink.messages
    assert message.properties == {}


@pytest.mark.parametrize(
    "given_frames",
    [
        [(METHOD, 1, b"\x00")],
        [(HEADER, 1, pack(">HHQH", 60, 0, 0, 0))],
        [(METHOD, 1, delivery("me", 1, redelivered=False)), (BODY, 1, b"x")],
        [(METHOD, 1, delivery("me", 1, redelivered=False)), (HEADER, 1, b"x")],
        [
            (METHOD, 1, delivery("me", 1, redelivered=False)[:8]),
            (HEADER, 1, pack(">HHQH", 60, 0, 0, 0)),
        ],
    ],
    ids=["short", "no method", "no header", "short header", "short method"],
)
def test_frames_that_make_no_sense_end_the_connection(given_frames: list[Frame]) -> None:
    """By an error that the link knows; nothing is delivered."""
    sink = Sink()
    for frame in given_frames[:-1]:
        sink.reader(frame)
    with pytest.raises(OSError, match="the broker sent"):
        sink.reader(given_frames[-1])
    assert sink.messages == []
