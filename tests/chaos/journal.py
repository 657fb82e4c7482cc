"""Journals of a campaign, and the checker that compares them.

Every process appends what it does to a file of its own, line by line, so that it survives whatever happens to the
process. The checker knows only what the language says must happen; nothing of it comes from the runtime.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from math import inf
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

Version = tuple[int, int]

#: Seconds within which a refusal must have come back.
REFUSAL_LIMIT = 1.0

#: Seconds by which a call may end after its limit, and by which a handler may seem to start after it: requests take a
#: moment to arrive, and their time is counted from then.
SLACK = 0.5


class Began(Struct, frozen=True, tag=True):
    """A client is about to call or cast.

    Attributes:
        ticket: names the call; it travels in its arguments.
        expect: what a handler of the newest release is given.
        given: the names among these that older releases must not lose.
        may: the outcomes that are no failure.
        least: the version that the message needs; None: whatever the servers understand.
        pin: what it may need at most.
        reader: what the caller understands; None: whatever the message said.
        limit: seconds after which it is over, and no handler may start unless it is kept.
        runs: how often it may run: more than once only if it is idempotent.
        everybody: the servers that a fanout reaches, or names as missed; None: it is no fanout.
        named: whether the transport can tell whom a fanout reaches; else it has to reach everybody.
        kept: it is delivered at least once: it may run again, if it is said that it does.
    """

    ticket: str
    client: str
    method: str
    cast: bool
    expect: dict[str, Any]
    given: list[str]
    may: list[str]
    at: float
    least: Version | None = None
    pin: Version | None = None
    reader: Version | None = None
    limit: float | None = None
    runs: int = 1
    everybody: list[str] | None = None
    named: bool = True
    kept: bool = False


class Ended(Struct, frozen=True, tag=True):
    """How it ended for the client, and after how many seconds."""

    ticket: str
    outcome: str
    at: float
    took: float
    text: str = ""
    got: dict[str, Any] = {}


class Ran(Struct, frozen=True, tag=True):
    """A handler ran; `attempt` and `id` are what it was told."""

    ticket: str
    server: str
    release: str
    seen: dict[str, Any]
    answer: dict[str, Any]
    needs: Version
    reader: int
    at: float
    attempt: int = 1
    id: str = ""


class Saw(Struct, frozen=True, tag=True):
    """A handler saw that nobody waits for it any more, and how: `cancelled`, or by its `flag`."""

    ticket: str
    server: str
    how: str
    at: float


class Lived(Struct, frozen=True, tag=True):
    """A server's process, from before its start until after its end, and the versions that it serves."""

    server: str
    serves: list[Version]
    began: float
    ended: float

    def understands(self, version: Version) -> bool:
        """Whether it takes messages that need a version."""
        return any(major == version[0] and minor >= version[1] for major, minor in self.serves)


class Killed(Struct, frozen=True, tag=True):
    """A client's process was killed: what it had begun has no end."""

    client: str
    at: float


Entry = Began | Ended | Ran | Saw | Lived | Killed


class Facts(Struct, frozen=True):
    """What the language says of results.

    Attributes:
        fallback: what a reader that is too old is told instead of a value.
        since: the version of that value, and of fields of results.
    """

    fallback: Mapping[str, str]
    since: Mapping[str, Version]

    def told(self, value: Any, reader: Version) -> Any:
        """A value as a reader of a version sees it."""
        while (
            isinstance(value, str)
            and value in self.fallback
            and reader < self.since.get(value, (0, 0))
        ):
            value = self.fallback[value]
        return value


class Violation(Struct, frozen=True):
    """Something that must not have happened.

    Its kind is `lost`, `duplicated`, `misread`, `unexplained`, `failed`, `slow`, `hung` or `overdue`.
    """

    kind: str
    ticket: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.ticket}: {self.text}"


