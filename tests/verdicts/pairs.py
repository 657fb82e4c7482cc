"""Pairs of files: a released interface, and what somebody made of it.

A pair is told by a seed. Many pairs are also one pair of files, because their names differ.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import yaml
from rpcgen.idl import loads, render
from rpcgen.idl.compat import Comparison, compare
from rpcgen.idl.model import Interface, Method

from tests.verdicts.mutations import MUTATIONS
from tests.verdicts.units import NEW, Unit, make_unit
from tests.versions.histories.draft import Node, copy

#: The parts of a file that hold what units consist of.
PARTS = ("types", "errors", "methods", "events")

#: Mutations after which messages no longer show what else changes: there are none, or converters make them.
HIDING = frozenset({"new_form", "end_method", "remove_method", "replace_method", "swap_kind"})


@dataclass(frozen=True)
class Pair:
    """Two versions of a unit.

    Attributes:
        seed: what it was made from.
        changes: names of the mutations.
        old_document, new_document: the files as maps.
        old, new: the models.
    """

    seed: int
    changes: tuple[str, ...]
    old_document: Node
    new_document: Node
    old: Interface
    new: Interface

    def judged(self) -> Comparison:
        """What the check says."""
        return compare(self.old, self.new)

    def __str__(self) -> str:
        """Both files."""
        return f"seed {self.seed}: {', '.join(self.changes)}\n{text_of(self.old_document)}---\n{text_of(self.new_document)}"


def make_pair(seed: int, number: int) -> Pair:
    """The pair of a seed; mutations that the compiler refuses are tried again otherwise."""
    for attempt in range(1000):
        random = Random(f"{seed}.{attempt}")
        unit = make_unit(random, number)
        old = copy(unit.document)
        changes = _mutate(unit, random)
        if changes and (pair := pair_of(old, unit.document, seed, changes)) is not None:
            return pair
    raise AssertionError(f"unexpected: nothing compiles of {seed}")


def _mutate(unit: Unit, random: Random) -> tuple[str, ...]:
    unit.document["version"] = str(NEW)
    changes: list[str] = []
    for _ in range(random.choice([1, 1, 1, 1, 2, 3])):
        name = random.choice([name for name in MUTATIONS if not changes or name not in HIDING])
        try:
            applies = MUTATIONS[name](unit)
        except KeyError:  # a type that this unit does not have
            return ()
        if not applies:
            return ()
        changes.append(name)
        if name in HIDING:
            break
    return tuple(changes)


def model_of(document: Node) -> Interface:
    """A file that has no mistakes."""
    loaded = loads(json.dumps(document))
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def pair_of(old: Node, new: Node, seed: int = 0, changes: Sequence[str] = ()) -> Pair | None:
    """A pair of two files; None if one of them is refused."""
    models = [loads(json.dumps(document)).interface for document in (old, new)]
    if models[0] is None or models[1] is None:
        return None
    if old["events"] or new["events"]:
        for document in (old, new):
            if loads(json.dumps(probed(document))).interface is None:
                return None  # a result has to say what an event need not
    return Pair(seed, tuple(changes), old, new, models[0], models[1])


def text_of(document: Node) -> str:
    """A file."""
    text: str = yaml.safe_dump(copy(document), sort_keys=False, width=120)
    return text


def merged(documents: Sequence[Node]) -> Node:
    """One file of many; what they say besides their parts is that of the first."""
    parts = {key: {k: v for each in documents for k, v in each[key].items()} for key in PARTS}
    return {**documents[0], **parts}


def probed(document: Node) -> Node:
    """The file with its events as results, so that what they hold can travel; see `AsEventsDo`."""
    probes = {
        f"probe_{name.replace('.', '')}": {"call": "any", "args": {}, "returns": event["payload"]}
        for name, event in document["events"].items()
    }
    return {**document, "methods": {**document["methods"], **probes}, "events": {}}


def has_forms(method: Method) -> bool:
    """Whether it was another method once, whose messages the program's converters make and read."""
    return any(form.args is not None or form.returns is not None for form in method.was.values())
