"""The version of a message, found in its typed arguments; it is the one that a closer look would find."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import inspect
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.dates import LOOK_CLOSER
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.glance import Glances
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.lower import Lowering
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.visiting import Found
from rpcgen.runtime.dated import Part

from tests.runtime.core.versions import sample


class Inner(msgspec.Struct, kw_only=True, omit_defaults=True):
    mode: sample.Mode = sample.Mode.OLD
    tags: list[str] = []
    next: Inner | None = None


class Outer(msgspec.Struct, kw_only=True, omit_defaults=True):
    inners: list[Inner] = []
    by_name: dict[str, Inner] = {}
    text: str = "d"
    words: list[str] = msgspec.field(default_factory=lambda: ["w"])


PARTS = {
    sample.Mode: {"new": Part(since=((2, 4),))},
    Inner: {"tags": Part(since=((2, 2),)), "next": Part(since=((2, 1),))},
    Outer: {"text": Part(since=((2, 3),)), "words": Part(since=((2, 5),))},
}
NEW = sample.Mode.NEW

CASES: dict[str, tuple[Outer, int]] = {
    "nothing": (Outer(), LOOK_CLOSER),  # the encoder cannot leave out a default of words
    "set": (Outer(words=["x"]), 5),
    "text": (Outer(text="x", words=["x"]), 5),
    "deep": (Outer(words=["x"], inners=[Inner(next=Inner(mode=NEW))]), 5),
    "empty, and not the default": (Outer(text="", words=["x"]), LOOK_CLOSER),
    "empty words": (Outer(words=[]), LOOK_CLOSER),
}


@pytest.mark.parametrize("case", CASES)
def test_a_glance_finds_the_version(case: str) -> None:
    """Or says that it cannot."""
    value, minor = CASES[case]
    glance = Glances(sample.interface(parts=PARTS), (2, 6)).of(inspect.type_info(Outer))
    assert glance is not None
    found = glance(value)
    assert found >= LOOK_CLOSER if minor == LOOK_CLOSER else found == minor


INNERS = {
    "nothing": (Inner(), 0),
    "value": (Inner(mode=NEW), 4),
    "field": (Inner(tags=["x"]), 2),
    "below": (Inner(next=Inner(next=Inner(tags=["x"]))), 2),
}


@pytest.mark.parametrize("case", INNERS)
def test_a_closer_look_finds_the_same(case: str) -> None:
    """The two ways agree, and the encoder has left out what the closer look would."""
    value, minor = INNERS[case]
    interface = sample.interface(parts=PARTS, gone={}, opened={}, clocks={})
    node = inspect.type_info(Inner)
    glance = Glances(interface, (2, 6)).of(node)
    visit = Lowering(interface, (2, 6), Kit(MSGPACK, OpaqueCodecs(), None), strict=True).visit(node)
    assert glance is not None
    assert visit is not None
    found = Found()
    visit(msgspec.to_builtins(value), found, ())
    assert (glance(value), found.minor, found.changed) == (minor, minor, False)


def test_what_has_no_history_is_not_looked_at() -> None:
    """No tables, no glance; and at an older version, a closer look at once."""
    node = inspect.type_info(Outer)
    assert Glances(sample.interface(), (2, 6)).of(inspect.type_info(list[int])) is None
    assert Glances(sample.interface(parts={}), (2, 6)).of(node) is None
    glance = Glances(sample.interface(parts=PARTS), (2, 0)).of(node)
    assert glance is not None
    assert glance(Outer()) == LOOK_CLOSER


class Patch(msgspec.Struct, kw_only=True, omit_defaults=True):
    size: int | msgspec.UnsetType = msgspec.UNSET
    note: str | msgspec.UnsetType | None = msgspec.UNSET
    inner: Inner | msgspec.UnsetType = msgspec.UNSET
    inners: list[Inner] | msgspec.UnsetType = msgspec.UNSET


PATCHES: dict[str, tuple[Patch, dict[str, Any], int]] = {
    "absent": (Patch(), {}, 0),
    "older": (Patch(size=3), {"size": 3}, 0),
    "null is a value": (Patch(note=None), {"note": None}, 2),
    "below": (Patch(inners=[Inner(tags=["x"])]), {"inners": [{"tags": ["x"]}]}, 2),
}


@pytest.mark.parametrize("case", PATCHES)
def test_what_keeps_absent_apart_counts_if_it_is_there(case: str) -> None:
    """Only absent is unset then, for the glance and for the closer look."""
    value, written, minor = PATCHES[case]
    parts = {**PARTS, Patch: {"note": Part(since=((2, 2),))}}
    interface = sample.interface(parts=parts, gone={}, opened={}, clocks={})
    node = inspect.type_info(Patch)
    glance = Glances(interface, (2, 6)).of(node)
    visit = Lowering(interface, (2, 6), Kit(MSGPACK, OpaqueCodecs(), None), strict=True).visit(node)
    assert glance is not None
    assert visit is not None
    found = Found()
    assert visit(msgspec.to_builtins(value), found, ()) == written
    assert (glance(value), found.minor) == (minor, minor)
    older = Lowering(interface, (2, 1), Kit(MSGPACK, OpaqueCodecs(), None), strict=True).visit(node)
    assert older is not None
    if minor:
        with pytest.raises(Unsayable):
            older(msgspec.to_builtins(value), Found(), ())
