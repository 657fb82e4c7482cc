"""The version that a message needs."""

from __future__ import annotations

import enum
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import OpenUnion
from rpcgen.runtime.core.dates import NEVER, minor_in
from rpcgen.runtime.core.versions import Measure


class Mode(enum.StrEnum):
    OLD = "old"
    NEW = "new"


class Signal(OpenUnion, frozen=True, kw_only=True):
    on: int | None = None
    off: Mode | None = None


class Node(msgspec.Struct, kw_only=True):
    name: str
    mode: Mode = Mode.OLD
    tags: list[str] = []
    size: int = 5
    children: list[Node] = []
    by_name: dict[str, Node] = {}


class Args(msgspec.Struct, kw_only=True):
    node: Node | None = None
    signal: Signal | None = None
    extra: str | None = None


DATED = {
    Mode: {"new": ((1, 4),)},
    Node: {"tags": ((1, 2),), "size": ((1, 3),)},
    Signal: {"off": ((1, 5),)},
    Args: {"extra": ((1, 6),)},
}


CASES: dict[str, tuple[dict[str, Any], int, tuple[Any, ...]]] = {
    "nothing": ({}, 0, ()),
    "old parts": ({"node": {"name": "a", "mode": "old"}}, 0, ()),
    "null": ({"node": None, "signal": None}, 0, ()),
    "field": ({"node": {"name": "a", "tags": ["x"]}}, 2, ("node", "tags")),
    "the newest of several": (
        {"node": {"name": "a", "tags": ["x"], "size": 6}},
        3,
        ("node", "size"),
    ),
    "enum value": ({"node": {"name": "a", "mode": "new"}}, 4, ("node", "mode")),
    "in a list": (
        {"node": {"name": "a", "children": [{"name": "b"}, {"name": "c", "size": 1}]}},
        3,
        ("node", "children", 1, "size"),
    ),
    "in a map": (
        {"node": {"name": "a", "by_name": {"k": {"name": "b", "mode": "new"}}}},
        4,
        ("node", "by_name", "k", "mode"),
    ),
    "member": ({"signal": {"off": "old"}}, 5, ("signal", "off")),
    "argument": ({"extra": "x"}, 6, ("extra",)),
    "mistyped": ({"node": [], "signal": 3}, 0, ()),
}


@pytest.mark.parametrize("case", CASES)
def test_needs_is_the_newest_part_that_is_used(case: str) -> None:
    """The minor of the newest field, value or member in a message, and where that is."""
    value, minor, path = CASES[case]
    for writing in (True, False):
        newest = Measure(Args, DATED, 1, writing=writing).find(value)
        assert (newest.minor, newest.path, newest.changed) == (minor, path, False)


def test_writing_leaves_out_what_is_unset() -> None:
    """Dated parts that are null, empty or equal to their default do not travel, and need no version."""
    value = {
        "node": {
            "name": "a",
            "tags": [],
            "size": 5,
            "children": [{"name": "b", "tags": None, "size": True}],
        },
        "extra": "",
    }
    newest = Measure(Args, DATED, 1, writing=True).find(value)
    assert value == {"node": {"name": "a", "children": [{"name": "b", "size": True}]}}
    assert (newest.minor, newest.changed) == (3, True)


def test_reading_counts_what_is_present() -> None:
    """A server judges presence: an unset value of a newer part was still sent."""
    value = {"node": {"name": "a", "tags": []}}
    newest = Measure(Args, DATED, 1, writing=False).find(value)
    assert (newest.minor, newest.changed, value) == (2, False, {"node": {"name": "a", "tags": []}})


def test_unknown_members_go_back_in_their_place() -> None:
    """What an open union kept of an unknown member travels as it came."""
    measure = Measure(Args, {}, 1, writing=True)
    assert measure
    value = msgspec.to_builtins(Args(signal=Signal(unknown={"blink": 3})))
    assert measure.find(value).changed
    assert value["signal"] == {"blink": 3}


def test_types_without_dated_parts_cost_nothing() -> None:
    """Nothing dated below: nothing to look for."""
    assert not Measure(list[int], DATED, 1, writing=True)
    assert not Measure(Node, {}, 1, writing=False)
    assert Measure(Args, DATED, 1, writing=False).newest == 6


def test_a_date_counts_in_its_own_major_first() -> None:
    """A part of an older major is there from X.0 on; one of a later major never."""
    assert minor_in(((5, 12),), 5) == 12
    assert minor_in(((5, 12),), 6) == 0
    assert minor_in(((5, 13), (6, 2)), 6) == 2
    assert minor_in(((6, 2),), 5) == NEVER
    assert minor_in((), 5) == 0
