"""Older forms of methods: `was`, each a name, or a map of what was different."""

from __future__ import annotations

from rpcgen.idl.model import Dated, Form
from rpcgen.idl.read.members import read_members
from rpcgen.idl.read.older import Past, read_history
from rpcgen.idl.read.returns import read_returns
from rpcgen.idl.read.routes import read_routes
from rpcgen.idl.read.scope import IDENTIFIER, IDENTIFIER_HINT, Scope, text_at
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Mapping, Text


def read_forms(node: Mapping, dated: Dated, scope: Scope) -> dict[Version, Form]:
    """Read the older forms of a method, ascending."""
    forms: dict[Version, Form] = {}
    for past in read_history(node, "was", dated, scope):
        form = _form(past, dated, scope)
        if form is None:
            continue
        forms[past.until] = form
    return forms


def _form(past: Past, dated: Dated, scope: Scope) -> Form | None:
    node = past.node
    if isinstance(node, Text):
        name = None if node.missing else _name(node, scope)
        return Form(past.at, name) if name is not None else None
    if not isinstance(node, Mapping):
        return None
    if not node.entries:
        scope.report.error(
            "empty-form",
            f"the form until {past.until} says nothing",
            past.at,
            hint="write the older name, or a map with name, call, cast, args or returns",
        )
        return None
    text = text_at(node, "name")
    keys = node.entries
    form = Form(
        past.at,
        _name(text, scope) if text is not None else None,
        read_routes(node, scope, dated) if "call" in keys or "cast" in keys else None,
        read_members(node.get("args"), "an argument", scope, dated) if "args" in keys else None,
        read_returns(node, scope) if "returns" in keys else None,
    )
    # One of which nothing could be read has a mistake already.
    return form if form != Form(past.at) else None


def _name(text: Text, scope: Scope) -> str | None:
    return scope.name(text, IDENTIFIER, "a method", IDENTIFIER_HINT)
