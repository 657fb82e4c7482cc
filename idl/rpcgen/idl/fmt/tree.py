"""A YAML text as it is written: texts with their quotes, lists and maps with their brackets, and the comments.

Knows nothing of what keys mean, and nothing of how anything should look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from yaml.events import (
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

#: Line and column, which count from 0 here, as the parser's do.
Place: TypeAlias = tuple[int, int]


@dataclass(slots=True)
class Scalar:
    """A text: what it means, its style (empty for an unquoted one), and what is written, line by line.

    `bare` says that it is quoted only because it stands, or stood, inside of brackets.
    """

    value: str
    style: str
    rows: list[str]
    start: Place
    end: Place
    bare: bool = False

    @property
    def missing(self) -> bool:
        """Whether nothing stands where a value could."""
        return not self.style and not self.value


@dataclass(slots=True)
class Item:
    """A value with its key, if it has one, and its comments.

    `above` holds comments that have lines for themselves, with "" for a blank line; `behind` those that follow it on its
    line, the first of them at `column`, which counts from 0; `blank` says that a blank line is right before it.
    """

    key: Scalar | None
    value: Node
    start: Place
    above: list[str] = field(default_factory=list[str])
    behind: list[str] = field(default_factory=list[str])
    column: int = 0
    blank: bool = False

    @property
    def end(self) -> Place:
        """Where its value ends."""
        return self.value.end

    @property
    def name(self) -> str:
        """The key's text."""
        return self.key.value if self.key is not None else ""


@dataclass(slots=True)
class Collection:
    """A list or a map; `below` are comments behind its last item."""

    is_map: bool
    flow: bool
    start: Place
    end: Place
    items: list[Item] = field(default_factory=list[Item])
    below: list[str] = field(default_factory=list[str])


Node: TypeAlias = Scalar | Collection


def build(events: Iterable[Event], rows: list[str]) -> Collection:
    """Make the tree of a text that is known to be one readable map."""
    stream = iter(events)
    for event in stream:
        if isinstance(event, MappingStartEvent):
            return _collection(event, stream, rows)
    raise AssertionError("unexpected text without a map")


def _collection(start: Event, stream: Iterator[Event], rows: list[str]) -> Collection:
    begun: Any = start
    place = _place(begun.start_mark)
    made = Collection(isinstance(start, MappingStartEvent), bool(begun.flow_style), place, place)
    key: Scalar | None = None
    for event in stream:
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            ended: Any = event
            # The end of a block is where the parser noticed it: at the next thing that is not of it.
            made.end = _place(ended.end_mark) if made.flow or not made.items else made.items[-1].end
            break
        node = _node(event, stream, rows)
        if made.is_map and key is None:
            assert isinstance(node, Scalar)
            key = node
            continue
        made.items.append(Item(key, node, (key or node).start))
        key = None
    return made


def _node(event: Event, stream: Iterator[Event], rows: list[str]) -> Node:
    if isinstance(event, ScalarEvent):
        return _scalar(event, rows)
    assert isinstance(event, MappingStartEvent | SequenceStartEvent)
    return _collection(event, stream, rows)


def _scalar(event: Any, rows: list[str]) -> Scalar:
    start, end = _place(event.start_mark), _place(event.end_mark)
    style: str = event.style or ""
    if style in {"|", ">"}:
        return Scalar(event.value, style, *_block(start, end, rows))
    written = rows[start[0] : end[0] + 1] or [""]
    written[-1] = written[-1][: end[1]]
    written[0] = written[0][start[1] :]
    return Scalar(event.value, style, written, start, end)


def _block(start: Place, end: Place, rows: list[str]) -> tuple[list[str], Place, Place]:
    """The header of a block text and its lines; it ends with its last line that is not blank."""
    header = rows[start[0]][start[1] :].partition(" ")[0].rstrip()
    last = end[0] if end[1] > 0 else end[0] - 1
    content = rows[start[0] + 1 : last + 1]
    if "+" not in header:
        while content and not content[-1].strip():
            content.pop()
    number = start[0] + len(content)
    return [header, *content], start, (number, len(rows[number]))


def _place(mark: Any) -> Place:
    return mark.line, mark.column


def items_of(node: Node) -> Iterator[tuple[Item, Collection]]:
    """Yield all items below a node, with the collection that each is of, in the order of the text."""
    waiting: list[tuple[Item, Collection]] = []
    current: Node | None = node
    while True:
        if isinstance(current, Collection):
            waiting += [(item, current) for item in reversed(current.items)]
        if not waiting:
            return
        found = waiting.pop()
        yield found
        current = found[0].value
