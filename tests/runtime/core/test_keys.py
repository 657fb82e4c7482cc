"""Keys that come twice: found wherever they are, in whatever form; and nothing else is taken for one."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime import BadArguments
from rpcgen.runtime.core.codec import JSON, MSGPACK
from rpcgen.runtime.core.keys import twice
from rpcgen.runtime.core.reading import Reader


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    word: str = ""


class Outer(msgspec.Struct, frozen=True, kw_only=True):
    inner: Inner = Inner()
    anything: Any = None


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
