"""An interface as a server tells it: the JSON of its contract, read into what people and `rpcgen call` need.

Knows the contract's form and nothing of where it came from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: `list[string]? = [] since 6.2`, as contracts write an argument or field.
_MEMBER = re.compile(
    r"(?P<type>\S(?:.*?\S)?)(?: = (?P<default>.*?))?(?P<dates>(?: (?:since|until) [\d., ]*\d)*)"
)


@dataclass(frozen=True, slots=True)
class Member:
    """An argument or a field. `text` is its short form, `notes` is what else is said of it."""

    name: str
    type: str
    text: str
    notes: str


@dataclass(frozen=True, slots=True)
class Route:
    """One way in which a method may be sent."""

    kind: str
    to: str
    dates: str


@dataclass(frozen=True, slots=True)
class Method:
    """One method; the first route is the default."""

    name: str
    args: Mapping[str, Member]
    returns: str | None
    raises: tuple[str, ...]
    routes: tuple[Route, ...]
    timeout: float | str | None
    idempotent: bool
    to: tuple[str, ...]
    topic: str | None
    since: str
    until: str
    was: tuple[str, ...]
    doc: str
    deprecated: bool
    delivery: str
    ttl: float | None
    ordering_key: str | None


@dataclass(frozen=True, slots=True)
class Contract:
    """One interface."""

    name: str
    namespace: str | None
    version: str
    serves: tuple[str, ...]
    exchange: str
    topic: str
    doc: str
    methods: Mapping[str, Method]
    types: Mapping[str, Any]
    errors: Mapping[str, Mapping[str, Any]]
    events: Mapping[str, Any]
    data: Mapping[str, Any]


def read_contract(data: Mapping[str, Any]) -> Contract:
    """Read the JSON of a contract."""
    target = data["target"]
    return Contract(
        name=data["interface"],
        namespace=data["namespace"],
        version=data["version"],
        serves=tuple(data.get("serves", ())),
        exchange=target["exchange"],
        topic=_topic(target["topic"]),
        doc=data.get("doc", ""),
        methods={name: _method(name, said, data) for name, said in data.get("methods", {}).items()},
        types=data.get("types", {}),
        errors=data.get("errors", {}),
        events=data.get("events", {}),
        data=data,
    )


def _topic(said: Any) -> str:
    return str(said if isinstance(said, str) else said["name"])


def _method(name: str, said: Mapping[str, Any], data: Mapping[str, Any]) -> Method:
    kinds = [kind for kind in said if kind in ("call", "cast")]
    returns: Any = said.get("returns")
    return Method(
        name=name,
        args=read_members(said["args"]),
        returns=returns if returns is None or isinstance(returns, str) else returns["type"],
        raises=tuple(said.get("raises", ())),
        routes=tuple(Route(kind, *_dated(text)) for kind in kinds for text in said[kind]),
        timeout=said.get("timeout"),
        idempotent=said.get("idempotent", False),
        to=tuple(said.get("to", ())),
        topic=_topic(said["topic"]) if "topic" in said else None,
        since=", ".join(said.get("since", ())),
        until=", ".join(said.get("until", ())),
        was=tuple(_form(until, form) for until, form in said.get("was", {}).items()),
        doc=said.get("doc", ""),
        deprecated="deprecated" in said,
        delivery=said.get("delivery", "at_most_once"),
        ttl=said.get("ttl"),
        ordering_key=said.get("ordering_key"),
    )


def _form(until: str, said: Any) -> str:
    """An older form of a method: its name, or what of it was otherwise."""
    what = said if isinstance(said, str) else "other " + " and ".join(said)
    return f"until {until}: {what}"


def _dated(text: str) -> tuple[str, str]:
    first, _, dates = text.partition(" ")
    return first, dates


def read_members(said: Mapping[str, Any]) -> dict[str, Member]:
    """Read arguments or fields, each in its short form or as a map with more to say."""
    return {name: _member(name, one) for name, one in said.items()}


def _member(name: str, said: Any) -> Member:
    text: str = said if isinstance(said, str) else said["type"]
    match = _MEMBER.fullmatch(text)
    notes = "" if isinstance(said, str) else notes_text(said)
    return Member(name, match["type"] if match else text, text, notes)


def notes_text(said: Mapping[str, Any]) -> str:
    """The limits and the documentation of something, as one line."""
    limits = [f"{key} {said[key]}" for key in ("min", "max") if key in said]
    if "size" in said:
        limits += [f"{key} size {size}" for key, size in said["size"].items()]
    if "pattern" in said:
        limits.append(f"matches {said['pattern']}")
    limits += [key for key in ("unique", "deprecated") if said.get(key)]
    limits += [f"until {until}: {name}" for until, name in said.get("was", {}).items()]
    for until, older in said.get("was_type", {}).items():
        limits.append(f"until {until}: {older if isinstance(older, str) else older['type']}")
    parts = [" ".join(str(said.get("doc", "")).split()), f"({', '.join(limits)})" if limits else ""]
    return " ".join(part for part in parts if part)
