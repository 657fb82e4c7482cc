"""Many pairs: what the check says of each, and what becomes of its messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.verdicts.agreement import disagreement, shown
from tests.verdicts.pairs import Pair, make_pair
from tests.verdicts.shrinking import keep, shrunk
from tests.verdicts.trials import Batch, broken, running

#: Pairs that are one pair of files while they run.
TOGETHER = 40
#: Payloads that are tried if the first few do not show what there has to be a message for.
MANY = 400


#: Pairs, each with its message that fails or changes its meaning; empty: there is none.
Run = list[tuple[Pair, str]]


def explore(first: int, count: int, directory: Path) -> Iterator[tuple[Pair, str]]:
    """Run pairs; the first seed tells them all."""
    for start in range(first, first + count, TOGETHER):
        seeds = range(start, min(start + TOGETHER, first + count))
        pairs = [make_pair(seed, number) for number, seed in enumerate(seeds)]
        with running(pairs, directory) as batch:
            for pair in pairs:
                yield pair, found_in(pair, batch)


def found_in(pair: Pair, batch: Batch) -> str:
    """Look for a message, the longer the more likely that there is one."""
    found = broken(pair, batch)
    if found is None and shown(pair, pair.judged()):
        found = broken(pair, batch, MANY)
    return str(found or "")


def disagrees(pair: Pair, directory: Path) -> str:
    """Run one pair alone, and say where check and messages disagree."""
    with running([pair], directory) as batch:
        return disagreement(pair, pair.judged(), found_in(pair, batch))


def report(pair: Pair, directory: Path, folder: Path) -> str:
    """Make a pair on which they disagree smaller, keep it as a case, and say what it is."""
    kind = disagrees(pair, directory).partition(":")[0]
    if kind:
        pair = shrunk(pair, lambda each: disagrees(each, directory).partition(":")[0] == kind)
    home = keep(pair, folder)
    return f"{home}\n{disagrees(pair, directory)}\n{pair}"
