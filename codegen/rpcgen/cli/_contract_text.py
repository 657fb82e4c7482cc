"""Contracts as people read them."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

from rpcgen.cli._contract import Contract, Member, Method, notes_text, read_members

#: A longer signature has one argument a line.
_WIDTH = 100

_NAME = re.compile(r"\b[A-Z][A-Za-z0-9_]*")


def interface_text(contract: Contract) -> str:
    """Everything at a glance: a signature a method."""
    versions = " and ".join([contract.version, *reversed(contract.serves)])
    head = f"{contract.name} {versions}, topic {contract.topic} of exchange {contract.exchange}"
    parts = [head]
    if contract.doc:
        parts.append(contract.doc.strip())
    blocks = [_method_block(method) for method in contract.methods.values()]
    if contract.events:
        lines = [f"{name}: {event['payload']}" for name, event in contract.events.items()]
        blocks.append("events:\n" + textwrap.indent("\n".join(lines), "    "))
    return "\n\n".join(["\n".join(parts), *blocks])


def method_text(contract: Contract, name: str) -> str:
    """One method: its arguments one by one, and the types and errors that it uses."""
    method = contract.methods[name]
    blocks = [f"{contract.name} {contract.version}", _method_block(method)]
    if method.args:
        blocks.append("arguments:\n" + _members(method.args.values()))
    errors = [text.partition(" ")[0] for text in method.raises]
    for error in errors:
        blocks.append(_definition(error, contract.errors[error], "error"))
    texts = [member.type for member in method.args.values()] + [method.returns or ""]
    texts += [str(contract.errors[error].get("fields", "")) for error in errors]
    for type_ in _reached(contract.types, texts):
        blocks.append(_definition(type_, contract.types[type_], "type"))
    return "\n\n".join(blocks)


def _method_block(method: Method) -> str:
    arguments = [f"{name}: {member.text}" for name, member in method.args.items()]
    returns = f" -> {method.returns}" if method.returns else ""
    signature = f"{method.name}({', '.join(arguments)}){returns}"
    if len(signature) > _WIDTH:
        each = "".join(f"    {argument},\n" for argument in arguments)
        signature = f"{method.name}(\n{each}){returns}"
    lines = [" ".join(method.doc.split())] if method.doc else []
    lines.append("; ".join(_facts(method)))
    return f"{signature}\n" + textwrap.indent("\n".join(lines), "    ")


def _facts(method: Method) -> list[str]:
    facts = [_routes_text(method, kind) for kind in dict.fromkeys(r.kind for r in method.routes)]
    if method.to:
        facts.append(f"to {' or '.join(method.to)}")
    if method.timeout is not None:
        long = isinstance(method.timeout, str)
        facts.append(f"timeout {method.timeout}" if long else f"timeout {method.timeout:g} s")
    if method.idempotent:
        facts.append("idempotent")
    if method.delivery != "at_most_once":
        facts.append(method.delivery.replace("_", " "))
    if method.ttl is not None:
        facts.append(f"ttl {method.ttl:g} s")
    if method.ordering_key is not None:
        facts.append(f"in order by {method.ordering_key}")
    if method.topic:
        facts.append(f"topic {method.topic}")
    if method.since:
        facts.append(f"since {method.since}")
    if method.until:
        facts.append(f"until {method.until}")
    facts += method.was
    if method.deprecated:
        facts.append("deprecated")
    if method.raises:
        facts.append(f"raises {', '.join(method.raises)}")
    return facts


def _routes_text(method: Method, kind: str) -> str:
    routes = [route for route in method.routes if route.kind == kind]
    return f"{kind} {' or '.join(f'{route.to} {route.dates}'.rstrip() for route in routes)}"


def _members(members: Iterable[Member]) -> str:
    rows = [(f"{member.name}: {member.text}", member.notes) for member in members]
    width = min(40, max((len(left) for left, _ in rows), default=0))
    return "\n".join(f"    {left:{width}}  {notes}".rstrip() for left, notes in rows)


def _definition(name: str, said: Mapping[str, Any], what: str) -> str:
    notes = notes_text(said)
    kind = _kind(said)
    head = f"{what} {name}{kind}" + (f": {notes}" if said.get("doc") else f" {notes}").rstrip()
    body = read_members(said.get("fields", {})).values()
    rows = [_members(body)] if body else []
    rows += [f"    {value:20}  {text}".rstrip() for value, text in said.get("enum", {}).items()]
    rows += [f"    {tag}: {text}" for tag, text in said.get("union", {}).items()]
    return "\n".join([head, *rows])


def _kind(said: Mapping[str, Any]) -> str:
    if "type" in said:
        return f" = {said['type']}"
    words = [word for word in ("open", "enum", "union", "opaque") if said.get(word)]
    words += [f"extends {said['extends']}"] if "extends" in said else []
    return f" ({' '.join(words)})" if words else ""


def _reached(types: Mapping[str, Any], texts: Iterable[str]) -> list[str]:
    """The named types that some texts mention, and those that these mention, in the contract's order."""
    found: set[str] = set()
    waiting = list(texts)
    while waiting:
        for name in _NAME.findall(waiting.pop()):
            if name in types and name not in found:
                found.add(name)
                said = types[name]
                waiting += [
                    str(said.get(key, "")) for key in ("type", "fields", "union", "extends")
                ]
    return [name for name in types if name in found]
