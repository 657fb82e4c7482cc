"""Changes of named types as such: what they are called, what they stand for, what they extend."""

from __future__ import annotations

import json
import re

from tests.verdicts.units import Unit
from tests.versions.histories.draft import Node


def rename_type(unit: Unit) -> bool:
    """A type gets another name everywhere."""
    before = unit.own(unit.random.choice(["Box", "Kind", "Pick", "Node", "Text"]))
    later = f"Other{before}"
    text = re.sub(rf"\b{before}\b", later, json.dumps(unit.document))
    document: Node = json.loads(text)
    unit.document.clear()
    unit.document.update(document)
    return True


def introduce_alias(unit: Unit) -> bool:
    """A type gets a second name, which is used."""
    alias, of = unit.own("Alias"), unit.own("Box")
    unit.types[alias] = {"type": of}
    for method in unit.methods.values():
        for each in method["args"].values():
            each["type"] = each["type"].replace(of, alias)
    return True


def inline_alias(unit: Unit) -> bool:
    """What stands for a type is written out."""
    alias = unit.own("Deep")
    for method in unit.methods.values():
        for each in method["args"].values():
            each["type"] = each["type"].replace(alias, f"list[map[string, {unit.own('Box')}]]")
        if alias in method.get("returns", ""):
            of = f"list[map[string, {unit.own('Box')}]]"
            method["returns"] = method["returns"].replace(alias, of)
    return True


def change_alias(unit: Unit) -> bool:
    """An alias stands for something else, or has other bounds."""
    later: Node = unit.random.choice(
        [
            {"type": "string", "size": "0..20"},
            {"type": "string", "size": "2..4"},
            {"type": "string"},
            {"type": "uuid"},
            {"type": "string?", "size": "0..6"},
            {"type": "string", "size": "0..6", "pattern": "^[a-z]*$"},
        ]
    )
    count: Node = unit.random.choice(
        [{"type": "int"}, {"type": "int", "max": 3}, {"type": "float"}]
    )
    word, chosen = unit.random.choice([("Text", later), ("Count", count)])
    unit.types[unit.own(word)] = chosen
    return True


def change_key(unit: Unit) -> bool:
    """What maps are keyed by has other bounds, none, or is another type."""
    bounds: dict[str, list[Node]] = {
        "Key": [{"size": "0..2"}, {"size": "1..9"}, {"pattern": "^[a-z]*$"}, {}],
        "Code": [{"max": 3}, {"max": 40}, {"min": 1, "max": 10}, {}],
    }
    word = unit.random.choice(list(bounds))
    type_ = unit.called(word)["type"] if unit.chance(0.9) else "string"
    unit.types[unit.own(word)] = {"type": type_, **unit.random.choice(bounds[word])}
    return True


def move_to_base(unit: Unit) -> bool:
    """A struct's fields come from a base, as they were."""
    box = unit.called("Box")
    if "extends" in box or not box["fields"]:
        return False
    name = next(iter(box["fields"]))
    unit.types[unit.own("Ground")] = {"fields": {name: box["fields"].pop(name)}}
    box["extends"] = unit.own("Ground")
    return bool(box["fields"])


def lose_base(unit: Unit) -> bool:
    """A struct begins or ceases to extend another."""
    box = unit.called("Box")
    if box.pop("extends", None) is None:
        box["extends"] = unit.own("Root")
    return True


def unroll(unit: Unit) -> bool:
    """What contains itself does so through a second type that is the same."""
    node = unit.called("Node")
    again = unit.own("Again")
    unit.types[again] = json.loads(json.dumps(node))
    for each in node["fields"].values():
        each["type"] = each["type"].replace(unit.own("Node"), again)
    return True


TYPES = (
    rename_type,
    introduce_alias,
    inline_alias,
    change_alias,
    move_to_base,
    lose_base,
    unroll,
    change_key,
)