class Journal:
    """Appends entries to a file; from any thread."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._encode = msgspec.json.Encoder().encode

    def write(self, entry: Entry) -> None:
        """Append one entry, with one system call."""
        os.write(self._file, self._encode(entry) + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class Reading:
    """Reads a journal while it is being written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at = 0
        self._decoder = msgspec.json.Decoder(Entry)

    def news(self) -> Iterator[Entry]:
        """The entries since the last look; half a line is left for the next."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._at += len(line)
                yield self._decoder.decode(line)


class Checker:
    """Compares what clients and servers wrote down.

    Args:
        entries: of all journals, in any order.
        facts: what the language says of results.
    """

    def __init__(self, entries: Iterable[Entry], facts: Facts) -> None:
        self._facts = facts
        self.began: dict[str, Began] = {}
        self.ended: dict[str, Ended] = {}
        self.runs: defaultdict[str, list[Ran]] = defaultdict(list)
        self.lives: list[Lived] = []
        self.killed: dict[str, float] = {}
        self._twice: list[str] = []
        for entry in entries:
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        match entry:
            case Began():
                self._once(self.began, entry)
            case Ended():
                self._once(self.ended, entry)
            case Ran():
                self.runs[entry.ticket].append(entry)
            case Lived():
                self.lives.append(entry)
            case Killed():
                self.killed[entry.client] = entry.at

    def _once(self, table: dict[str, Any], entry: Began | Ended) -> None:
        if entry.ticket in table:
            self._twice.append(entry.ticket)
        table[entry.ticket] = entry

    @property
    def outcomes(self) -> Counter[str]:
        """How often calls and casts ended how."""
        return Counter(each.outcome for each in self.ended.values())

    def slowest(self, outcome: str) -> float:
        """The seconds of the slowest such ending."""
        return max((e.took for e in self.ended.values() if e.outcome == outcome), default=0.0)

    @property
    def latest(self) -> float:
        """The most seconds after its caller's limit that a handler began; less than 0: all began before."""
        limits = {b.ticket: b.at + b.limit for b in self.began.values() if b.limit is not None}
        late = (
            r.at - limits[r.ticket]
            for runs in self.runs.values()
            for r in runs
            if r.ticket in limits
        )
        return max(late, default=-inf)

    def may_be_lost(self, ticket: str) -> bool:
        """Whether nobody was promised that it runs."""
        began = self.began[ticket]
        return began.cast and not began.kept

    def violations(self) -> list[Violation]:
        """All of them; none if everything was as it must be."""
        found = [Violation("unexplained", ticket, "was used twice") for ticket in self._twice]
        for ticket in self.runs.keys() - self.began.keys():
            found.append(Violation("unexplained", ticket, "ran, and nobody asked"))
        for ticket in self.ended.keys() - self.began.keys():
            found.append(Violation("unexplained", ticket, "ended, and never began"))
        for began in self.began.values():
            found += self._call(began)
        return found

    def _call(self, began: Began) -> Iterator[Violation]:
        ticket, runs = began.ticket, self.runs.get(began.ticket, [])
        ended = self.ended.get(ticket)
        if began.everybody is not None:
            yield from _fanout(began, began.everybody, ended, runs)
            return
        counted = [run for run in runs if run.attempt == 1] if began.kept else runs
        if len(counted) > began.runs:
            again = "as if for the first time" if began.kept else "in all"
            yield Violation("duplicated", ticket, f"ran {len(counted)} times {again}")
        if len({run.id for run in runs}) > 1:
            yield Violation("duplicated", ticket, "its runs have several ids")
        if began.limit is not None:
            yield from self._in_time(began, began.limit, ended, runs)
        if ended is None:
            if began.client not in self.killed:
                yield Violation("lost", ticket, f"{began.client}: {began.method} never ended")
            return
        if ended.outcome not in began.may:
            text = f"{began.client}: {began.method} ended as {ended.outcome}: {ended.text}"
            yield Violation("failed", ticket, text)
        if ended.outcome == "ok" and not runs and not self._is_refused_cast(began, ended):
            yield Violation("lost", ticket, f"{began.client}: {began.method} never ran")
        if ended.outcome in ("version", "pinned", "not_sent", "rejected"):
            yield from self._refused(began, ended, runs)
        for run in runs:
            yield from self._run(began, run)
        if ended.outcome == "ok" and not began.cast and runs:
            # Of several runs, any one may have answered.
            yield from min((list(self._result(began, ended, run)) for run in runs), key=len)

    def _in_time(
        self, began: Began, limit: float, ended: Ended | None, runs: list[Ran]
    ) -> Iterator[Violation]:
        if ended is not None and ended.took > limit + SLACK:
            text = f"ended as {ended.outcome} after {ended.took:.2f} s, its limit was {limit:g} s"
            yield Violation("hung", began.ticket, text)
        for run in [] if began.kept else runs:
            late = run.at - began.at - limit
            if late > SLACK:
                yield Violation("overdue", began.ticket, f"started {late:.2f} s after its limit")

    def _refused(self, began: Began, ended: Ended, runs: list[Ran]) -> Iterator[Violation]:
        if runs:
            yield Violation("unexplained", began.ticket, f"ended as {ended.outcome}, and ran")
        if ended.outcome in ("version", "pinned") and ended.took > REFUSAL_LIMIT:
            yield Violation("slow", began.ticket, f"was refused after {ended.took:.2f} s")
        if ended.outcome == "version" and not self._too_old_lived(began, ended):
            text = f"was refused, and all servers understood {began.least}: {ended.text}"
            yield Violation("unexplained", began.ticket, text)

    def _is_refused_cast(self, began: Began, ended: Ended) -> bool:
        """Nobody hears of the refusal of a cast."""
        return began.cast and "version" in began.may and self._too_old_lived(began, ended)

    def _too_old_lived(self, began: Began, ended: Ended) -> bool:
        """Whether some server that did not understand the message lived at that time."""
        least = began.least
        return least is not None and any(
            life.began <= ended.at and began.at <= life.ended and not life.understands(least)
            for life in self.lives
        )

    def _run(self, began: Began, run: Ran) -> Iterator[Violation]:
        where = _where(began, run)
        for name in run.seen.keys() | set(began.given):
            seen, expected = run.seen.get(name), began.expect.get(name)
            if seen != expected:
                text = f"{where}: {name} is {seen!r}, expected {expected!r}"
                yield Violation("misread", began.ticket, text)
        if began.pin is not None and not (run.needs[0] == began.pin[0] and run.needs <= began.pin):
            text = f"{where}: the message needs {run.needs}, and the pin is {began.pin}"
            yield Violation("misread", began.ticket, text)
        if began.reader not in (None, (run.needs[0], run.reader)):
            text = f"{where}: the caller understands {began.reader}, the message says {run.reader}"
            yield Violation("misread", began.ticket, text)

    def _result(self, began: Began, ended: Ended, run: Ran) -> Iterator[Violation]:
        reader = (run.needs[0], run.reader)
        expected = {
            name: self._facts.told(value, reader)
            for name, value in run.answer.items()
            if reader >= self._facts.since.get(name, (0, 0))
        }
        if ended.got != expected:
            text = f"{_where(began, run)}: the result is {ended.got!r}, expected {expected!r}"
            yield Violation("misread", began.ticket, text)


