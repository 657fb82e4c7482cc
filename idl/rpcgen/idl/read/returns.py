"""`returns`: a type, perhaps with constraints."""

from __future__ import annotations

from rpcgen.idl.model import NO_CONSTRAINTS, Returns
from rpcgen.idl.read.constraints import read_constraints
from rpcgen.idl.read.scope import Scope, text_at
from rpcgen.idl.yamltext.nodes import Mapping


def read_returns(node: Mapping, scope: Scope) -> Returns:
    """Read what a method, or an older form of one, answers; nothing where it does not say, or says null."""
    value = node.get("returns")
    text = text_at(value, "type") if isinstance(value, Mapping) else text_at(node, "returns")
    type_ = scope.type(text) if text is not None and not text.null else None
    limits = read_constraints(value, type_, scope) if isinstance(value, Mapping) else NO_CONSTRAINTS
    return Returns(type_, limits)
