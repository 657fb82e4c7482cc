"""When a change is said to have happened: rightly, too early, or not at all."""

from __future__ import annotations

from typing import Any

from tests.verdicts.units import NEW, Unit
from tests.versions.histories.draft import Node, copy


def when(unit: Unit, node: Node, key: str = "since") -> None:
    """Date a new part, mostly rightly."""
    dice = unit.random.random()
    if dice < 0.65:
        node[key] = str(NEW)
    elif dice < 0.8:
        node[key] = "1.2"


def recorded(unit: Unit, node: Node, key: str, was: Any, chance: float = 0.5) -> None:
    """Write down what something was, or do not."""
    if unit.chance(chance):
        node.setdefault(key, {})[str(NEW)] = was


def form(node: Node) -> Node:
    """What `was_type` says of a member as it is now."""
    keys = ("type", "default", "min", "max", "size", "pattern", "unique")
    return {key: copy(node[key]) for key in keys if key in node}