def _where(began: Began, run: Ran) -> str:
    return f"{began.client} to {run.server} {run.release}: {began.method}"


def _fanout(
    began: Began, everybody: list[str], ended: Ended | None, runs: list[Ran]
) -> Iterator[Violation]:
    """Each server that was there got one copy, or is named as one that did not; nobody else got any.

    A broker names nobody, and misses nobody who was there.
    """
    ran = Counter(run.server for run in runs)
    if ended is None or ended.outcome not in began.may:
        text = "never ended" if ended is None else f"ended as {ended.outcome}: {ended.text}"
        yield Violation("failed", began.ticket, f"{began.client}: {text}")
        return
    sent, refused = (set(ended.got.get(name, ())) for name in ("peers", "refused"))
    for server, count in ran.items():
        if count > 1:
            yield Violation("duplicated", began.ticket, f"ran {count} times on {server}")
        if server not in everybody:
            yield Violation("unexplained", began.ticket, f"ran on {server}, which was not there")
        if server in refused:
            yield Violation("unexplained", began.ticket, f"ran on {server}, which is named missed")
    if ended.outcome != "ok":
        return
    if not began.named:
        sent = set(everybody)
    for server in everybody:
        if server not in sent | refused:
            yield Violation("unexplained", began.ticket, f"{server} is named nowhere")
        if server in sent and not ran[server]:
            yield Violation("lost", began.ticket, f"never ran on {server}")
