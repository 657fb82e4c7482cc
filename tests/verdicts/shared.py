"""Two interfaces that import one file of types and errors, made of one: some methods and events go here, the others there.

Dates in the imported file name both interfaces. What is new is not dated alike for the two, so one of them may have it
dated and the other one not. Knows nothing of what changes.
"""

from __future__ import annotations

from random import Random
from typing import Any

from rpcgen.idl.version import Version

from tests.versions.histories.draft import Node

#: The two.
NAMES = ("test.history", "more.history")

#: Keys whose value is a date, and those whose value is a map of what was until some.
_DATES = ("since", "until")
_HISTORIES = ("was", "was_type")


def shared(document: Node, side: int, new: Version, seed: int) -> Node:
    """The document of one of the two interfaces; what it says of types and errors is the imported file's.

    Args:
        document: the interface that they are made of.
        side: which one of the two, 0 or 1.
        new: the version that is made; what is dated so, the second interface may date otherwise.
        seed: tells how.
    """
    return {
        **document,
        "interface": NAMES[side],
        "imports": ["common.yaml"],
        "types": _named(document["types"], new, Random(seed)),
        "errors": _named(document["errors"], new, Random(seed)),
        "methods": {n: each for n, each in document["methods"].items() if _side(n) == side},
        "events": {n: each for n, each in document["events"].items() if side},
    }


def _side(name: str) -> int:
    return int(name.rpartition("_")[2]) % 2


def _named(node: Any, new: Version, random: Random) -> Any:
    """The same with dates that name their interface."""
    if isinstance(node, list):
        return [_named(each, new, random) for each in node]
    if not isinstance(node, dict):
        return node
    made: Node = {}
    for key, each in node.items():
        if key in _DATES:
            dates = each, _other_date(each, key, new, random)
            made[key] = {name: date for name, date in zip(NAMES, dates, strict=True) if date}
        elif key in _HISTORIES:
            kept = {at: was for at, was in each.items() if at != str(new) or random.random() < 0.7}
            made[key] = {name: was for name, was in zip(NAMES, (each, kept), strict=True) if was}
        else:
            made[key] = _named(each, new, random)
    return made


def _other_date(date: str, key: str, new: Version, random: Random) -> str:
    """When the second interface says that it was, if the first says so; empty: not at all."""
    if date != str(new):
        return date
    return random.choice([date, date, date, "", "1.2" if key == "since" else date])
