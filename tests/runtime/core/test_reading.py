"""Reading values: the fast reader and the full one agree, and every mistake is named."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Meta, inspect
from rpcgen.runtime import ABSENT, Absent, BadArguments, OpenEnum, OpenUnion, TaggedUnion
from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.walk import Walk
from rpcgen.runtime.errors import MissingArgument, MistypedArgument


class Mode(enum.StrEnum):
    SLOW = "slow"
    FAST = "fast"


class Colour(OpenEnum):
    RED = "red"


class Leaf(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    number: Annotated[int, Meta(ge=0, lt=100)]
    ratio: Annotated[float, Meta(gt=-1.0, le=1e9)] = 0.0
    text: Annotated[str, Meta(max_length=5)] | None = None
    data: Annotated[bytes, Meta(min_length=1)] = b"x"
    flag: bool = False
    mode: Mode = Mode.SLOW
    colour: Colour = Colour.RED


class Choice(TaggedUnion, frozen=True, kw_only=True):
    leaf: Leaf | None = None
    word: str | None = None


class Open(OpenUnion, frozen=True, kw_only=True):
    leaf: Leaf | None = None


class Root(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    leaves: Annotated[list[Leaf], Meta(max_length=3)] = []
    by_name: dict[str, Leaf] = {}
    by_number: dict[int, str] = {}
    choice: Choice | None = None
    open: Open | None = None
    next: Root | None = None
    id: uuid.UUID | None = None
    at: Annotated[datetime.datetime, Meta(tz=True)] | None = None
    day: datetime.date | None = None
    pause: datetime.timedelta | None = None
    price: decimal.Decimal | None = None
    anything: Any = None
    from_: str | msgspec.UnsetType = msgspec.field(default=ABSENT, name="from")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 120)
    | st.floats(allow_nan=False, width=16)
    | st.sampled_from(["", "red", "slow", "mauve", "long text", "2026-01-02", "PT5S", "1.5"])
    | st.sampled_from([str(uuid.UUID(int=5)), "2026-01-02T03:04:05Z", "2026-01-02T03:04:05"])
    | st.binary(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *Root.__struct_encode_fields__,
                    *Leaf.__struct_encode_fields__,
                    "leaf",
                    "word",
                    "x",
                ]
            )
            | st.integers(0, 3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def leaf_like(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(
        {"number": st.integers(0, 99) | values},
        optional={name: values for name in Leaf.__struct_encode_fields__ if name != "number"},
    )


near_valid = st.fixed_dictionaries(
    {},
    optional={
        "leaves": st.lists(leaf_like(plain), max_size=4),
        "by_name": st.dictionaries(st.text(max_size=2), leaf_like(plain), max_size=2),
        "by_number": st.dictionaries(st.integers(0, 5), st.text(max_size=2), max_size=2),
        "choice": st.dictionaries(
            st.sampled_from(["leaf", "word", "x"]), leaf_like(plain) | plain, max_size=2
        ),
        "open": st.dictionaries(
            st.sampled_from(["leaf", "other"]), leaf_like(plain) | plain, max_size=2
        ),
        "next": plain,
        "from": plain,
        "id": plain,
        "at": plain,
        "pause": plain,
        "price": plain,
        "anything": plain,
    },
)


#: Made once: it costs as much as ten examples.
ROOT = inspect.type_info(Root)


@settings(max_examples=300, suppress_health_check=list(HealthCheck))
@given(near_valid | plain)
def test_what_the_fast_reader_accepts_the_full_one_reads_alike(value: Any) -> None:
    """msgspec's decoder is a shortcut: it never accepts what the language refuses, nor reads it otherwise."""
    data = MSGPACK.encode(value)
    try:
        fast = MSGPACK.decoder(Root)(data)
    except (msgspec.ValidationError, ValueError):
        fast = None
    try:
        full = Walk(MSGPACK, None, strict=True).read(ROOT, MSGPACK.untyped(data))
    except BadArguments:
        full = None
    if fast is not None:
        assert fast == full
    if full is not None:
        tolerant = Walk(MSGPACK, None, strict=False).read(ROOT, MSGPACK.untyped(data))
        assert tolerant == full


LEAF = {"number": 1}

