"""The search for counterexamples: several small messages of each writer, until one fails on its reader.

A message counts if whoever writes it may write it, and whoever reads it refuses it or takes it for something else. Both
are asked: nothing here decides what is valid.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from rpcgen.cli._examples.sample import Sample
from rpcgen.cli._examples.sides import Fails, Side, both
from rpcgen.cli._matrix.texts import Unmakeable
from rpcgen.idl import Interface
from rpcgen.idl.compat import Finding
from rpcgen.idl.compat.change import Change, Root

Plain = Any

#: How many messages are tried for one change; they are made from the smallest on.
_TRIES = 64
#: Changes after which a message can be read, and means something else.
_READ_OTHERWISE = {("default", "changed"), ("field", "renamed")}
#: What a decoder says of a converter.
_CONVERTER = "the converter "


@dataclass(frozen=True, slots=True)
class Example:
    """A message that shows what a change breaks.

    Attributes:
        root: which payload it is.
        writer, reader: `old` and `new`, or the other way round.
        message: as JSON has it.
        failure: what the reader says, or makes of it.
    """

    root: Root
    writer: str
    reader: str
    message: Plain
    failure: str

    @property
    def text(self) -> str:
        """The message as JSON."""
        return json.dumps(self.message, ensure_ascii=False)


def examples(old: Interface, new: Interface, findings: Sequence[Finding]) -> dict[str, Example]:
    """The smallest message that was found for each finding, by fingerprint."""
    changes = {each.fingerprint: each.change for each in findings if each.change is not None}
    if not changes:
        return {}
    found: dict[str, Example] = {}
    with both(old, new, [change.root for change in changes.values()]) as (one, two):
        for fingerprint, change in changes.items():
            shown = list(_shown(change, one, two))
            if shown:
                found[fingerprint] = min(shown, key=lambda each: len(each.text))
    return found


def fails(change: Change, writer: str, message: Plain, old: Side, new: Side) -> str:
    """What is wrong with one message; nothing if it is read as it was meant, or never written."""
    sides = {"old": old, "new": new}
    reader = "new" if writer == "old" else "old"
    try:
        wrote = sides[writer].written(change.root, message, sides[reader].at)
    except Fails:
        return ""
    return _failure(change, wrote, (writer, sides[writer]), (reader, sides[reader]))


def _shown(change: Change, old: Side, new: Side) -> Iterator[Example]:
    """Yield the messages that show a change: old requests, and answers and events of both."""
    yield from _of_writer(change, ("old", old), ("new", new))
    if change.root.reader != "request":
        yield from _of_writer(change, ("new", new), ("old", old))


def _of_writer(
    change: Change, writer: tuple[str, Side], reader: tuple[str, Side]
) -> Iterator[Example]:
    root = change.root
    for message in islice(_messages(change, writer), _TRIES):
        try:
            wrote = writer[1].written(root, message, reader[1].at)
        except Fails:
            continue
        failure = _failure(change, wrote, writer, reader)
        if failure:
            yield Example(root, writer[0], reader[0], wrote, failure)


def _failure(
    change: Change, message: Plain, writer: tuple[str, Side], reader: tuple[str, Side]
) -> str:
    """What is wrong with a message that was written; nothing if it is read as it was meant."""
    root = change.root
    try:
        read = reader[1].read(root, message)
    except Fails as error:
        # A converter of the program's would have to make it, and here is none.
        return "" if _CONVERTER in str(error) else str(error)
    if (change.subject, change.action) not in _READ_OTHERWISE:
        return ""
    try:
        meant = _part(writer[1].read(root, message), _way(change, writer[0]))
    except Fails:
        return ""
    got = _part(read, _way(change, reader[0]))
    # Compared as text: to Python, 1 is true.
    texts = json.dumps(got), json.dumps(meant)
    return "" if texts[0] == texts[1] else f"read as {texts[0]}, meant as {texts[1]}"


def _way(change: Change, side: str) -> tuple[str, ...]:
    """The way to the part, by the names of one side."""
    renamed = (change.subject, change.action) == ("field", "renamed") and side == "old"
    return (*change.way[:-1], change.before) if renamed else change.way


def _messages(change: Change, writer: tuple[str, Side]) -> Iterable[Plain]:
    try:
        yield from Sample(writer[1].view).payloads(change.root, _way(change, writer[0]))
    except Unmakeable:
        return


def _part(value: Plain, way: Sequence[str]) -> Plain:
    """The part of a value that a way leads to; None if it is not there."""
    for step in way:
        if isinstance(value, dict):
            entries = cast("dict[str, Plain]", value)
            value = next(iter(entries.values()), None) if step == "[]" else entries.get(step)
        elif isinstance(value, list) and step == "[]":
            value = next(iter(cast("Iterable[Plain]", value)), None)
        else:
            return None
    return value
