"""Small random interfaces: a method or two, an error, an event, and the types that they need.

A unit has a number, and every name in it ends in that number or in one that is made from it, so that many units fit into
one file without touching each other.
"""

from __future__ import annotations

import json
from random import Random

from rpcgen.idl.version import Version

from tests.versions.histories.draft import Draft, Node, value_of

#: The release that is changed, and the version that the change makes.
OLD, NEW = Version(1, 3), Version(1, 4)

SCALARS = ("int", "float", "string", "bool")
RARE = ("uuid", "bytes", "datetime", "duration", "any")
NAMED = ("Box", "Kind", "Pick", "Node", "Text", "Deep", "Count")


class Unit(Draft):
    """A draft whose names are its own."""

    def __init__(self, random: Random, number: int) -> None:
        document: Node = {
            "rpcgen": 1,
            "interface": "test.history",
            "version": str(OLD),
            "target": {"exchange": "history", "topic": "old"},
            "types": {},
            "errors": {},
            "methods": {},
            "events": {},
        }
        super().__init__(document, random, NEW, number * 1000)
        self.number = number

    @property
    def errors(self) -> Node:
        """Declared errors."""
        errors: Node = self.document["errors"]
        return errors

    @property
    def events(self) -> Node:
        """Events."""
        events: Node = self.document["events"]
        return events

    def own(self, word: str) -> str:
        """A name of a type, an error or an event of this unit."""
        return f"{word}{self.number}"

    def called(self, word: str) -> Node:
        """The type of that name."""
        type_: Node = self.types[self.own(word)]
        return type_

    def type(self, deep: int = 0, words: tuple[str, ...] = NAMED) -> str:
        """The text of a random type."""
        dice = self.random.random()
        if dice < 0.45 and words:
            text = self.own(self.random.choice(words))
        else:
            text = self.random.choice(SCALARS if dice < 0.85 else RARE)
        if deep < 2 and self.chance(0.25):
            inner = self.type(deep + 1, words)
            text = f"list[{inner}]" if self.chance(0.6) else f"map[{self._key(words)}, {inner}]"
        return f"{text}?" if self.chance(0.2) and text != "any" else text

    def _key(self, words: tuple[str, ...]) -> str:
        """What a map is keyed by; where there are names, it may be one that has bounds."""
        if not words or self.chance(0.5):
            return "string"
        return self.own(self.random.choice(["Key", "Code"]))


def make_unit(random: Random, number: int) -> Unit:
    """The interface as it was released."""
    unit = Unit(random, number)
    _types(unit)
    unit.errors[unit.own("Base")] = {"fields": members(unit, 1, ("Kind",))}
    unit.errors[unit.own("Busy")] = {"fields": members(unit, 1, ("Box", "Kind"))}
    if unit.chance(0.4):
        unit.errors[unit.own("Busy")]["extends"] = unit.own("Base")
    for _ in range(random.choice([1, 1, 2])):
        unit.methods[unit.name()] = _method(unit)
    if unit.chance(0.5):
        payload = random.choice(["Box", "Box", "Node", "Lone"])
        unit.events[f"it.happened{number}"] = {"payload": unit.own(payload)}
        if unit.chance(0.3):
            unit.events[f"it.happened{number}"]["delivery"] = "at_least_once"
    if unit.chance(0.9):
        _prune(unit)
    return unit


def _prune(unit: Unit) -> None:
    """Take away what nothing uses."""
    kept: set[str] = set()
    text = json.dumps([unit.methods, unit.errors, unit.events])
    while names := {name for name in unit.types if f"{name}" in text} - kept:
        kept |= names
        text = json.dumps([unit.types[name] for name in names])
    for name in set(unit.types) - kept:
        del unit.types[name]


