"""Values inside a short form, such as the list in `list[int] = [1, 2]`, as nodes of the file."""

from __future__ import annotations

from rpcgen.idl.position import Position
from rpcgen.idl.read.scope import Scope
from rpcgen.idl.read.shortform import Piece
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Text


def value_node(node: Text, piece: Piece, scope: Scope) -> Node | None:
    """Return what stands behind the equals sign; None after a reported mistake."""
    at = node.part(piece.offset, len(piece.text))
    if not piece.text:
        scope.report.error(
            "bad-short-form",
            'expected a value after "="',
            node.part(max(0, piece.offset - 1), 1),
            hint="a text that starts with # must be quoted, else it is a comment: \"string = '#fff'\"",
        )
        return None
    if piece.text[0] not in "\"'[{":
        return Text(piece.text, at)
    found = compose(piece.text, at.file, inner := Report())
    if found is None or inner.failed:
        message = next((d.message for d in inner.diagnostics(())), "it is not readable")
        scope.report.error("bad-short-form", f"the default is not readable: {message}", at)
        return None
    return _moved(found, at)


def _moved(node: Node, at: Position) -> Node:
    """Give a node from inside a scalar the place that it has in the file."""
    if isinstance(node, Text):
        return Text(node.value, at, node.plain)
    if isinstance(node, Mapping):
        entries = {
            key: Entry(Text(entry.key.value, at, entry.key.plain), _moved(entry.value, at))
            for key, entry in node.entries.items()
        }
        return Mapping(entries, at)
    node.items = [_moved(item, at) for item in node.items]
    node.at = at
    return node
