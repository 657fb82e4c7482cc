"""Keys that hash alike: what would take long is refused at once wherever a stranger may put it, and nothing else is."""

from __future__ import annotations

import time
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Protocol, runtime_checkable

import msgspec
import pytest
from rpcgen.runtime import BadArguments
from rpcgen.runtime.core.alike import FEW, MOST
from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.envelope import CAST, Event, Request
from rpcgen.runtime.core.hearing import EVENTS
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import LIGHT, Reader
from rpcgen.runtime.core.wires.native import NATIVE

from tests import alike

#: Seconds of CPU that a message may take here, of one that a stranger may take (R4).
SOON = 0.5


class Typed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    word: str = ""


class Tolerant(msgspec.Struct, frozen=True, kw_only=True):
    word: str = ""


class Anything(msgspec.Struct, frozen=True, kw_only=True):
    data: Any = None


class Numbered(msgspec.Struct, frozen=True, kw_only=True):
    data: dict[int, str | None] = {}
    texts: dict[str, str] = {}


class Distinct(msgspec.Struct, frozen=True, kw_only=True):
    ids: Annotated[list[uuid.UUID], msgspec.Meta(extra={"unique": True})] = []
    rows: Annotated[list[dict[int, int]], msgspec.Meta(extra={"unique": True})] = []


@runtime_checkable
class Parcel(Protocol):
    """As an opaque type is generated."""


@contextmanager
def soon() -> Iterator[None]:
    """No more CPU than this may be taken."""
    began = time.thread_time()
    yield
    took = time.thread_time() - began
    assert took < SOON, f"{took:.3f} s"


#: Each takes seconds to be read as it is.
HARM = {
    "arrays": alike.arrays(24_000),
    "numbers": alike.map_of(alike.numbers(150_000)),
    "numbers in many maps": b"\xdc\x00\x64" + alike.map_of(alike.numbers(MOST)) * 100,
    "numbers beside text": b"\xdf\x00\x02\x49\xf1\xa1a\xc0"
    + alike.map_of(alike.numbers(150_000))[5:],
}

READERS: dict[str, tuple[Callable[[], Reader], bytes]] = {
    "anything": (lambda: Reader(Anything, strict=True), b"\x81\xa4data"),
    "anything in an answer": (lambda: Reader(Anything, strict=False), b"\x81\xa4data"),
    "an unknown argument": (lambda: Reader(Typed, strict=True), b"\x81\xa4data"),
    "an unknown field of an answer": (lambda: Reader(Tolerant, strict=False), b"\x81\xa4data"),
    "an argument of another type": (lambda: Reader(Typed, strict=True), b"\x81\xa4word"),
    "behind a bound": (lambda: Reader(Distinct, strict=True), b"\x81\xa4data"),
    "an object of the program": (
        lambda: Reader(Parcel, OpaqueCodecs().decode, strict=True),
        b"\x83\xa4name\xa6Parcel\xa7version\xa31.0\xa4data",
    ),
}


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize("where", READERS)
def test_no_reader_takes_long(where: str, harm: str) -> None:
    """A map that would, and nothing else in it, is refused wherever it is read without a type."""
    make, before = READERS[where]
    reader, data = make(), before + HARM[harm]
    for read in (reader.read, reader.plain):
        with soon(), pytest.raises(BadArguments, match="keys"):
            read(data, MSGPACK)


def frame(context: bytes, *, event: bool) -> bytes:
    """A request, or an event."""
    kind = Event if event else Request
    told = kind(b"i" * 16, CAST, None, "run", 1, 0, 0, None, msgspec.Raw(b"\xc0"))
    elements = msgspec.msgpack.decode(MSGPACK.encode(told), type=list[msgspec.Raw])
    elements[15] = msgspec.Raw(context)
    return MSGPACK.encode(elements)


@pytest.mark.parametrize("harm", HARM)
@pytest.mark.parametrize(
    ("read", "event"), [(NATIVE.read_request, False), (EVENTS.read_request, True)]
)
def test_no_context_takes_long(harm: str, read: Any, *, event: bool) -> None:
    """It is no frame, then, as with a key that comes twice."""
    with soon(), pytest.raises(Undecodable, match="the context"):
        read(frame(b"\x81\xa1k" + HARM[harm], event=event))


@pytest.mark.parametrize("strict", [True, False], ids=["requests", "answers"])
def test_no_map_of_numbers_takes_long(*, strict: bool) -> None:
    """Where the type asks for them, in both encodings."""
    reader, keys = Reader(Numbered, strict=strict), alike.numbers(150_000)
    for data, codec in (
        (b"\x81\xa4data" + alike.map_of(keys), MSGPACK),
        (b'{"data":' + alike.json_of(keys) + b"}", JSON),
    ):
        for read in (reader.read, reader.plain):
            with soon(), pytest.raises(BadArguments, match="more keys"):
                read(data, codec)


