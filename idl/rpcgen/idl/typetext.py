"""Type expressions as text: `map[string, list[Instance]]?` both ways.

Knows the spelling only; whether a name means anything is decided where all names are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from rpcgen.idl.model import ListOf, MapOf, Named, Nullable, Scalar, ScalarName, TypeExpr
from rpcgen.idl.report import nearest

SCALARS: tuple[ScalarName, ...] = get_args(ScalarName)
MAX_DEPTH = 64
MAX_NAME = 128

_SCALAR: dict[str, TypeExpr] = {name: Scalar(name) for name in SCALARS}
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_.]*)|([^\sA-Za-z_]))")

#: What people write who come from another language.
_FOREIGN = {
    "str": "string",
    "text": "string",
    "String": "string",
    "integer": "int",
    "int32": "int",
    "int64": "int",
    "long": "int",
    "number": "float",
    "double": "float",
    "boolean": "bool",
    "Bool": "bool",
    "array": "list[…]",
    "set": "list[…] with `unique: true`",
    "tuple": "list[…]",
    "dict": "map[string, …]",
    "object": "map[string, any]",
    "Any": "any",
    "None": "no `returns` at all, or T? for a value that may be null",
    "null": "T? for a value that may be null",
    "List": "list[T]",
    "Dict": "map[string, T]",
    "Map": "map[string, T]",
    "Optional": "T?",
    "UUID": "uuid",
    "timestamp": "datetime",
    "timedelta": "duration",
    "Decimal": "decimal",
    "binary": "bytes",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that a type text mentions, and where in the text."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True)
class TypeText:
    """A type text that was read."""

    type: TypeExpr
    references: tuple[Reference, ...]
    #: Whether something about it depends on what its names mean.
    needs_look: bool = False


@dataclass(frozen=True, slots=True)
class TypeMistake:
    """Why a type text cannot be read, and which of its characters are to blame."""

    message: str
    offset: int
    length: int
    hint: str = ""


class _Wrong(Exception):
    def __init__(self, mistake: TypeMistake) -> None:
        self.mistake = mistake


@lru_cache(maxsize=4096)
def parse_type(text: str) -> TypeText | TypeMistake:
    """Read a type text."""
    parser = _Parser(text)
    try:
        type_ = parser.type(0)
        parser.end()
    except _Wrong as wrong:
        return wrong.mistake
    return TypeText(
        type_, tuple(parser.references), "map" in text or ("?" in text and bool(parser.references))
    )


def type_text(type_: TypeExpr) -> str:
    """Write a type the way the language spells it."""
    match type_:
        case Scalar(name) | Named(name):
            return name
        case Nullable(inner):
            return f"{type_text(inner)}?"
        case ListOf(item):
            return f"list[{type_text(item)}]"
        case MapOf(key, value):
            return f"map[{type_text(key)}, {type_text(value)}]"


class _Parser:
    """A recursive descent over the tokens; the depth limit keeps it shallow."""

    def __init__(self, text: str) -> None:
        self.references: list[Reference] = []
        self._text = text
        self._offset = 0
        self._next()

    def _next(self) -> None:
        match = _TOKEN.match(self._text, self._offset)
        if match is None:
            self._token, self._start, self._is_word = "", len(self._text.rstrip()), False
            return
        group = 1 if match[1] is not None else 2
        self._token, self._start, self._is_word = match[group], match.start(group), group == 1
        self._offset = match.end()

    def _fail(self, message: str, hint: str = "") -> _Wrong:
        return _Wrong(TypeMistake(message, self._start, max(1, len(self._token)), hint))

    def _expect(self, token: str, after: str, hint: str = "") -> None:
        if self._token != token:
            raise self._fail(f'expected "{token}" after {after}, found {self._found()}', hint)
        self._next()

    def _found(self) -> str:
        return f'"{self._token[:80]}"' if self._token else "the end of the type"

    def end(self) -> None:
        """Expect nothing more."""
        if self._token == "|":
            raise self._fail(
                'found "|"', "a value that may be null is T?; other alternatives are a tagged union"
            )
        if self._token == "[":
            raise self._fail('found "["', "only list[T] and map[K, V] take parameters")
        if self._token:
            raise self._fail(f"expected the end of the type, found {self._found()}")

    def type(self, depth: int) -> TypeExpr:
        """Read one type with its `?`."""
        if depth >= MAX_DEPTH:
            raise self._fail(f"types are nested deeper than {MAX_DEPTH}")
        base = self._base(depth)
        if self._token != "?":
            return base
        self._next()
        if self._token == "?":
            raise self._fail('found a second "?"', "one ? says that a value may be null")
        return Nullable(base)

    def _base(self, depth: int) -> TypeExpr:
        if not self._is_word:
            raise self._fail(f"expected a type, found {self._found()}")
        word, start = self._token, self._start
        if word in {"list", "map"}:
            return self._parameters(word, depth)
        if (scalar := _SCALAR.get(word)) is not None:
            self._next()
            return scalar
        if word in _FOREIGN and not self._names_a_type(word):
            raise self._fail(f'unknown type "{word}"', foreign_hint(word))
        if not word[0].isupper() or "." in word or len(word) > MAX_NAME:
            known = ", ".join(SCALARS)
            raise self._fail(
                f'unknown type "{word[:80]}"',
                _near_scalar(word)
                or f"a built-in type ({known}), list[T], map[K, V] or a name of `types`",
            )
        self._next()
        self.references.append(Reference(word, start))
        return Named(word)

    def _parameters(self, word: str, depth: int) -> TypeExpr:
        self._next()
        spelling = "list[T]" if word == "list" else "map[string, T]"
        if self._token != "[":
            raise self._fail(
                f'expected "[" after "{word}", found {self._found()}', f"write {spelling}"
            )
        self._next()
        first = self.type(depth + 1)
        if word == "list":
            self._expect("]", "the item type")
            return ListOf(first)
        self._expect(",", "the key type", "write map[string, T]")
        value = self.type(depth + 1)
        self._expect("]", "the value type")
        return MapOf(first, value)

    def _names_a_type(self, word: str) -> bool:
        """Say whether this can be one of `types`, which may be called as another language calls something."""
        following = _TOKEN.match(self._text, self._offset)
        return word[0].isupper() and (following is None or following[2] != "[")


def foreign_hint(word: str) -> str:
    """Return what to write instead of a type of another language; nothing for other words."""
    ours = _FOREIGN.get(word)
    return f"write {ours}" if ours else ""


def _near_scalar(word: str) -> str:
    near = nearest(word, [*SCALARS, "list", "map"])
    return f'did you mean "{near}"?' if near else ""
