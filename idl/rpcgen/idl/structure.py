"""The first pass over a file: is every node of a kind that may stand where it stands, and is every key known?

Walks the tree along `grammar` and reports; it changes nothing and decides nothing. The readers behind it may
therefore skip what has the wrong kind in silence.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.shape import Keys, Shape, begins_with_letter
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text


def check_structure(root: Node, shape: Shape, report: Report) -> None:
    """Report every node that does not fit its shape."""
    waiting: list[tuple[Node, Shape]] = [(root, shape)]
    while waiting:
        node, shape = waiting.pop()
        if shape.anything:
            continue
        if isinstance(node, Text):
            if not node.refused:
                _check_text(node, shape, report)
        elif isinstance(node, Sequence):
            if shape.items is None:
                _wrong_kind(node, shape, report)
            else:
                waiting.extend([(item, shape.items) for item in node.items])
        elif not shape.map:
            _wrong_kind(node, shape, report)
        else:
            _check_map(node, shape, report, waiting)


def _check_text(node: Text, shape: Shape, report: Report) -> None:
    if node.null and (shape.null or (shape.text is not None and "null" in shape.text.json)):
        return
    if shape.text is None or node.missing:
        _wrong_kind(node, shape, report)
        return
    choices = shape.text.choices
    if not choices:
        return
    closed_by_type = shape.text.json != ("string",)
    if node.value not in choices or (closed_by_type and not node.plain):
        expected = " or ".join(choices) if len(choices) < 3 else f"one of {', '.join(choices)}"
        quoted = " (in quotes)" if closed_by_type and node.value in choices else ""
        report.error(
            "unknown-value",
            f'found "{node.value[:80]}"{quoted}, expected {expected}',
            node.at,
            hint=report.suggest(node.value, choices) if not quoted else "remove the quotes",
        )


def _check_map(
    node: Mapping, shape: Shape, report: Report, waiting: list[tuple[Node, Shape]]
) -> None:
    if shape.entries is not None and shape.keys is None and shape.variants is None:
        value, named = shape.entries.value, shape.entries.named
        for name, entry in node.entries.items():
            inner = named if named is not None and begins_with_letter(name) else value
            waiting.append((entry.value, inner))
        return
    keys, what = _keys(node, shape, report)
    if keys is None:
        return
    for name, entry in node.entries.items():
        key = keys.get(name)
        if key is None:
            _unknown_key(name, entry.key.at, keys, what, report)
        else:
            waiting.append((entry.value, key.shape))
    if node.partial:
        return
    missing = [name for name, key in keys.items() if key.required and name not in node.entries]
    if shape.one_of and not any(name in node.entries for name in shape.one_of):
        missing.append(" or ".join(reversed(shape.one_of)))
    for name in missing:
        quoted = " or ".join(f'"{part}"' for part in name.split(" or "))
        report.error("missing-key", f"{what} needs the key {quoted}", node.at)


_VARIANT_NAMES = {
    "enum": "an enum",
    "union": "a union",
    "opaque": "an opaque type",
    "fields": "a struct",
    "extends": "a struct",
    "type": "an alias",
}


def _keys(node: Mapping, shape: Shape, report: Report) -> tuple[Keys | None, str]:
    if shape.variants is None:
        return shape.keys or {}, shape.keys_what
    for name, keys in shape.variants.items():
        if name in node.entries:
            return keys, _VARIANT_NAMES[name]
    if node.partial:
        return None, ""
    _report_no_variant(node, shape.variants, shape.what.split(",")[0], report)
    return None, ""


def _report_no_variant(
    node: Mapping, variants: MappingOf[str, Keys], what: str, report: Report
) -> None:
    """Report the keys that no variant has: one of them may be meant for the key that says which it is."""
    names = [name for name in variants if name != "extends"]
    needed = f"{what} needs one of the keys {', '.join(names)}"
    known = dict.fromkeys(name for keys in variants.values() for name in keys)
    meant = False
    for name, entry in node.entries.items():
        if name not in known:
            hint = report.suggest(name, names)
            meant = meant or bool(hint)
            hint = hint or report.suggest(name, known) or needed
            message = f'{what} has no key "{name[:80]}"'
            report.error("unknown-key", message, entry.key.at, hint=hint)
    if not meant:
        report.error("missing-key", needed, node.at)


def _unknown_key(name: str, at: Position, keys: Keys, what: str, report: Report) -> None:
    hint = report.suggest(name, keys) or f"the keys of {what} are {', '.join(keys)}"
    report.error("unknown-key", f'{what} has no key "{name[:80]}"', at, hint=hint)


def _wrong_kind(node: Node, shape: Shape, report: Report) -> None:
    if isinstance(node, Text):
        found = "nothing" if node.missing else f'the text "{node.value[:80]}"'
    else:
        found = "a list" if isinstance(node, Sequence) else "a map"
    report.error("wrong-kind", f"expected {shape.what}, found {found}", node.at)
