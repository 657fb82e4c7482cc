"""Many pairs: what the check says of each, and what becomes of its messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from rpcgen.idl.compat import Comparison

from tests.verdicts.agreement import disagreement, shown
from tests.verdicts.pairs import TOGETHER, Pair, make_pair
from tests.verdicts.shrinking import keep, shrunk
from tests.verdicts.trials import Batch, broken, running

#: Pairs of one task of a process.
SHARE = 400
#: Tasks after which a process makes way for a new one, as generated code never leaves one entirely.
TASKS = 10
#: Payloads that are tried, one number after the other, if the first few do not show what there has to be a message for.
MORE = (400, 4000)


#: Pairs, each with its message that fails or changes its meaning; empty: there is none.
Run = list[tuple[Pair, str]]


@dataclass
class Ended:
    """What became of many pairs.

    Attributes:
        verdicts: how many pairs got a verdict, and broke or not.
        wrong: those on which check and messages disagree, in words.
    """

    verdicts: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])

    def __iadd__(self, other: Ended) -> Ended:
        self.verdicts += other.verdicts
        self.wrong += other.wrong
        return self


def explore_all(first: int, count: int, folder: Path, processes: int) -> Ended:
    """Run many pairs in several processes; those that disagree become cases in the folder."""
    ended = Ended()
    ends = range(first + SHARE, first + count + SHARE, SHARE)
    shares = [(end - SHARE, min(SHARE, first + count - end + SHARE), folder) for end in ends]
    with get_context("spawn").Pool(processes, maxtasksperchild=TASKS) as pool:
        for share in pool.imap(_share, shares):
            ended += share
            done = ended.verdicts.total()
            print(f"{done} of {count} pairs, {len(ended.wrong)} disagree", flush=True)
    return ended


def _share(share: tuple[int, int, Path]) -> Ended:
    first, count, folder = share
    ended = Ended()
    with TemporaryDirectory() as directory:
        for pair, found in explore(first, count, Path(directory)):
            said = pair.judged()
            ended.verdicts[ending(said, found)] += 1
            if disagreement(pair, said, found):
                ended.wrong.append(report(pair, Path(directory), folder))
    return ended


def ending(said: Comparison, found: str) -> str:
    """What became of a pair, in short."""
    return f"{said.verdict}, {'broken' if found else 'fine'}"


def explore(first: int, count: int, directory: Path) -> Iterator[tuple[Pair, str]]:
    """Run pairs; the first seed tells them all."""
    for start in range(first, first + count, TOGETHER):
        seeds = range(start, min(start + TOGETHER, first + count))
        pairs = [make_pair(seed) for seed in seeds]
        for name in sorted({pair.new.name for pair in pairs}):
            same = [pair for pair in pairs if pair.new.name == name]
            with running(same, directory) as batch:
                for pair in same:
                    yield pair, found_in(pair, batch)


def found_in(pair: Pair, batch: Batch, more: Sequence[int] = MORE) -> str:
    """Look for a message, the longer the more likely that there is one."""
    found = broken(pair, batch)
    if found is None and shown(pair, pair.judged()):
        found = next(filter(None, (broken(pair, batch, payloads) for payloads in more)), None)
    return str(found or "")


def disagrees(pair: Pair, directory: Path, more: Sequence[int] = MORE) -> str:
    """Run one pair alone, and say where check and messages disagree."""
    with running([pair], directory) as batch:
        return disagreement(pair, pair.judged(), found_in(pair, batch, more))


def report(pair: Pair, directory: Path, folder: Path) -> str:
    """Make a pair on which they disagree smaller, keep it as a case, and say what it is."""
    kind = _kind(pair, directory)
    if kind:
        pair = shrunk(pair, lambda each: _kind(each, directory) == kind)
    home = keep(pair, folder)
    return f"{home}\n{disagrees(pair, directory)}\n{pair}"


def _kind(pair: Pair, directory: Path) -> str:
    """How they disagree; nothing where a part is missing that payloads or converters are made from."""
    try:
        return disagrees(pair, directory, MORE[:1]).partition(":")[0]
    except (AssertionError, IndexError):
        return ""
