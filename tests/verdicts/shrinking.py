"""Smaller pairs that still show what a pair shows, kept as case folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.verdicts.pairs import Pair, files_of, pair_of, text_of
from tests.versions.histories.draft import Node, copy

Way = tuple[str, ...]


def shrunk(pair: Pair, still: Callable[[Pair], bool]) -> Pair:
    """Take away parts of both files for as long as the pair shows the same; `still` tells whether it does."""
    smaller = True
    while smaller:
        smaller = False
        for way in list(_ways(pair.old_document)) + list(_ways(pair.new_document)):
            found = _without(pair, way)
            if found is not None and still(found):
                pair, smaller = found, True
    return pair


def keep(pair: Pair, cases: Path) -> Path:
    """Write a pair as a case; what is to be expected of it is for somebody to say."""
    home = cases / f"found-{pair.seed}"
    home.mkdir(parents=True, exist_ok=True)
    for name, folder, document in (
        ("old", "before", pair.old_document),
        ("new", "after", pair.new_document),
    ):
        for file, content in files_of(document, f"{name}.yaml", f"{folder}/common.yaml").items():
            (home / file).parent.mkdir(exist_ok=True)
            (home / file).write_text(text_of(_tidy(content)))
    return home


def _tidy(document: Node) -> Node:
    return {key: part for key, part in document.items() if part != {}}


def _ways(node: Any, way: Way = ()) -> Iterator[Way]:
    if isinstance(node, dict):
        for key, each in node.items():
            if len(way) > 1 or (way and way[0] in ("types", "errors", "methods", "events")):
                yield (*way, key)
            yield from _ways(each, (*way, key))


def _without(pair: Pair, way: Way) -> Pair | None:
    old, new = copy(pair.old_document), copy(pair.new_document)
    removed = [_remove(document, way) for document in (old, new)]
    return pair_of(old, new, pair.seed, pair.changes) if any(removed) else None


def _remove(document: Node, way: Way) -> bool:
    node: Any = document
    for key in way[:-1]:
        if not isinstance(node, dict) or key not in node:
            return False
        node = node[key]
    return isinstance(node, dict) and node.pop(way[-1], None) is not None
