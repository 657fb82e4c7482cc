"""The file that is being evolved, as the YAML that will be written: maps and lists.

What a type may be used for is told by its name: `Req...` occurs in requests only, `Res...` in results only, all others
in both. Every name of an argument, field or method ends in a number of its own, which survives being renamed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from typing import Any

import yaml
from rpcgen.idl.version import Version

Node = dict[str, Any]

WORDS = ("size", "host", "note", "mode", "path", "label", "state", "limit", "owner", "spec")
SCALARS = ("int", "string", "bool", "float")
SHARED = ("OpenKind", "Status", "OpenChoice", "Box")
REQUEST_ONLY = ("ReqKind", "ReqChoice", "ReqBox")
STRUCTS = ("ReqBox", "ResBox", "Box")
ENUMS = ("ReqKind", "OpenKind", "Status")
UNIONS = ("ReqChoice", "OpenChoice")


@dataclass
class Draft:
    """One file in the making."""

    document: Node
    random: Random
    version: Version
    count: int = 0

    @property
    def now(self) -> str:
        """The version that is being made."""
        return str(self.version)

    @property
    def types(self) -> Node:
        """Named types."""
        types: Node = self.document["types"]
        return types

    @property
    def methods(self) -> Node:
        """Methods."""
        methods: Node = self.document["methods"]
        return methods

    def chance(self, probability: float) -> bool:
        """Toss a coin."""
        return self.random.random() < probability

    def name(self) -> str:
        """A new name."""
        self.count += 1
        return f"{self.random.choice(WORDS)}_{self.count}"

    def renamed(self, name: str) -> str:
        """Another name with the same number."""
        word, _, number = name.rpartition("_")
        return f"{self.random.choice([w for w in WORDS if w != word])}_{number}"

    def living(self, members: Node) -> list[str]:
        """Members that have not ended."""
        return [name for name, member in members.items() if "until" not in member]

    def text(self) -> str:
        """The file."""
        return yaml.safe_dump(copy(self.document), sort_keys=False, width=200)


def copy(node: Any) -> Any:
    """The same without shared parts, which YAML would write as anchors."""
    return json.loads(json.dumps(node))


def is_required(member: Node) -> bool:
    """Whether callers must give it."""
    return (
        not member["type"].endswith("?")
        and member["type"] != "any"
        and "default" not in member
        and "constant" not in member
    )


def value_of(draft: Draft, type_: str) -> Any:
    """A value for a default or a constant; None: there is none that is simple."""
    values: dict[str, list[Any]] = {
        "int": [0, 3, -1],
        "string": ["", "usual", "7"],
        "bool": [True, False],
        "float": [0.5, 2.5],
        "list[string]": [[], ["a"]],
    }
    return draft.random.choice(values.get(type_, [None]))