MISTAKES: dict[str, tuple[Any, str]] = {
    "not a map": ([], ""),
    "deep": ({"leaves": [LEAF, {"number": "1"}]}, "leaves[1].number"),
    "by name": ({"by_name": {"a b": {}}}, "by_name.'a b'.number"),
    "int key": ({"by_number": {"x": "y"}}, "by_number.x"),
    "bool for int": ({"leaves": [{"number": True}]}, "leaves[0].number"),
    "int for bool": ({"leaves": [{"number": 1, "flag": 1}]}, "leaves[0].flag"),
    "text for float": ({"leaves": [{"number": 1, "ratio": "1"}]}, "leaves[0].ratio"),
    "bool for float": ({"leaves": [{"number": 1, "ratio": True}]}, "leaves[0].ratio"),
    "text for bytes": ({"leaves": [{"number": 1, "data": "eA=="}]}, "leaves[0].data"),
    "too small": ({"leaves": [{"number": -1}]}, "leaves[0].number"),
    "too long": ({"leaves": [{"number": 1, "text": "123456"}]}, "leaves[0].text"),
    "too many": ({"leaves": [LEAF] * 4}, "leaves"),
    "closed enum": ({"leaves": [{"number": 1, "mode": "warp"}]}, "leaves[0].mode"),
    "number for enum": ({"leaves": [{"number": 1, "colour": 5}]}, "leaves[0].colour"),
    "empty union": ({"choice": {}}, "choice"),
    "unknown member": ({"choice": {"x": 1}}, "choice.x"),
    "null for a member": ({"choice": {"leaf": None}}, "choice"),
    "uuid": ({"id": "no"}, "id"),
    "no time zone": ({"at": "2026-01-02T03:04:05"}, "at"),
    "unknown": ({"x": 1}, "x"),
    "odd name": ({"x\n\x1b[31m": 1}, r"'x\n\x1b[31m'"),
    "null for absent or a value": ({"from": None}, "from"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named_by_its_path(case: str) -> None:
    """Strict reading says where the mistake is, and never what the value was."""
    value, path = MISTAKES[case]
    with pytest.raises(BadArguments) as caught:
        Reader(Root, strict=True).read(MSGPACK.encode(value))
    assert caught.value.path == path
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("codec", [MSGPACK, JSON], ids=lambda codec: codec.name)
def test_tolerant_reading_lets_newer_writers_through(codec: Codec) -> None:
    """Unknown fields are ignored, bounds are not enforced, open values are kept; closed ones still fail."""
    value = {
        "leaves": [{"number": 1000, "text": "a long text", "new": [1]}] * 5,
        "open": {"other": {"a": 1}},
        "newer": True,
        "by_number": {3: "c"},
    }
    root = Reader(Root, strict=False).read(codec.encode(value), codec)
    assert [leaf.number for leaf in root.leaves] == [1000] * 5
    assert root.open.unknown == {"other": {"a": 1}}
    assert root.by_number == {3: "c"}
    with pytest.raises(BadArguments):
        Reader(Root, strict=False).read(
            codec.encode({"leaves": [{"number": 1, "mode": "warp"}]}), codec
        )


def test_null_reads_as_the_default() -> None:
    """null for a field with a default is as if it were absent; absent stays absent where it is kept apart."""
    root = Reader(Root, strict=True).read(
        MSGPACK.encode({"leaves": [{"number": 1, "ratio": None, "mode": None}]})
    )
    assert (root.leaves[0].ratio, root.leaves[0].mode) == (0.0, Mode.SLOW)
    assert root.from_ is ABSENT
    assert isinstance(root.from_, Absent)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xc1", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\x81\xa1"],
    ids=lambda d: str(d[:4]),
)
def test_bytes_that_are_no_value_are_one_error(data: bytes) -> None:
    """Whatever a library raises for hostile bytes, a reader raises Undecodable."""
    with pytest.raises(Undecodable):
        Reader(Root, strict=True).read(data)


class Pair(msgspec.Struct):
    numbers: list[int]


class Extra(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    words: Annotated[list[str], Meta(extra={"unique": True})] = []
    price: Annotated[decimal.Decimal, Meta(extra={"min": "0.5", "max": "2"})] = decimal.Decimal(1)
    pairs: Annotated[list[Pair], Meta(extra={"unique": True})] = []
    more: list[Extra] = []


def test_bounds_that_msgspec_lacks_are_enforced_on_requests_only() -> None:
    """`unique` and the bounds of decimals hold at any depth, in strict reading."""
    strict, tolerant = Reader(Extra, strict=True), Reader(Extra, strict=False)
    good = MSGPACK.encode({"words": ["a", "b"], "price": "0.5", "more": [{}]})
    assert strict.read(good) == tolerant.read(good)
    assert strict.read(MSGPACK.encode({"pairs": [{"numbers": [1]}, {"numbers": [2]}]})).pairs
    for bad in (
        {"pairs": [{"numbers": [1]}, {"numbers": [1]}]},
        {"words": ["a", "a"]},
        {"more": [{"price": "2.1"}]},
        {"price": "0.4"},
    ):
        with pytest.raises(BadArguments):
            strict.read(MSGPACK.encode(bad))
        tolerant.read(MSGPACK.encode(bad))


class Younger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As generated of a required field that began later than 1.0, in requests and results."""

    weight: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(extra={"needed": True})] = None


class Parcel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    boxes: list[Younger]


@pytest.mark.parametrize("codec", [MSGPACK, JSON], ids=lambda codec: codec.name)
def test_a_request_holds_what_older_results_lack(codec: Codec) -> None:
    """A younger field that is required may be missing in results, and in what the program itself has made; not in requests."""
    request, result = Reader(Parcel, strict=True), Reader(Parcel, strict=False)
    own = Reader(Parcel, strict=True, own=True)
    whole, lacking, null = (
        codec.encode({"boxes": [each]}) for each in ({"weight": 2}, {}, {"weight": None})
    )
    assert request.read(whole, codec) == Parcel(boxes=[Younger(weight=2)])
    for data in (lacking, null):
        assert result.read(data, codec) == own.read(data, codec) == Parcel(boxes=[Younger()])
    with pytest.raises(
        MissingArgument, match=r"'boxes\[0\].weight' is missing, expected int >= 1$"
    ):
        request.read(lacking, codec)
    with pytest.raises(MistypedArgument, match=r"'boxes\[0\].weight' is null, expected int >= 1$"):
        request.read(null, codec)
