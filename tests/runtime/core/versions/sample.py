"""An interface with a past, as its package would describe it: served at 1.3 and 2.6."""

from __future__ import annotations

import enum
from typing import Any

import msgspec
from rpcgen.runtime import (
    Clock,
    Form,
    Gone,
    Interface,
    Method,
    OlderType,
    OpenUnion,
    Part,
    Route,
    Topic,
)
from rpcgen.runtime.descriptor import Version


class Mode(enum.StrEnum):
    OLD = "old"
    NEW = "new"
    ENDED = "ended"


class Signal(OpenUnion, frozen=True, kw_only=True):
    on: int | None = None
    off: Mode | None = None


class Node(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    name: str
    mode: Mode = Mode.OLD
    tags: list[str] | None = None
    size: float = 5.0
    label: str = ""
    children: list[Node] = []
    by_name: dict[str, Node] = {}


class Args(msgspec.Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    node: Node | None = None
    signal: Signal | None = None
    extra: str | None = None
    dropped: str | None = None
    strict: int | None = None


class Stamped(msgspec.Struct, kw_only=True):
    node: Node
    note: str | None = None


class Rows(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    rows: list[int]


V = Version


def interface(**changes: Any) -> Interface:
    """The interface, with some of its tables replaced."""
    method: Method[Args, Node] = Method(
        name="run",
        attribute="run",
        args=Args,
        returns=Node,
        routes=(Route("call", "any"), Route("cast", "any", since=((2, 4),))),
    )
    renamed: Method[Args, None] = Method(
        name="fail_over",
        attribute="fail_over",
        args=Args,
        returns=None,
        routes=(Route("call", "any"),),
        forms=(Form((2, 2), name="failover"),),
    )
    tables: dict[str, Any] = {
        "parts": {
            Mode: {"new": Part(since=((2, 4),)), "ended": Part(until=((2, 0),))},
            Signal: {"off": Part(since=((2, 5),))},
            Node: {
                "tags": Part(since=((1, 2),)),
                "size": Part(types=(OlderType((2, 3), int, default=5),)),
                "label": Part(names=(((2, 0), "title"),)),
            },
            Args: {
                "extra": Part(since=((2, 6),)),
                "dropped": Part(since=((2, 1),), older="drop"),
                "strict": Part(since=((2, 1),), older="refuse"),
            },
        },
        "gone": {Node: (Gone("shard", int, Part(until=((2, 0),)), value=0, needed=False),)},
        "opened": {Signal: ((2, 2),)},
        "fallbacks": {Mode: {"new": "old"}},
        "clocks": {Stamped: Clock("Stamped", (1, 9), constants={"space": "test"})},
    }
    return Interface(
        name="test.past",
        package="",
        namespace=None,
        version=(2, 6),
        serves=((1, 3),),
        releases={"first": (1, 0), "second": (2, 1)},
        exchange="test",
        topic=Topic("new", since=((2, 3),)),
        also=("old",),
        fingerprint=b"\0" * 32,
        methods=(method, renamed),
        **(tables | changes),
    )
