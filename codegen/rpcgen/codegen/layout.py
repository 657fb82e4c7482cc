"""Where lines break, so that the formatter finds nothing to change.

Either a construct fits into WIDTH columns on one line, or it has one item a line and a comma after the last, which
every formatter of Black's family keeps at any line length. The few statements for which there is no such form
(names of eighty characters, say) are marked `# fmt: skip`. Knows nothing of what the text means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

#: The line length of ruff and Black unless configured; whoever configures a longer one sees no change either.
WIDTH = 88
INDENT = "    "
SKIP = "  # fmt: skip"

#: What stands after the last item: a comma if there are several lines (most brackets), also on one line (a tuple of
#: one), or never (a subscript of one).
Comma = Literal["lines", "always", "never"]


class Group(NamedTuple):
    """`before` items `after`, with the brackets at the inner ends: `Meta(`, `ge=1`, `)`."""

    before: str
    items: tuple[Expr, ...]
    after: str
    comma: Comma = "lines"
    #: One item a line, even if all would fit on one.
    exploded: bool = False
    #: What follows the closing bracket in the same expression, e.g. ` | None`; such a group is not broken.
    tail: str = ""


Expr = str | Group


def call(function: str, *items: Expr, exploded: bool = False) -> Expr:
    """`function(items)`."""
    return bracket(f"{function}(", items, ")", exploded=exploded)


def subscript(name: str, *items: Expr) -> Expr:
    """`name[items]`."""
    return Group(f"{name}[", items, "]", "lines" if len(items) > 1 else "never")


def tuple_of(items: Sequence[Expr], *, exploded: bool = False) -> Expr:
    """`(items,)`, or `()`."""
    return bracket("(", items, ")", "always" if len(items) == 1 else "lines", exploded=exploded)


def bracket(
    before: str,
    items: Iterable[Expr],
    after: str,
    comma: Comma = "lines",
    *,
    exploded: bool = False,
) -> Expr:
    """Any bracketed list; an empty one is one word."""
    found = tuple(items)
    return Group(before, found, after, comma, exploded) if found else before + after


def around(before: str, expr: Expr, tail: str = "") -> Expr:
    """Text directly before an expression, e.g. `name=`, and after it, e.g. ` | None`."""
    if isinstance(expr, str):
        return f"{before}{expr}{tail}"
    return expr._replace(before=before + expr.before, tail=expr.tail + tail)


def flat(expr: Expr) -> str:
    """The expression on one line."""
    if isinstance(expr, str):
        return expr
    inside = ", ".join([flat(item) for item in expr.items])
    return f"{expr.before}{inside}{',' if expr.comma == 'always' else ''}{expr.after}{expr.tail}"


def statement(before: str, expr: Expr, indent: str = "", colon: str = "") -> str:
    """A simple statement, or the head of a compound one (with its colon)."""
    lines = _lay(around(before, expr), indent, room=len(colon))
    lines[-1] += colon
    return _settled(lines)


def annotated(name: str, annotation: Expr, value: Expr | None, indent: str = "") -> str:
    """`name: annotation = value`; the value breaks first, then the annotation."""
    if value is None:
        return _settled(_lay(around(f"{name}: ", annotation), indent))
    head = f"{name}: {flat(annotation)} = "
    lines = _lay(around(head, value), indent)
    opened = _opened(annotation)
    if opened is not None and max(map(len, lines)) > WIDTH:
        broken = _lay(around(f"{name}: ", opened), indent)
        rest = _lay(around(f"{broken[-1][len(indent) :]} = ", value), indent)
        lines = broken[:-1] + rest
    return _settled(lines)


def header(before: str, parameters: Sequence[Expr], after: str, indent: str = "") -> str:
    """`def name(parameters) -> result:`; keywords (after a `*`) stand one a line."""
    line = f"{indent}{before}({', '.join(map(flat, parameters))}){after}"
    if len(parameters) <= 1 or ("*" not in parameters and len(line) <= WIDTH):
        return _settled([line])
    lines = [f"{indent}{before}("]
    for parameter in parameters:
        lines += _lay(parameter, indent + INDENT, room=1)
        lines[-1] += ","
    return _settled([*lines, f"{indent}){after}"])


def _lay(expr: Expr, indent: str, room: int = 0) -> list[str]:
    """Lines of an expression; `room` columns are needed after the last for what follows it."""
    if isinstance(expr, str):
        return [indent + expr]
    if not _explodes(expr):
        line = indent + flat(expr)
        if len(line) + room <= WIDTH:
            return [line]
        opened = _opened(expr)
        if opened is None:
            return [line]
        expr = opened
    inner = indent + INDENT
    comma = "" if expr.comma == "never" else ","
    lines = [indent + expr.before]
    for item in expr.items:
        lines += _lay(item, inner, room=len(comma))
        lines[-1] += comma
    return [*lines, indent + expr.after + expr.tail]


def _explodes(expr: Expr) -> bool:
    """Whether something in it stands on lines of its own whatever its width."""
    return isinstance(expr, Group) and (expr.exploded or any(map(_explodes, expr.items)))


def _opened(expr: Expr) -> Group | None:
    """The group in a form that stays broken at any line length; None if it has none."""
    if isinstance(expr, str) or expr.tail:
        return None
    if expr.comma == "lines":
        return expr._replace(exploded=True)
    inner = _opened(expr.items[0])
    return expr._replace(items=(inner,)) if inner is not None else None


def _settled(lines: list[str]) -> str:
    """Mark what is still too long: the formatter would look for a break in it."""
    text = "\n".join(lines)
    return text + SKIP if max(map(len, lines)) > WIDTH else text
