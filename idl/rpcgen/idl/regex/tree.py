"""The parse tree of Python's own regular expressions. The one module that uses the private parts of `re`.

They are what the compiler of `re` works from, so the tree is what will run; their shape is stable from 3.11 to 3.14.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

#: The names of operations, categories and positions.
constants: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")


def parse(pattern: str) -> tuple[list[tuple[Any, Any]], int]:
    """Return a pattern's operations and its flags.

    Raises:
        re.error, OverflowError, RecursionError: it is not a regular expression, or too much of one.
    """
    tree = _parser.parse(pattern)
    return list(tree), int(tree.state.flags)
