"""Good requests, as plain elements: what everything hostile is made from."""

from __future__ import annotations

import base64
import re
from typing import Any

from rpcgen.runtime.ids import new_id

from tests.fuzz.wire import JSON, MSGPACK, Pairs, write

Request = list[Any]

MONEY = {"amount": "12.50", "note": "tip"}
EVERYTHING = {
    "flag": True,
    "number": -7,
    "ratio": 0.5,
    "text": "grüße",
    "data": b"\x00\xff",
    "id": "12345678-1234-5678-1234-567812345678",
    "at": "2026-01-02T03:04:05+00:00",
    "day": "2026-01-02",
    "pause": "PT1.5S",
    "price": "9.99",
    "anything": [1, {"a": None}],
    "names": ["a", "b"],
    "counts": {"a": 1},
    "by_number": {7: "seven"},
    "mode": "fast",
    "colour": "red",
    "shape": {"point": {"x": 1, "y": 2}},
    "tree": {"value": 1, "children": [{"value": 2}]},
    "note": "n",
    "words": ["a", "b"],
    "size": 3,
}
BLOB = {"name": "Blob", "version": "1", "data": {"a": [1]}}
TIMES = {
    "at": "2026-01-02T03:04:05Z",
    "day": "2026-01-02",
    "pause": "PT5S",
    "id": "12345678-1234-5678-1234-567812345678",
    "data": b"abc",
}
NODE = {"key": "a", "next": {"key": "b"}, "also": {"c": {"key": "c", "next": None}}}

#: Namespace, method, how, major, minor, body.
GOOD: tuple[tuple[str, str, int, int, int, dict[Any, Any]], ...] = (
    ("test.lab", "echo", 0, 1, 3, {"everything": EVERYTHING}),
    ("test.lab", "echo", 0, 1, 2, {"everything": {**EVERYTHING, "shape": {"radius": 1.5}}}),
    ("test.lab", "add", 0, 1, 3, {"a": 1, "b": 2}),
    ("test.lab", "add", 0, 1, 0, {"a": 1}),
    ("test.lab", "greet", 0, 1, 3, {"name": "a", "greeting": "hi", "from": "b"}),
    ("test.lab", "greet", 0, 1, 1, {"name": None}),
    ("test.lab", "pick", 0, 1, 3, {"mode": "turbo", "shape": {"label": "x"}, "signal": {"off": 1}}),
    ("test.lab", "pick", 0, 1, 0, {"mode": "fast", "signal": {"blink": [1]}}),
    ("test.lab", "pick", 0, 1, 3, {"signal": {"on": {"x": 1, "y": 2}}}),
    ("test.lab", "fail", 0, 1, 3, {"how": "declared"}),
    ("test.lab", "nap", 0, 1, 3, {"seconds": 0.0}),
    ("test.lab", "report", 0, 1, 3, {}),
    ("test.lab", "bad_result", 0, 1, 3, {}),
    ("test.lab", "note", 1, 1, 3, {"text": "x"}),
    ("test.lab", "both", 0, 1, 3, {"text": "x"}),
    ("test.lab", "both", 1, 1, 0, {"text": "x"}),
    ("test.lab", "to_host", 0, 1, 3, {"first": EVERYTHING, "rest": [EVERYTHING]}),
    ("test.lab", "newer", 0, 1, 3, {}),
    ("test.lab", "keep", 0, 1, 3, {"blob": BLOB, "more": [BLOB]}),
    ("test.lab", "bounded", 0, 1, 3, {"words": ["a", "b"], "text": "abc"}),
    ("test.lab", "old_one", 0, 1, 3, {}),
    ("test.fleet", "state", 0, 2, 1, {"name": "a"}),
    ("test.fleet", "state", 0, 1, 2, {"title": "a"}),
    ("test.fleet", "host", 0, 2, 1, {"host": {"name": "a", "cores": 1.5, "rack": "r"}}),
    ("test.fleet", "host", 0, 1, 2, {"host": {"title": "a", "cores": 3, "note": "n"}}),
    ("test.fleet", "host", 0, 1, 0, {"host": {"title": "a", "cores": 3}}),
    ("test.fleet", "failover", 1, 2, 1, {"name": "a", "limit": 3, "reason": "r"}),
    ("test.fleet", "failover_host", 1, 1, 1, {"title": "a", "limit": 3}),
    ("test.fleet", "shelve", 0, 2, 1, {"name": "a", "force": True, "wait": False}),
    ("test.fleet", "shelve", 0, 1, 2, {"title": "a", "force": True}),
    ("test.fleet", "old_one", 0, 1, 2, {}),
    ("test.hard", "pay", 0, 1, 2, {"money": MONEY, "sums": ["1", "2.0"]}),
    ("test.hard", "pay", 0, 1, 0, {"money": MONEY}),
    ("test.hard", "choose", 0, 1, 2, {"choice": {"many": [MONEY]}, "loose": {"level": "top"}}),
    ("test.hard", "choose", 0, 1, 0, {"choice": {"level": "low"}, "levels": {"a": "high"}}),
    ("test.hard", "patch", 0, 1, 2, {"patch": {"name": "a", "label": None}, "all": [{"size": 1}]}),
    ("test.hard", "patch", 0, 1, 0, {"patch": {"name": "a"}}),
    ("test.hard", "walk", 0, 1, 2, {"node": NODE}),
    ("test.hard", "walk", 1, 1, 2, {"node": NODE}),
    ("test.hard", "times", 0, 1, 2, TIMES),
    ("test.hard", "anything", 0, 1, 2, {"value": NODE, "all": [1, "1", [1], {"a": 1}]}),
)


def requests() -> list[Request]:
    """All of them, each with an id of its own."""
    return [
        [
            *(1, bytes([64 + n]) * 16, how, space, name, major, minor, minor, 5.0, body),
            *[None, 1, b"", "req-1", None, {"user": "u"}, [b"s" * 16, 7]][: n % 8],
        ]
        for n, (space, name, how, major, minor, body) in enumerate(GOOD)
    ]


_ID = re.compile(rb"([@-~])\1{15}", re.S)
_ID_TEXT = re.compile(rb"([A-Za-z0-9+/]{4})\1{4}[A-Za-z0-9+/]{2}==")


def renewed(frame: bytes) -> bytes:
    """The same with other ids, where those of these requests stand in it: a server runs nothing twice."""
    frame = _ID.sub(lambda _: new_id(), frame)
    return _ID_TEXT.sub(lambda _: base64.b64encode(new_id()), frame)


def frames() -> list[bytes]:
    """All of them in both encodings, and what else a client may send."""
    cancels = [[7, b"x" * 16], [7, bytes([64]) * 16, "more"]]
    plain = [*requests(), *cancels]
    return [write(each, encoding) for each in plain for encoding in (MSGPACK, JSON)]


def copied(value: Any) -> Any:
    """The same, to be changed in place."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    if isinstance(value, list) and not isinstance(value, Pairs):
        return [copied(each) for each in value]
    return value
