"""Keys that come twice: found wherever they are, in whatever form; and nothing else is taken for one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol, runtime_checkable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime import BadArguments
from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.envelope import CAST, Event, Request
from rpcgen.runtime.core.hearing import EVENTS
from rpcgen.runtime.core.keys import LONGEST, twice
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.descriptor import Opaque


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    word: str = ""


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    inner: Inner = Inner()
    anything: Any = None
    by_number: dict[int, str] = {}


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text()
)
PLAIN = st.recursive(
    SCALARS | st.binary(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text() | st.integers(0, 9), inside),
    max_leaves=30,
)
IN_JSON = st.recursive(
    SCALARS, lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside), max_leaves=30
)


@given(PLAIN)
def test_no_value_is_refused_over_messagepack(value: Any) -> None:
    """Whatever was encoded has each key once."""
    assert twice(MSGPACK.encode(value), MSGPACK) is None


@given(IN_JSON)
def test_no_value_is_refused_over_json(value: Any) -> None:
    """The same, with the spaces that another library writes."""
    assert twice(json.dumps(value).encode(), JSON) is None


def maps_in(value: Any) -> int:
    """How many maps have a key."""
    if isinstance(value, list):
        return sum(map(maps_in, value))
    return bool(value) + sum(map(maps_in, value.values())) if isinstance(value, dict) else 0


def written(value: Any, doubled: int, numbers: Iterator[int], *, is_json: bool) -> bytes:
    """A value in long forms; the last key of the so many-th map that has one is there twice, with other values."""
    if isinstance(value, list):
        items = [written(each, doubled, numbers, is_json=is_json) for each in value]
        if is_json:
            return b"[ " + b" , ".join(items) + b" ]"
        return b"\xdd" + len(items).to_bytes(4, "big") + b"".join(items)
    if not isinstance(value, dict):
        return json.dumps(value).encode() if is_json else MSGPACK.encode(value)
    pairs = list(value.items())
    if pairs and next(numbers) == doubled:
        pairs.append((pairs[-1][0], 5))
    told = [
        (
            written(key, doubled, numbers, is_json=is_json),
            written(each, doubled, numbers, is_json=is_json),
        )
        for key, each in pairs
    ]
    if is_json:
        return b"{ " + b" , ".join(b" : ".join(each) for each in told) + b" }"
    return b"\xdf" + len(told).to_bytes(4, "big") + b"".join(map(b"".join, told))


@given(PLAIN, st.data())
def test_each_key_that_comes_twice_is_found_in_messagepack(value: Any, data: st.DataObject) -> None:
    """And of no other value it is said."""
    assert twice(written(value, -1, count(), is_json=False), MSGPACK) is None
    if maps := maps_in(value):
        doubled = data.draw(st.integers(0, maps - 1))
        assert twice(written(value, doubled, count(), is_json=False), MSGPACK) is not None


@given(IN_JSON, st.data())
def test_each_key_that_comes_twice_is_found_in_json(value: Any, data: st.DataObject) -> None:
    """And of no other value it is said."""
    assert twice(written(value, -1, count(), is_json=True), JSON) is None
    if maps := maps_in(value):
        doubled = data.draw(st.integers(0, maps - 1))
        assert twice(written(value, doubled, count(), is_json=True), JSON) is not None


def nested(value: Any, keys: tuple[str, str]) -> Any:
    """A value some way down, beside others of all lengths; one of the keys is to become the other."""
    others = [-1, 2**40, 0.5, "x" * 40, "x" * 300, b"y" * 300, msgspec.msgpack.Ext(3, b"zz"), True]
    return {"a": [others, {"b": dict.fromkeys(keys, value)}], "c": [[]] * 20 + [{}] * 20}


@pytest.mark.parametrize("value", [1, "text", [1, 2], {"k": 1}, None])
def test_a_key_is_found_anywhere(value: Any) -> None:
    """The path says where."""
    once = MSGPACK.encode(nested(value, ("key0", "key1")))
    assert twice(once, MSGPACK) is None
    assert twice(once.replace(b"key1", b"key0"), MSGPACK) == ("a", 1, "b", "key0")


def test_a_key_is_found_in_json() -> None:
    """Also where one of the two is written with an escape."""
    assert twice(rb'{"a": [0, {"b": 1, "\u0062": 2}]}', JSON) == ("a", 1, "b")


def test_keys_that_are_no_text_are_told_apart() -> None:
    """Lists of numbers as keys: nobody asks for them, and bytes may say so."""
    assert twice(b"\x82\x91\x01\xc0\x91\x02\xc0", MSGPACK) is None
    assert twice(b"\x82\x91\x01\xc0\x91\x01\xc0", MSGPACK) == ("(1,)",)


@pytest.mark.parametrize("strict", [True, False], ids=["requests", "answers"])
@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b'{"inner":{},"inner":{}}', "inner"),
        (b'{"inner":{"word":"a","word":"b"}}', "inner.word"),
        (b'{"inner":{"word":"a","word":"a"}}', "inner.word"),
        (b'{"anything":[{"k":1,"k":1}]}', "anything[0].k"),
    ],
)
def test_readers_refuse_it(data: bytes, path: str, *, strict: bool) -> None:
    """What the type knows and what it does not; whether the values differ or not."""
    with pytest.raises(BadArguments, match="twice") as caught:
        Reader(Outer, strict=strict).read(data, JSON)
    assert caught.value.path == path


def test_readers_take_other_forms() -> None:
    """Another order, what has a default, and spaces are no second key."""
    reader = Reader(Outer, strict=True)
    assert reader.read(b'{ "anything": 1, "inner": {} }', JSON) == Outer(anything=1)
    assert reader.read(b"\xde\x00\x01\xd9\x08anything\xd1\x00\x01", MSGPACK) == Outer(anything=1)


def test_what_is_too_long_is_not_looked_through() -> None:
    """It is read if it is in the shortest forms, in whatever order and with whatever left out."""
    reader, long = Reader(Outer, strict=True), ["x"] * LONGEST
    shortest = MSGPACK.encode({"anything": long, "inner": {}})
    assert len(shortest) > LONGEST
    assert reader.read(shortest, MSGPACK).anything == long
    with pytest.raises(Undecodable, match="1 MiB"):
        reader.read(shortest.replace(b"\xa8anything", b"\xd9\x08anything"), MSGPACK)


#: Levels that the libraries read, and of which a function that calls itself would need more than Python allows.
DEEP = 700


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b"\x81\xa8anything" + b"\x91" * DEEP + b"\xd0\x01", MSGPACK),
        (b'{"anything": ' + b"[" * DEEP + b"]" * DEEP + b"}", JSON),
    ],
    ids=["msgpack", "json"],
)
def test_what_can_be_read_is_not_too_deep(data: bytes, codec: Codec) -> None:
    """Longer forms than are needed take no depth away."""
    assert Reader(Outer, strict=True).read(data, codec).anything is not None


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b"\x81\xa1a" + b"\x91" * DEEP + b"\x82\xa1k\x01\xa1k\x01", MSGPACK),
        (b'{"a":' + b"[" * DEEP + b'{"k":1,"k":1}' + b"]" * DEEP + b"}", JSON),
    ],
    ids=["msgpack", "json"],
)
def test_a_key_is_found_however_deep(data: bytes, codec: Codec) -> None:
    """With the whole way to it."""
    assert twice(data, codec) == ("a", *[0] * DEEP, "k")


@pytest.mark.parametrize("strict", [True, False], ids=["requests", "answers"])
@pytest.mark.parametrize(
    ("other", "why"),
    [("-0", "twice"), *((text, "an int as key") for text in ("01", "+1", "1_0", " 10", "\u0661"))],
)
def test_two_texts_are_no_two_keys_of_one_number(other: str, why: str, *, strict: bool) -> None:
    """The keys of a map with int keys, in JSON: what is a key is for the type to say."""
    once = str(int(other))
    texts = json.dumps({"by_number": {once: "a", other: "b"}, "anything": {once: 1, other: 2}})
    with pytest.raises(BadArguments, match=why):
        Reader(Outer, strict=strict).read(texts.encode(), JSON)
    fine = texts.replace(json.dumps(other), '"7"', 1).encode()
    assert Reader(Outer, strict=strict).read(fine, JSON).by_number == {int(once): "a", 7: "b"}


@runtime_checkable
class Parcel(Protocol):
    """As an opaque type is generated."""


@dataclass
class Huge:
    """An object of a program, which the libraries know how to encode, and cannot."""

    number: int


class HugeCodec:
    type = Huge

    def encode(self, value: Huge) -> tuple[str, Any]:
        return "1.0", str(value.number)

    def decode(self, version: str, data: Any) -> Huge:
        return Huge(int(data))


@pytest.mark.parametrize("codec", [MSGPACK, JSON], ids=["msgpack", "json"])
def test_what_a_codec_of_the_program_makes_is_not_encoded(codec: Codec) -> None:
    """It need not be able to travel as it is; a key in it may not come twice all the same."""
    decode = OpaqueCodecs({Parcel: HugeCodec()}).decode
    reader = Reader(Parcel, decode, strict=True)
    data = codec.encode(Opaque(name="Parcel", version="1.0", data=str(2**70)))
    for _ in range(2):
        assert reader.read(data, codec) == Huge(2**70)
    doubled = {
        MSGPACK: b"\x84" + data[1:] + b"\xa4name\xa6Parcel",
        JSON: data[:-1] + b',"name":"Parcel"}',
    }
    with pytest.raises(BadArguments, match="name' comes twice"):
        reader.read(doubled[codec], codec)


#: Of a map, with one key and with the same key twice; both in a longer form than is needed.
ONCE, TWICE = b"\xde\x00\x01\xa1k\x01", b"\xde\x00\x02\xa1k\x01\xa1k\x01"


def frame(body: bytes, context: bytes, *, event: bool, more: bytes = b"") -> bytes:
    """A request, or an event, and what a newer writer says behind it."""
    kind = Event if event else Request
    told = kind(b"i" * 16, CAST, None, "run", 1, 0, 0, None, msgspec.Raw(b"\xc0"))
    elements = [
        bytes(each) for each in msgspec.msgpack.decode(MSGPACK.encode(told), type=list[msgspec.Raw])
    ]
    elements[9], elements[15] = body, context
    length = len(elements) + bool(more)
    return b"\xdc" + length.to_bytes(2, "big") + b"".join(elements) + more


READ = pytest.mark.parametrize(
    ("read", "event"), [(NATIVE.read_request, False), (EVENTS.read_request, True)]
)


@READ
@pytest.mark.parametrize("body", [b"\xc0", ONCE, TWICE, b"\x81\x80\xc0"])
def test_no_body_hides_a_context(body: bytes, read: Any, *, event: bool) -> None:
    """What is wrong with it is for the reader of the body to say; a context with a key twice is refused beside it."""
    assert read(frame(body, ONCE, event=event)).context == {"k": 1}
    with pytest.raises(Undecodable, match="context"):
        read(frame(body, TWICE, event=event))


@READ
@pytest.mark.parametrize("more", [TWICE, b"\x81\x80\xc0"])
def test_what_nobody_knows_is_passed_over(more: bytes, read: Any, *, event: bool) -> None:
    """Elements that a later version adds are not looked at, whatever they hold."""
    assert read(frame(b"\xc0", ONCE, event=event, more=more)).context == {"k": 1}
