"""What kinds of YAML node may stand where: the vocabulary in which `grammar` writes the language down.

One description serves twice. `structure` walks a file along it and reports, and `schema` turns it into the JSON
Schema that editors use. A JSON Schema validator could do the first job too. Measured on an interface of 100 methods
and 60 types, all of the front takes 20 ms; importing jsonschema takes 50 ms, validating another 25, and its errors
need as much code to place and word as the check itself. So jsonschema stays in the tests, where it proves that both
readings of the description agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

T = TypeVar("T")

JsonType = Literal["string", "number", "integer", "boolean", "null"]


@dataclass(frozen=True, slots=True)
class TextShape:
    """A scalar. `choices` closes it; `pattern` is only for editors, the compiler has better words for a bad text.

    `json` says what an editor, which does not read raw text, may take the scalar for; `typed`, that the text begins with
    a type.
    """

    json: tuple[JsonType, ...] = ("string",)
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a map."""

    shape: Shape
    required: bool = False


Keys = Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Entries:
    """A map whose keys are names of the author's.

    With `named`, a key that begins with a letter is the name of an interface, and behind it stands the same map again.
    """

    value: Shape
    pattern: str | None = None
    named: Shape | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """What a node may be; each part that is not None is one allowed kind.

    `what` names it in messages ("a type such as int?") and in editors. A map has either `keys`, or `variants`
    (the first key that is present decides which), or `entries`. `one_of` names keys of which one has to be there.
    """

    what: str
    text: TextShape | None = None
    items: Shape | None = None
    keys: Keys | None = None
    variants: Mapping[str, Keys] | None = None
    entries: Entries | None = None
    null: bool = False
    anything: bool = False
    one_of: tuple[str, ...] = ()
    #: What the map with `keys` is called where the shape allows other kinds, too.
    keys_what: str = ""

    @property
    def map(self) -> bool:
        """Whether a map may stand here."""
        return self.keys is not None or self.variants is not None or self.entries is not None


def text(
    what: str, *choices: str, json: tuple[JsonType, ...] = ("string",), pattern: str | None = None
) -> Shape:
    """Describe a scalar."""
    return Shape(what, text=TextShape(json, choices, pattern))


def typed(what: str) -> Shape:
    """Describe a scalar that begins with a type."""
    return Shape(what, text=TextShape(typed=True))


def flag(what: str) -> Shape:
    """Describe `true` or `false`."""
    return Shape(what, text=TextShape(("boolean",), ("true", "false")))


def number(what: str) -> Shape:
    """Describe a number."""
    return Shape(what, text=TextShape(("number",)))


def listing(what: str, item: Shape) -> Shape:
    """Describe a list."""
    return Shape(what, items=item)


def keyed(what: str, keys: Keys, *, one_of: tuple[str, ...] = ()) -> Shape:
    """Describe a map with keys of the language's."""
    return Shape(what, keys=keys, one_of=one_of, keys_what=what)


def entries(what: str, value: Shape, pattern: str | None = None) -> Shape:
    """Describe a map with keys of the author's."""
    return Shape(what, entries=Entries(value, pattern))


def history(what: str, value: Shape, version: str, interface: str) -> Shape:
    """Describe a map by version, or by interface and version."""
    return Shape(
        what, entries=Entries(value, f"{version}|{interface}", entries(what, value, version))
    )


def begins_with_letter(key: str) -> bool:
    """Say whether a key of a history is the name of an interface."""
    return key[:1].isascii() and key[:1].isalpha()


def either(what: str, *shapes: Shape) -> Shape:
    """Describe a node of one of several kinds; each kind may occur once, so that a kind decides what is meant."""
    return Shape(
        what,
        text=_only(what, [shape.text for shape in shapes]),
        items=_only(what, [shape.items for shape in shapes]),
        keys=_only(what, [shape.keys for shape in shapes]),
        variants=_only(what, [shape.variants for shape in shapes]),
        entries=_only(what, [shape.entries for shape in shapes]),
        null=any(shape.null for shape in shapes),
        one_of=tuple(name for shape in shapes for name in shape.one_of),
        keys_what="".join(shape.keys_what for shape in shapes),
    )


def _only(what: str, parts: list[T | None]) -> T | None:
    given = [part for part in parts if part is not None]
    if len(given) > 1:
        raise AssertionError(f"unexpected second kind in {what}")
    return given[0] if given else None


def nullable(shape: Shape) -> Shape:
    """Allow nothing at all, too."""
    return replace(shape, null=True)
