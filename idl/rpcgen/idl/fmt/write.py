"""A tree -> text: two blanks a level, brackets that were there where they fit on a line, at most one blank line.

Knows nothing of what keys mean.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rpcgen.idl.fmt.tree import Collection, Item, Node, Scalar

WIDTH = 100
_STEP = 2

#: Texts that need quotes outside of brackets and not inside.
INDICATORS = frozenset({"-", "?"})

#: What a text in double quotes can hold without an escape.
_UNESCAPED = re.compile(r'[^"\\\x00-\x1f\x7f-\x9f]*')


def write(root: Collection, head: Sequence[str]) -> str:
    """Return the text of a tree, with the comments that stay above everything."""
    body = _block(root, 0) if root.items else ["{}"]
    return "\n".join([*head, *body]) + "\n"


def _block(collection: Collection, indent: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    kept = False
    for item in collection.items:
        lead = [*item.above, ""] if item.blank else item.above
        lines += _comments(lead, pad, kept or not lines)
        lines += _item(item, indent, collection.is_map)
        kept = _keeps(item.value)
    return lines + _comments(collection.below, pad, kept)


def _comments(comments: Sequence[str], pad: str, close: bool) -> list[str]:
    """Comments and blank lines; `close`: none comes first.

    A block text that keeps the blank lines behind it would take one more for its own.
    """
    found = [f"{pad}{comment}" if comment else "" for comment in comments]
    while close and found[:1] == [""]:
        found.pop(0)
    return found


def _keeps(node: Node) -> bool:
    """Whether the text that a node ends with keeps the blank lines behind it."""
    while isinstance(node, Collection) and node.items:
        node = node.items[-1].value
    return isinstance(node, Scalar) and node.style in {"|", ">"} and "+" in node.rows[0]


def _item(item: Item, indent: int, is_map: bool) -> list[str]:
    prefix = " " * indent + (f"{_key(item)}:" if is_map else "-")
    value = item.value
    if isinstance(value, Scalar):
        return _scalar(value, prefix, item, indent)
    text = _inline(value) if value.flow or not value.items else None
    if text is not None and (not value.items or len(prefix) + 1 + len(text) <= WIDTH):
        return [_behind(f"{prefix} {text}", item)]
    if is_map:
        return [_behind(prefix, item), *_block(value, indent + _STEP)]
    return _dashed(item, value, prefix, indent)


def _behind(line: str, item: Item) -> str:
    """A line with the comment that follows it: where it was, if that is behind the line's end."""
    if not item.behind:
        return line
    return f"{line:{max(item.column, len(line) + 2)}}{item.behind[0]}"


def _dashed(item: Item, value: Collection, prefix: str, indent: int) -> list[str]:
    """A list or a map as an item of a list: its first line stands behind the dash."""
    first = value.items[0]
    above = [comment for comment in (*item.behind, *first.above) if comment]
    first.above, first.blank = [], False
    head, *rest = _block(value, indent + _STEP)
    return [*(" " * indent + comment for comment in above), f"{prefix} {head.lstrip()}", *rest]


def _scalar(scalar: Scalar, prefix: str, item: Item, indent: int) -> list[str]:
    if scalar.missing:
        return [_behind(prefix, item)]
    if scalar.style in {"|", ">"}:
        return _block_text(scalar, prefix, item, indent + _STEP)
    text = scalar.value if scalar.bare else _one_line(scalar)
    if text in INDICATORS:
        text = f'"{text}"'
    if text is not None:
        return [_behind(f"{prefix} {text}", item)]
    first, *rest = scalar.rows
    pad = " " * (indent + _STEP)
    rows = [pad + row.lstrip(" \t") if row.strip() else "" for row in rest]
    return [f"{prefix} {first}", *rows[:-1], _behind(rows[-1], item)]


def _block_text(scalar: Scalar, prefix: str, item: Item, indent: int) -> list[str]:
    """A block text, moved to another indentation."""
    header, *content = scalar.rows
    first = next((row for row in content if row.strip()), "")
    meant = next((line for line in scalar.value.split("\n") if line.strip()), "")
    more = len(meant) - len(meant.lstrip(" "))
    removed = len(first) - len(first.lstrip(" ")) - more
    chomp = "".join(mark for mark in "+-" if mark in header)
    if scalar.value and not scalar.value.endswith("\n"):
        # The last line of a file without a line end has none, and gets one.
        chomp = "-"
    # Only where the text itself begins with blanks does somebody have to say how many are indentation.
    told = str(_STEP) if more else ""
    pad = " " * indent
    rows = [pad + row[removed:] if len(row) > removed else "" for row in content]
    return [_behind(f"{prefix} {scalar.style}{told}{chomp}", item), *rows]


def _key(item: Item) -> str:
    key = item.key
    assert key is not None
    return _one_line(key) or json.dumps(key.value, ensure_ascii=False)


def _one_line(scalar: Scalar) -> str | None:
    """The text as it is written, in double quotes where it is quoted and needs no escapes; None if it has more lines."""
    if len(scalar.rows) > 1 or scalar.style in {"|", ">"}:
        return None
    if scalar.style == "'" and _UNESCAPED.fullmatch(scalar.value):
        return f'"{scalar.value}"'
    return scalar.rows[0]


def _inline(node: Node) -> str | None:
    """A node inside of brackets; None if it holds comments or several lines, or is no longer to be in brackets."""
    if isinstance(node, Scalar):
        return _one_line(node)
    if not node.items:
        return "{}" if node.is_map else "[]"
    if not node.flow or node.below:
        return None
    parts: list[str] = []
    for item in node.items:
        text = _inline(item.value)
        if text is None or item.above or item.behind:
            return None
        parts.append(f"{_key(item)}: {text}" if node.is_map else text)
    inside = ", ".join(parts)
    return f"{{{inside}}}" if node.is_map else f"[{inside}]"
