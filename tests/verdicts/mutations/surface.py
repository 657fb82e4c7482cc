"""Changes of errors and events."""

from __future__ import annotations

from tests.verdicts.mutations.dates import when
from tests.verdicts.units import Unit, members
from tests.versions.histories.draft import Node


def remove_error(unit: Unit) -> bool:
    """An error is gone, and nobody raises it."""
    name = unit.own("Busy")
    del unit.errors[name]
    for method in unit.methods.values():
        if method.get("raises"):
            del method["raises"]
    return True


def change_error(unit: Unit) -> bool:
    """An error extends another one, or no longer, or can be retried, or is called otherwise elsewhere."""
    busy = unit.errors[unit.own("Busy")]
    match unit.random.randrange(3):
        case 0 if "extends" in busy:
            del busy["extends"]
        case 0:
            busy["extends"] = unit.own("Base")
        case 1:
            busy["retryable"] = True
        case _:
            busy["wire"] = f"test.history.Busy{unit.number}"
    return True


def add_error(unit: Unit) -> bool:
    """An error more."""
    unit.errors[unit.own("Late")] = {"fields": members(unit, 1, ())}
    return True


def add_event(unit: Unit) -> bool:
    """An event more."""
    made: Node = {"payload": unit.own("Box")}
    when(unit, made)
    unit.events[f"it.ended{unit.number}"] = made
    return True


def remove_event(unit: Unit) -> bool:
    """An event less."""
    if not unit.events:
        return False
    unit.events.popitem()
    return True


def change_event(unit: Unit) -> bool:
    """An event has another payload, or another priority, or is delivered otherwise."""
    if not unit.events:
        return False
    event = next(iter(unit.events.values()))
    if unit.chance(0.3):
        if event.pop("delivery", None) is None:
            event["delivery"] = "at_least_once"
    elif unit.chance(0.5):
        event["priority"] = "warn"
    else:
        event["payload"] = unit.own("Node" if event["payload"] != unit.own("Node") else "Box")
    return True


def restate(unit: Unit) -> bool:
    """Something is said that costs nothing."""
    for method in unit.methods.values():
        method["doc"] = "What it does."
    return True


SURFACE = (
    remove_error,
    change_error,
    add_error,
    add_event,
    remove_event,
    change_event,
    restate,
)