def test_whole_numbers_in_json_have_64_bits() -> None:
    """Any number of larger ones may hash alike: the type says whether they are numbers, which is refused, or texts."""
    reader, keys = Reader(Numbered, strict=True), alike.huge(MOST)
    with soon(), pytest.raises(BadArguments, match="64 bits") as caught:
        reader.read(b'{"data":' + alike.json_of(keys) + b"}", JSON)
    assert caught.value.path == f"data.'{keys[0]}'"
    read = reader.read(b'{"texts":' + alike.json_of(keys) + b"}", JSON)
    assert len(read.texts) == MOST


def test_no_list_without_duplicates_takes_long() -> None:
    """All that Python knows of a uuid's hash is a remainder, so any number of them may have the same."""
    reader, ids = Reader(Distinct, strict=True), [uuid.UUID(int=n) for n in alike.huge(20_000)]
    with soon(), pytest.raises(BadArguments, match="without duplicates"):
        reader.read(MSGPACK.encode({"ids": ids}), MSGPACK)


def test_what_differs_is_no_duplicate() -> None:
    """In long lists as in short ones, of items with and without a hash; also where keys hash alike."""
    reader = Reader(Distinct, strict=True)
    many = Distinct(
        ids=[uuid.UUID(int=n) for n in range(10_000)],
        rows=[{-1: n, -2: n + 1} for n in range(1_000)] + [{-2: n, -1: n} for n in range(1_000)],
    )
    assert reader.read(MSGPACK.encode(many)) == many
    for again in (
        msgspec.structs.replace(many, ids=[*many.ids, many.ids[5_000]]),
        msgspec.structs.replace(many, rows=[*many.rows, {-1: 8, -2: 8}]),
    ):
        with pytest.raises(BadArguments, match="without duplicates"):
            reader.read(MSGPACK.encode(again))


@pytest.mark.parametrize(
    ("of", "value", "codecs"),
    [
        (Anything, {"data": {f"key{n}": n for n in range(100_000)}}, [MSGPACK, JSON]),
        (Anything, {"data": [{"a": n, "b": None} for n in range(50_000)]}, [MSGPACK, JSON]),
        (Anything, {"data": [{n: n for n in range(FEW)} for _ in range(10_000)]}, [MSGPACK]),
        (Anything, {"data": {n: n for n in range(MOST)}}, [MSGPACK]),
        (Anything, {"data": b"\xde\xff\xff\xdf\xff\xff\xff\xff" * 10_000}, [MSGPACK]),
        (Numbered, {"data": dict.fromkeys(range(MOST), "v")}, [MSGPACK, JSON]),
        (Numbered, {"texts": {f"key{n}": "v" for n in range(100_000)}}, [MSGPACK, JSON]),
    ],
    ids=[
        "texts",
        "small maps",
        "small maps of numbers",
        "numbers",
        "bytes",
        "typed",
        "typed texts",
    ],
)
def test_large_maps_are_read(of: Any, value: Any, codecs: list[Codec]) -> None:
    """What programs have reason to send, in time."""
    for codec in codecs:
        data = codec.encode(value)
        assert len(data) > LIGHT
        took: list[float] = []
        for _ in range(3):
            began = time.thread_time()
            read = Reader(of, strict=True).read(data, codec)
            took.append(time.thread_time() - began)
            ((name, told),) = value.items()
            assert getattr(read, name) == told
        assert min(took) < SOON


def test_one_more_is_too_many() -> None:
    """The bound is one number for whoever sends and whoever reads."""
    for own in (True, False):
        reader = Reader(Numbered, strict=True, own=own)
        for codec in (MSGPACK, JSON):
            for count in (MOST, MOST + 1):
                data = codec.encode(Numbered(data=dict.fromkeys(range(count), "")))
                if count == MOST:
                    assert len(reader.read(data, codec).data) == MOST
                else:
                    with pytest.raises(BadArguments, match="16,384 in one map"):
                        reader.read(data, codec)


def test_lengths_that_lie_take_no_memory() -> None:
    """Each of these says that all of the message is in it, and holds the next one. Some releases of msgpack make room for all."""
    length = 1_000_000
    lies = (b"\xdd" + length.to_bytes(4, "big")) * 20
    data = b"\x81\xa4data\x92\xc6" + length.to_bytes(4, "big") + b"\xdf" * length + lies
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable):
            Reader(Anything, strict=True).read(data, MSGPACK)
        assert tracemalloc.get_traced_memory()[1] < 4 * length
    finally:
        tracemalloc.stop()


def test_small_messages_are_read_as_they_were() -> None:
    """What costs nothing may stand there, arrays as keys too."""
    read = Reader(Anything, strict=True).read(b"\x81\xa4data" + alike.arrays(400), MSGPACK)
    assert len(read.data) == 400


@pytest.mark.parametrize("text", [" 5", "5 ", "+5", "05", "1_0", "-05", "\uff15", "5.0", ""])
def test_only_whole_numbers_as_they_are_written_are_keys(text: str) -> None:
    """Python reads more than those, which nobody has counted."""
    reader = Reader(dict[int, int], strict=True)
    with pytest.raises(BadArguments):
        reader.read(msgspec.json.encode({text: 1}), JSON)
    assert reader.read(b'{"-5": 1, "50": 2}', JSON) == {-5: 1, 50: 2}
