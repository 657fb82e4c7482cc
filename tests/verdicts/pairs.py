"""Pairs of files: a released interface, and what somebody made of it.

A pair is told by a seed. Many pairs are also one pair of files, because their names differ. The pairs of some seeds are
about two interfaces that import one file, an interface each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import yaml
from rpcgen.idl import Loaded, load, loads, render
from rpcgen.idl.compat import Comparison, compare
from rpcgen.idl.model import Interface, Method

from tests.verdicts.mutations import MUTATIONS
from tests.verdicts.shared import shared
from tests.verdicts.units import NEW, Unit, make_unit
from tests.versions.histories.draft import Node, copy

#: The parts of a file that hold what units consist of; the first ones can be imported.
IMPORTED = ("types", "errors")
PARTS = (*IMPORTED, "methods", "events")

#: Pairs that are one pair of files while they run; of so many such groups, one is about imported files.
TOGETHER = 40
GROUPS = 10

#: Mutations after which messages no longer show what else changes: there are none, or converters make them.
HIDING = frozenset({"new_form", "end_method", "remove_method", "replace_method", "swap_kind"})


@dataclass(frozen=True)
class Pair:
    """Two versions of a unit.

    Attributes:
        seed: what it was made from.
        changes: names of the mutations.
        old_document, new_document: the files as maps; with `imports`, their types and errors are the imported file's.
        old, new: the models.
    """

    seed: int
    changes: tuple[str, ...]
    old_document: Node
    new_document: Node
    old: Interface
    new: Interface

    @property
    def imports(self) -> bool:
        """Whether what changed is in a file that another interface imports, too."""
        return "imports" in self.new_document

    def judged(self) -> Comparison:
        """What the check says."""
        return compare(self.old, self.new)

    def __str__(self) -> str:
        """Both files."""
        return f"seed {self.seed}: {', '.join(self.changes)}\n{text_of(self.old_document)}---\n{text_of(self.new_document)}"


def make_pair(seed: int) -> Pair:
    """The pair of a seed; mutations that the compiler refuses are tried again otherwise.

    Of two interfaces that import one file, the even seed has one and the next seed the other.
    """
    if seed // TOGETHER % GROUPS == GROUPS - 1:
        return _made(seed - seed % 2, _sharing)[seed % 2]
    return _made(seed, _alone)[0]


@lru_cache(maxsize=1)
def _made(seed: int, make: Callable[[Node, Node, int, Sequence[str]], list[Pair]]) -> list[Pair]:
    for attempt in range(1000):
        random = Random(f"{seed}.{attempt}")
        unit = make_unit(random, seed % TOGETHER)
        old = copy(unit.document)
        changes = _mutate(unit, random)
        if changes and (pairs := make(old, unit.document, seed, changes)):
            return pairs
    raise AssertionError(f"unexpected: nothing compiles of {seed}")


def _alone(old: Node, new: Node, seed: int, changes: Sequence[str]) -> list[Pair]:
    """The pair of one file; none if a file is refused."""
    pair = pair_of(old, new, seed, changes)
    return [] if pair is None else [pair]


def _sharing(old: Node, new: Node, seed: int, changes: Sequence[str]) -> list[Pair]:
    """The pairs of two interfaces that import one file, which changes; none if a file is refused, or has no use."""
    if all(old[part] == new[part] for part in IMPORTED):
        return []
    pairs: list[Pair] = []
    for side in range(2):
        files = [shared(document, side, NEW, seed) for document in (old, new)]
        if all(file["methods"] or file["events"] for file in files):
            pairs += _alone(*files, seed + side, changes)
    return pairs if len(pairs) == 2 else []


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
    loaded = _loaded(document)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def pair_of(old: Node, new: Node, seed: int = 0, changes: Sequence[str] = ()) -> Pair | None:
    """A pair of two files; None if one of them is refused."""
    models = [_loaded(document).interface for document in (old, new)]
    if models[0] is None or models[1] is None:
        return None
    if old["events"] or new["events"]:
        for document in (old, new):
            if _loaded(probed(document)).interface is None:
                return None  # a result has to say what an event need not
    return Pair(seed, tuple(changes), old, new, models[0], models[1])


def _loaded(document: Node) -> Loaded:
    """What comes of a file, and of the one that it imports."""
    if "imports" not in document:
        return loads(json.dumps(document))
    with TemporaryDirectory() as directory:
        for name, content in files_of(document, "own.yaml", "common.yaml").items():
            Path(directory, name).write_text(json.dumps(content), encoding="utf-8")
        return load(Path(directory, "own.yaml"))


def files_of(document: Node, name: str, common: str) -> dict[str, Node]:
    """The interface's file, and the one that it imports, if it does, by their names."""
    if "imports" not in document:
        return {name: document}
    own = {key: part for key, part in document.items() if key not in IMPORTED}
    imported = {"rpcgen": 1, **{part: document[part] for part in IMPORTED}}
    return {name: {**own, "imports": [common]}, common: imported}


def text_of(document: Node) -> str:
    """Write a file."""
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