def _types(unit: Unit) -> None:
    """Named types; whether something uses them is left to chance."""
    values: Node = {f"v{n}": {"value": f"v{n}"} for n in range(3)}
    unit.types[unit.own("Kind")] = {"enum": values}
    if unit.chance(0.2):
        values["v2"]["since"] = "1.2"
        unit.called("Kind")["fallback"] = {"v2": "v0"}
    tags = {"box": "Box", "num": "int", "kind": "Kind"}
    unit.types[unit.own("Pick")] = {
        "union": {
            tag: {"type": unit.own(of) if of[0].isupper() else of} for tag, of in tags.items()
        }
    }
    for word in ("Kind", "Pick"):
        if unit.chance(0.4):
            unit.called(word)["open"] = True
    unit.types[unit.own("Root")] = {"fields": members(unit, 1, ())}
    unit.types[unit.own("Box")] = {"fields": members(unit, 2, ("Kind", "Text"))}
    if unit.chance(0.25):
        unit.called("Box")["extends"] = unit.own("Root")
    unit.types[unit.own("Lone")] = {"fields": members(unit, 2, ("Kind",))}
    unit.types[unit.own("Text")] = {"type": "string", "size": "0..6"}
    unit.types[unit.own("Count")] = {"type": "int", "max": 10}
    unit.types[unit.own("Key")] = {"type": "string", "size": "0..4"}
    unit.types[unit.own("Code")] = {"type": "int", "max": 10}
    unit.types[unit.own("Deep")] = {"type": f"list[map[string, {unit.own('Box')}]]"}
    # Node contains itself, directly or through Peer.
    through = unit.own(unit.random.choice(["Node", "Peer"]))
    unit.types[unit.own("Node")] = {
        "fields": {**members(unit, 1, ("Kind", "Box")), unit.name(): {"type": f"{through}?"}}
    }
    unit.types[unit.own("Peer")] = {
        "fields": {
            **members(unit, 1, ("Kind",)),
            unit.name(): {"type": f"list[{unit.own('Node')}]"},
        }
    }


def members(unit: Unit, count: int, words: tuple[str, ...]) -> Node:
    """Arguments or fields."""
    return {unit.name(): member(unit, words) for _ in range(count)}


def member(unit: Unit, words: tuple[str, ...] = NAMED) -> Node:
    """An argument or a field as old as what it belongs to, or with a little history."""
    made: Node = {"type": unit.type(words=words)}
    value = value_of(unit, made["type"])
    if made["type"] == "int" and unit.chance(0.3):
        made["max"] = 10
    elif made["type"] == "string" and unit.chance(0.3):
        made.update(unit.random.choice([{"size": "1..5"}, {"pattern": "^[a-z]*$"}]))
    elif made["type"].startswith("list[") and unit.chance(0.3):
        made["size"] = "0..2"
    elif value is not None and unit.chance(0.3):
        made["default"] = value
    if unit.chance(0.08) and (made["type"].endswith("?") or "default" in made):
        made["since"] = "1.2"
    return made


def keys_of(method: Node) -> list[str]:
    """The arguments by which messages can be kept in order."""
    args: Node = method["args"]
    return [name for name, arg in args.items() if arg.get("type") in ("int", "string", "uuid")]


def _method(unit: Unit) -> Node:
    made: Node = {"cast": "any"} if unit.chance(0.12) else {"call": "any"}
    if "call" in made and unit.chance(0.2):
        made.update(unit.random.choice([{"idempotent": True}, {"timeout": "8s"}]))
    if unit.chance(0.1):
        made["call" if "call" in made else "cast"] = ["any", "server"]
    made["args"] = members(unit, unit.random.randint(1, 2), NAMED)
    if "cast" in made and unit.chance(0.4):
        made["ttl"] = "1m"
    if unit.chance(0.1) and (keys := keys_of(made)):
        made["ordering_key"] = unit.random.choice(keys)
    if "call" in made:
        if unit.chance(0.75):
            # A union that only answers hold is rare otherwise.
            made["returns"] = unit.own("Pick") if unit.chance(0.1) else unit.type()
        if unit.chance(0.5):
            made["raises"] = [unit.own("Busy")]
    return made
