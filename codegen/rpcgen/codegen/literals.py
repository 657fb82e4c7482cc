"""Texts of the interface file as Python source: the one place where a literal is made.

Every literal is made from `repr` of an exact built-in value, so no text of the file can become code; and it is spelled
as the formatter would spell it, so that it stays as it is. Knows nothing of interfaces.
"""

from __future__ import annotations

import re
from typing import TypeVar

T = TypeVar("T")

#: What needs a backslash in a docstring: a backslash; three quotes in a row; quotes beside those of the docstring.
_SURROGATE = re.compile("[\ud800-\udfff]")
_INSIDE = re.compile(r'\\|"{3,}')
_AT_START = re.compile(r'^"+|\\|"{3,}')
_AT_ENDS = re.compile(r'^"+|\\|"{3,}|"+$')


def text_literal(value: str) -> str:
    """Spell a str: in double quotes unless single ones need fewer escapes."""
    # After a double quote, `repr` always chooses single quotes around, so the inside has one spelling.
    inside = repr('"' + _exact(value, str))[2:-1]
    if value.count('"') > value.count("'"):
        return f"'{inside}'"
    return f'"{_in_double_quotes(inside)}"'


def bytes_literal(value: bytes) -> str:
    """Spell bytes, with the same choice of quotes."""
    inside = repr(b'"' + _exact(value, bytes))[3:-1]
    if value.count(b'"') > value.count(b"'"):
        return f"b'{inside}'"
    return f'b"{_in_double_quotes(inside)}"'


def number_literal(value: bool | int | float) -> str:
    """Spell a number or bool; an int may have any number of digits."""
    if type(value) is int:
        return str(value) if value.bit_length() < 4096 else hex(value)
    if type(value) is float and (value != value or value in {float("inf"), float("-inf")}):
        return f'float("{value!r}")'
    if type(value) in {bool, float}:
        return repr(value)
    raise AssertionError(f"unexpected number: {type(value).__name__}")


def docstring(text: str, indent: str) -> str:
    """Spell a docstring, indented: the quotes of a long one stand on lines of their own.

    Kept: every character but white space at the ends of lines, blank lines at either end, and indentation that all
    lines but the first have in common. What is not printable (tabs too) becomes an escape.
    """
    lines = [line.rstrip() for line in _exact(text, str).split("\n")]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    if not lines:
        raise AssertionError("unexpected empty docstring")
    lines[0] = lines[0].lstrip()
    if len(lines) == 1:
        return f'{indent}"""{_escaped(_AT_ENDS, lines[0])}"""'
    margin = min(len(line) - len(line.lstrip(" ")) for line in lines[1:] if line)
    rest = [_escaped(_INSIDE, line[margin:]) for line in lines[1:]]
    lines = [_escaped(_AT_START, lines[0]), *rest]
    body = "\n".join(indent + line if line else "" for line in lines)
    return f'{indent}"""{body[len(indent) :]}\n{indent}"""'


def comment(text: str) -> str:
    """Make a text fit for a comment line: printable, on one line."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in _exact(text, str))


def _escaped(special: re.Pattern[str], line: str) -> str:
    line = special.sub(lambda match: "".join("\\" + c for c in match[0]), line)
    if line.isprintable():
        return line
    # A lone surrogate is no text; Python refuses a class with one in its docstring.
    line = line.encode("utf-8", "replace").decode() if _SURROGATE.search(line) else line
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def _in_double_quotes(inside: str) -> str:
    """Turn the inside of a single-quoted literal into that of a double-quoted one."""
    return inside.replace("\\'", "'").replace('"', '\\"')


def _exact(value: T, cls: type[T]) -> T:
    """A subclass could bring a `__repr__` of its own."""
    if type(value) is not cls:
        raise AssertionError(f"unexpected {type(value).__name__}, expected exactly {cls.__name__}")
    return value
