"""Text -> text in the canonical layout, with the proof that nothing but the layout changed.

Knows neither files nor folders. A text that is no YAML, or no map, has no layout: its mistakes come back.
"""

from __future__ import annotations

from dataclasses import dataclass

from rpcgen.idl.diagnostics import LINE_BREAK, Diagnostic
from rpcgen.idl.fmt.attach import attach
from rpcgen.idl.fmt.keys import arrange
from rpcgen.idl.fmt.tree import Collection, build
from rpcgen.idl.fmt.write import INDICATORS, write
from rpcgen.idl.grammar import FILE, LIBRARY
from rpcgen.idl.misread import is_named, is_text, shape_of
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.shape import Shape
from rpcgen.idl.yamltext.comments import comments_of, events_of
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text

#: Sections of a file, which a blank line separates.
_SECTIONS = frozenset({"types", "errors", "methods", "events"})


_MAX_KEY = 500


@dataclass(frozen=True, slots=True)
class Formatted:
    """The text in the canonical layout; None if there are diagnostics, which say why there is none."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...] = ()


def formatted(text: str, file: str = "<text>") -> Formatted:
    """Bring a text into the canonical layout.

    An unquoted type with brackets inside of brackets, which YAML cannot read and whose author everybody understands, is
    quoted on the way.
    """
    text = text.removeprefix("\ufeff")
    tree, diagnostics = _composed(text, file)
    if diagnostics and all(each.rule == "yaml-flow-type" for each in diagnostics):
        text = _with_quotes(text, [each.position for each in diagnostics])
        tree, diagnostics = _composed(text, file)
    if diagnostics:
        return Formatted(None, diagnostics)
    if not isinstance(tree, Mapping):
        at = tree.at if tree is not None else Position(file, 1, 1)
        message = "expected a map with the keys of an interface"
        return Formatted(
            None, (Diagnostic("wrong-kind", message, at, hint="start with: rpcgen: 1"),)
        )
    if (long := _long_key(tree)) is not None:
        message = f"a key has at most {_MAX_KEY} characters"
        return Formatted(None, (Diagnostic("bad-name", message, long.at),))
    shape = FILE if "interface" in tree.entries else LIBRARY
    result = _laid_out(text, shape)
    _prove(text, tree, result, shape, file)
    return Formatted(result)


def _long_key(tree: Mapping) -> Text | None:
    """A key that YAML reads only behind a `?`; no name of the language is as long."""
    waiting: list[Node] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Sequence):
            waiting += node.items
        elif isinstance(node, Mapping):
            for entry in node.entries.values():
                if len(entry.key.value) > _MAX_KEY:
                    return entry.key
                waiting.append(entry.value)
    return None


def _composed(text: str, file: str) -> tuple[Node | None, tuple[Diagnostic, ...]]:
    report = Report()
    tree = compose(text, file, report)
    return tree, report.diagnostics([file])


def _with_quotes(text: str, places: list[Position]) -> str:
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text))]
    for place in sorted(places, reverse=True):
        begin = starts[place.line - 1] + place.column - 1
        end = begin + place.length
        text = f'{text[:begin]}"{text[begin:end]}"{text[end:]}'
    return text


def _laid_out(text: str, shape: Shape) -> str:
    rows = LINE_BREAK.split(text)
    root = build(events_of(text), rows)
    head = attach(root, comments_of(text), rows)
    arrange(root, shape)
    _separate_sections(root)
    return write(root, head)


def _separate_sections(root: Collection) -> None:
    root.flow = False
    for item in root.items:
        if item.name in _SECTIONS:
            if item.above and item.above[0]:
                item.above.insert(0, "")
            item.blank |= not item.above


def _prove(text: str, tree: Mapping, result: str, shape: Shape, file: str) -> None:
    """Fail rather than return a text that says something else, or has lost a comment."""
    after, diagnostics = _composed(result, file)
    before = sorted(comment.text for comment in comments_of(text))
    if diagnostics or not _same(tree, after, shape):
        raise AssertionError(f"unexpected change of meaning while formatting {file}")
    if before != sorted(comment.text for comment in comments_of(result)):
        raise AssertionError(f"unexpected change of comments while formatting {file}")


def _same(before: Node, after: Node | None, shape: Shape | None) -> bool:
    """Whether two trees say the same: only a text that is one either way may be quoted or not."""
    if isinstance(before, Text):
        free = shape is not None and shape.text is not None and is_text(shape.text, before.value)
        free |= before.value in INDICATORS
        same = isinstance(after, Text) and after.value == before.value
        return same and isinstance(after, Text) and (free or after.plain == before.plain)
    if isinstance(before, Sequence):
        if not isinstance(after, Sequence) or len(after.items) != len(before.items):
            return False
        inner = shape.items if shape is not None else None
        pairs = zip(before.items, after.items, strict=True)
        return all(_same(old, new, inner) for old, new in pairs)
    if not isinstance(after, Mapping) or not _same_keys(before, after, shape):
        return False
    return all(
        _same(
            entry.value,
            after.entries[name].value,
            shape_of(before.entries, name, shape) if shape is not None else None,
        )
        for name, entry in before.entries.items()
    )


def _same_keys(before: Mapping, after: Mapping, shape: Shape | None) -> bool:
    """Whether two maps have the same keys, in the same order where the order says something."""
    old, new = list(before.entries), list(after.entries)
    if shape is None or is_named(shape) or shape.anything:
        return old == new
    kinds = {"call", "cast"}
    return sorted(old) == sorted(new) and (
        [key for key in old if key in kinds] == [key for key in new if key in kinds]
    )
