"""Version 1.0 of a random interface."""

from __future__ import annotations

from random import Random

from rpcgen.idl.version import Version

from tests.versions.histories.draft import REQUEST_ONLY, SCALARS, SHARED, Draft, Node, value_of


def base(random: Random, name: str) -> Draft:
    """The first release."""
    document: Node = {
        "rpcgen": 1,
        "interface": name,
        "version": "1.0",
        "target": {"exchange": "history", "topic": "old"},
        "types": {},
        "methods": {},
    }
    draft = Draft(document, random, Version(1, 0))
    if draft.chance(0.1):
        document["send"] = "always"
    draft.types["ReqKind"] = {"enum": _values("k", 2)}
    draft.types["OpenKind"] = {"open": True, "enum": _values("o", 2)}
    draft.types["Status"] = {"enum": _values("s", 2)}
    draft.types["Key"] = {"type": "string", "size": "1..3"}
    draft.types["Box"] = {"fields": _fields(draft, 3, (*SCALARS, "OpenKind", "Status"), "Box?")}
    draft.types["ReqBox"] = {"fields": _fields(draft, 3, (*SCALARS, "ReqKind", "Box"))}
    draft.types["ResBox"] = {"fields": _fields(draft, 3, (*SCALARS, *SHARED[:2], "Box"))}
    draft.types["ReqChoice"] = {"union": _tags("ReqBox", "int")}
    draft.types["OpenChoice"] = {"open": True, "union": _tags("Box", "string")}
    for _ in range(random.randint(2, 4)):
        draft.methods[draft.name()] = method(draft)
    return draft


def _values(letter: str, count: int) -> Node:
    return {f"{letter}{n}".upper(): {"value": f"{letter}{n}"} for n in range(count)}


def _tags(*types: str) -> Node:
    return {f"t{number}": {"type": type_} for number, type_ in enumerate(types)}


def _fields(draft: Draft, count: int, types: tuple[str, ...], *more: str) -> Node:
    fields = {draft.name(): member(draft, types) for _ in range(count)}
    return {**fields, **{draft.name(): {"type": type_} for type_ in more}}


def member(draft: Draft, types: tuple[str, ...]) -> Node:
    """An argument or field as old as what it belongs to."""
    type_ = any_type(draft, types)
    made: Node = {"type": type_}
    if type_ == "int" and draft.chance(0.5):
        made["max"] = 10
    elif draft.chance(0.25) and (value := value_of(draft, type_)) is not None:
        made["default"] = value
    return made


def any_type(draft: Draft, types: tuple[str, ...]) -> str:
    """The text of a type."""
    inner = draft.random.choice(types)
    many = [f"list[{inner}]", f"map[string, {inner}]", f"map[Key, {inner}]"]
    wrapped = draft.random.choice([inner] * 5 + many)
    return f"{wrapped}?" if draft.chance(0.3) else wrapped


def method(draft: Draft) -> Node:
    """A method as it begins."""
    made: Node = {"cast": "any"} if draft.chance(0.2) else {"call": "any"}
    made["args"] = {
        draft.name(): member(draft, argument_types()) for _ in range(draft.random.randint(1, 3))
    }
    if draft.chance(0.15):
        made["args"][draft.name()] = {"constant": 5, "type": "int"}
    if "call" in made and draft.chance(0.85):
        made["returns"] = draft.random.choice(
            ["int", "string", any_type(draft, (*SCALARS, *SHARED, "ResBox", "ResBox", "ResBox"))]
        )
    return made


def argument_types() -> tuple[str, ...]:
    """What arguments can be."""
    return (*SCALARS, *SHARED, *REQUEST_ONLY)
