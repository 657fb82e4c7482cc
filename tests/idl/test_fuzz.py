"""Mutated interfaces are read or refused; none ends in a traceback."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpcgen.idl import loads, render
from rpcgen.idl.canonical import fingerprint
from rpcgen.idl.contract import contract

from tests.idl.cases import case_folders

CORPUS = [
    path.read_text(encoding="utf-8").replace("imports: [", "doc: [")
    for path in sorted(f for folder in case_folders() for f in folder.glob("*.yaml"))
    if path.stat().st_size < 6_000
]
WORDS = sorted(
    {
        word
        for text in CORPUS
        for word in text.replace(",", " ").replace("{", " ").replace("}", " ").split()
    }
)
ODD = ["null", "~", "''", "[]", "{}", "-1", "1e999", "99999999999999999999", "\x00", "\u202e", "é", "a: b", "&a", "*a", "!!x", "?", "|", ">", "list[", "]", "\t", "'", '"', "since", "since 9.9", "=", "x" * 300, "A" * 130, "1.0", "0.0"]  # fmt: skip


def mutated(seed: int) -> str:
    """Return a text of the corpus with a few things changed."""
    chance = random.Random(seed)
    text = chance.choice(CORPUS)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        end = min(len(text), start + chance.choice([0, 1, 1, 3, 10, 60]))
        kind = chance.randrange(6)
        lines = text.splitlines(keepends=True) or [""]
        if kind == 0:
            text = text[:start] + chance.choice(ODD) + text[end:]
        elif kind == 1:
            text = text[:start] + text[end:]
        elif kind == 2:
            line = chance.randrange(len(lines))
            text = "".join([*lines[:line], *lines[line + 1 :]])
        elif kind == 3:
            line, other = (
                chance.randrange(len(lines)),
                chance.choice(chance.choice(CORPUS).splitlines(keepends=True)),
            )
            text = "".join([*lines[:line], other, *lines[line:]])
        else:
            words = [
                word for word in set(text.replace(",", " ").replace("}", " ").split()) if word
            ] or [""]
            text = text.replace(
                chance.choice(sorted(words)),
                chance.choice(WORDS if kind == 4 else ODD),
                chance.choice([1, -1]),
            )
    return text


def check(text: str) -> None:
    """Read a text and use what came of it."""
    loaded = loads(text)
    shown = render(loaded.diagnostics, loaded.sources)
    shown.encode("utf-8")
    lines = len(text.splitlines()) + 2
    for found in loaded.diagnostics:
        assert 1 <= found.position.line <= lines
        assert found.position.column >= 1
        assert found.message
        assert "\n" not in found.message
    if loaded.interface is not None:
        fingerprint(loaded.interface)
        contract(loaded.interface)


@pytest.mark.parametrize("part", range(10))
def test_mutations_of_the_corpus_are_read_or_refused(part: int) -> None:
    """5,000 mutated interfaces; the seed of a failing one is in the message."""
    for seed in range(part * 500, part * 500 + 500):
        try:
            check(mutated(seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever it is."""
    check(text)
