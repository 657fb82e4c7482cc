"""The search for counterexamples: several small messages of each writer, until one fails on its reader.

A message counts if whoever writes it may write it, and whoever reads it refuses it or takes it for something else. Both
are asked: nothing here decides what is valid.
"""

from __future__ import annotations

import json
import re
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
#: The steps of a decoder's path: names, quoted names and indexes.
_STEPS = re.compile(r"'[^']*'|\[\d+\]|[^.\[]+")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a message.

    Attributes:
        text: what the reader says, or makes of it.
        own: it is the change that was asked about that it says it of.
    """

    text: str
    own: bool = True

    def __str__(self) -> str:
        return self.text if self.own else f"{self.text} (another change, which is met first)"


@dataclass(frozen=True, slots=True)
class Example:
    """A message that shows what a change breaks.

    Attributes:
        root: which payload it is.
        writer, reader: `old` and `new`, or the other way round.
        message: as JSON has it.
        failure: what is wrong with it.
    """

    root: Root
    writer: str
    reader: str
    message: Plain
    failure: Complaint

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
                found[fingerprint] = min(shown, key=_worth)
    return found


def _worth(example: Example) -> tuple[bool, int]:
    """The smallest of those that fail on the change itself; where something else breaks each of them, of all."""
    return not example.failure.own, len(example.text)


def fails(change: Change, writer: str, message: Plain, old: Side, new: Side) -> Complaint | None:
    """What is wrong with one message; None if it is read as it was meant, or never written."""
    sides = {"old": old, "new": new}
    reader = "new" if writer == "old" else "old"
    try:
        wrote = sides[writer].written(change.root, message, sides[reader].at)
    except Fails:
        return None
    return _failure(change, wrote, (writer, sides[writer]), (reader, sides[reader]))


def _shown(change: Change, old: Side, new: Side) -> Iterator[Example]:
    """Yield the messages that show a change: old requests, and answers and events of whoever writes them."""
    if change.was_written:
        yield from _of_writer(change, ("old", old), ("new", new))
    if change.is_written and change.root.reader != "request":
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
        if failure is not None:
            yield Example(root, writer[0], reader[0], wrote, failure)


def _failure(
    change: Change, message: Plain, writer: tuple[str, Side], reader: tuple[str, Side]
) -> Complaint | None:
    """What is wrong with a message that was written; None if it is read as it was meant."""
    root = change.root
    try:
        read = reader[1].read(root, message)
    except Fails as error:
        # A converter of the program's would have to make it, and here is none.
        return (
            None if _CONVERTER in str(error) else Complaint(str(error), _is_own(change, error.path))
        )
    if (change.subject, change.action) not in _READ_OTHERWISE:
        return None
    try:
        meant = _part(writer[1].read(root, message), _way(change, writer[0]))
    except Fails:
        return None
    got = _part(read, _way(change, reader[0]))
    # Compared as text: to Python, 1 is true.
    texts = json.dumps(got), json.dumps(meant)
    if texts[0] == texts[1]:
        return None
    return Complaint(f"read as {texts[0]}, meant as {texts[1]}")


def _is_own(change: Change, path: str) -> bool:
    """Whether a reader complains of the part that changed, of what it is in, or of what is in it."""
    steps = [step.strip("'") for step in _STEPS.findall(path)]
    for way in {_way(change, "old"), _way(change, "new")}:
        pairs = zip(way, steps, strict=False)
        if all(one in ("[]", "[key]") or one == step for one, step in pairs) or steps[-1] in way:
            return True
    return False


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
