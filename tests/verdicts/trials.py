"""The messages that two versions of a unit may exchange, and which of them fail or change their meaning.

What is permitted is V1 to V7 of the language: an old client and a new server; a new client and an old server, which may
refuse its version; clients that are pinned, which may refuse to write; casts, which may only be lost where no pin says
that the server is old; events, which nobody writes for anyone in particular.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from rpcgen.idl.model import Kind, Method, Route
from rpcgen.idl.resolve import error_fields
from rpcgen.idl.version import Version
from rpcgen.runtime import MinorTooNew, VersionPinned
from rpcgen.runtime.errors import RemoteError

from tests.verdicts.meaning import Meaning, Members
from tests.verdicts.pairs import Pair, has_forms, merged, model_of, probed
from tests.verdicts.payloads import Payloads
from tests.verdicts.running import Outcome, Side, Way, ask, number_of
from tests.verdicts.units import OLD
from tests.versions.product import Plain
from tests.versions.reference.dates import exists

#: Payloads of each method and event in each direction.
PAYLOADS = 3


@dataclass(frozen=True)
class Break:
    """A message that failed or changed its meaning."""

    what: str

    def __str__(self) -> str:
        """In words."""
        return self.what


class Broken(Exception):
    """A message failed or changed its meaning."""


@dataclass
class Batch:
    """Many pairs, running as one."""

    old: Side
    new: Side

    def close(self) -> None:
        """Stop everything."""
        self.old.close()
        self.new.close()


@contextmanager
def _unheard() -> Iterator[None]:
    """Refused casts are logged, and there are many."""
    log = logging.getLogger("rpcgen")
    level = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(level)


@contextmanager
def running(pairs: Sequence[Pair], directory: Path) -> Iterator[Batch]:
    """Run both files of many pairs."""
    old, new = (
        model_of(probed(merged(documents)))
        for documents in (
            [pair.old_document for pair in pairs],
            [pair.new_document for pair in pairs],
        )
    )
    with _unheard():
        batch = Batch(Side(old, directory), Side(new, directory))
        try:
            yield batch
        finally:
            batch.close()


def broken(pair: Pair, batch: Batch, payloads: int = PAYLOADS) -> Break | None:
    """The first message of a pair that fails or changes its meaning."""
    trial = Trial(pair, batch)
    numbers = [number_of(name) for each in (pair.old, pair.new) for name in each.methods]
    events = [name.replace(".", "") for each in (pair.old, pair.new) for name in each.events]
    try:
        for index in range(payloads):
            fullness = (0.0, 1.0)[index] if index < 2 else trial.random.choice([0.3, 0.6, 0.9, 1.0])
            for number in dict.fromkeys(numbers):
                trial.method(number, fullness)
            for number in dict.fromkeys(events):
                trial.event(number, fullness)
    except Broken as found:
        return Break(str(found))
    return None


@dataclass(frozen=True)
class Home:
    """What a message means: what client and server of one version make of it.

    Attributes:
        arguments: what the program gives; answer: what the handler returns or raises.
        outcome: both as the other end understands them.
        way: how they travel.
    """

    side: Side
    method: Method
    kind: Kind
    arguments: dict[str, Plain]
    answer: Any
    outcome: Outcome
    way: Way


class Trial:
    """Sends the messages of one pair."""

    def __init__(self, pair: Pair, batch: Batch) -> None:
        self.random = Random(pair.seed)
        self._sides = batch.old, batch.new
        self._members = Members((pair.old, pair.new))

    # --- events -------------------------------------------------------------------------------------------------------

    def event(self, number: str, fullness: float) -> None:
        """Publish one both ways; raises Broken."""
        if any(number not in side.methods for side in self._sides):
            return  # nobody listens yet, or nobody speaks any more
        self._leave_out(levelled=False)
        for writer, reader in (self._sides, self._sides[::-1]):
            own = writer.methods[number]
            assert own.returns is not None
            answer = writer.answers(own, self._values(writer, fullness, said=True).of(own.returns))
            home, away = (
                ask(side, None, writer, side.methods[number], "call", {}, answer, "event")
                for side in (writer, reader)
            )
            if home.error is not None:
                continue
            words = f"event of {writer.interface.version}, {home.told!r}"
            if away.error is not None:
                raise Broken(f"{words}: {away.error}")
            self._compare(reader.interface.version, home.told, away.told, words, levelled=False)

    # --- methods ------------------------------------------------------------------------------------------------------

    def method(self, number: str, fullness: float) -> None:
        """Send one in every permitted direction; raises Broken."""
        formed = any(has_forms(s.methods[number]) for s in self._sides if number in s.methods)
        way: Way = "sparse" if self.random.random() < 0.3 and not formed else "usual"
        self._leave_out(levelled=True)
        old, new = (self._at_home(side, number, fullness, way) for side in self._sides)
        for home, other, there in ((old, self._sides[1], new), (new, self._sides[0], old)):
            if home is None:
                continue
            self._away(home, None, other, there)
            for pin in self._pins(home.side):
                if home.way == "usual" or self._is_whole(home, pin):
                    self._away(home, pin, home.side, home)
                    self._away(home, pin, other, there)

    def _is_whole(self, home: Home, pin: Version) -> bool:
        """Whether a message that lacks something is one of the pinned version at all, and its answer, too."""
        pinned = ask(
            home.side, pin, home.side, home.method, home.kind, home.arguments, home.answer, home.way
        )
        return pinned.seen is not None and pinned.error is None

    def _leave_out(self, *, levelled: bool) -> None:
        """Choose what peers do not say that write less than generated code does; not what they say otherwise to each."""
        fields, absent = self._members.fields.items(), self._members.absent
        numbers = sorted(
            n for n, field in fields if n in absent and not (levelled and field.was_type)
        )
        few = self.random.sample(numbers, min(len(numbers), self.random.choice([0, 1, 1, 2])))
        for side in self._sides:
            side.leave_out(frozenset(few))

    def _at_home(self, side: Side, number: str, fullness: float, way: Way) -> Home | None:
        """A message and its answer; None if there is no such message of this version."""
        method = side.methods.get(number)
        if method is None:
            return None
        kind = self.random.choice(sorted({route.kind for route in _routes(method, side)}))
        for _ in range(3):
            arguments = self._values(side, fullness).fields(method.args.values())
            answer = self._answer(side, method, fullness)
            outcome = ask(side, None, side, method, kind, arguments, answer, way)
            if outcome.seen is not None:
                return Home(side, method, kind, arguments, answer, outcome, way)
        return None

    def _pins(self, side: Side) -> list[Version]:
        older = Version(OLD.major, self.random.randint(0, OLD.minor - 1))
        last = [OLD] if side is self._sides[1] else []
        return [*last, older] if self.random.random() < 0.3 else last

    def _answer(self, side: Side, method: Method, fullness: float) -> Any:
        """What a handler returns or raises."""
        errors, values = side.interface.errors, self._values(side, fullness, said=True)
        raises = [
            each.error for each in method.raises if exists(each.dated, side.interface.version)
        ]
        raises += [each.name for each in errors.values() if each.extends in raises]
        if raises and self.random.random() < 0.35:
            name = self.random.choice(raises)
            given = values.fields(error_fields(errors[name], errors).values())
            return side.answers(method, (name, given))
        if method.returns is None:
            return None
        return side.answers(method, values.of(method.returns, method.returns_constraints))

    def _values(self, side: Side, fullness: float, *, said: bool = False) -> Payloads:
        """Requests hold what no version knows; so do answers of the new file, whose open types promise that more will come.

        The old file's servers say what that knows: closing a type breaks nobody who reads.
        """
        return Payloads(
            side.interface, self.random, fullness, unheard=not said or side is self._sides[1]
        )

    def _away(self, home: Home, pin: Version | None, server: Side, there: Home | None) -> None:
        """Send what is understood at home to a server that answers as it does at its own home."""
        writer, answer = home.side, there.answer if there else None
        away = ask(writer, pin, server, home.method, home.kind, home.arguments, answer, home.way)
        words = (
            f"{home.kind} of {home.method.name}({home.arguments}) from {writer.interface.version}"
        )
        words += f"{f' pinned at {pin}' if pin else ''} to {server.interface.version}"
        if away.seen is None:
            self._refused(home, pin, server, away, words)
            return
        theirs = server.methods.get(number_of(home.method.name))
        if has_forms(home.method) or (theirs and has_forms(theirs)):
            return  # what the program's converters make of it is the program's affair
        at = pin or min(writer.interface.version, server.interface.version)
        self._compare(at, home.outcome.seen, away.seen, words, request=True)
        if home.kind == "call" and there and there.kind == "call" and not there.outcome.error:
            told = there.outcome.told
            self._answered(home, at, told, away, f"{words}, answered {told!r}")

    def _refused(
        self, home: Home, pin: Version | None, server: Side, away: Outcome, words: str
    ) -> None:
        if isinstance(away.error, VersionPinned) and pin is not None:
            return
        newer = pin is None and home.side.interface.version > server.interface.version
        lost = home.kind == "cast" and away.error is None
        if not newer or not (lost or isinstance(away.error, MinorTooNew)):
            raise Broken(f"{words}: refused, {away.error or 'and lost'}")

    def _answered(self, home: Home, at: Version, told: Plain, away: Outcome, words: str) -> None:
        if away.error is not None:
            # What the caller's file does not have arrives as any error does that nobody knows.
            unknown = isinstance(told, tuple) and told[0] not in home.side.interface.errors
            if not unknown or type(away.error) is not RemoteError:
                raise Broken(f"{words}: {type(away.error).__name__} {away.error}")
        elif isinstance(told, tuple) != isinstance(away.told, tuple):
            raise Broken(f"{words}: read as {away.told!r}")
        else:
            self._compare(at, told, away.told, words)

    def _compare(
        self,
        at: Version,
        meant: Plain,
        got: Plain,
        words: str,
        *,
        request: bool = False,
        levelled: bool = True,
    ) -> None:
        if found := Meaning(self._members, at, request, levelled).differs(meant, got):
            raise Broken(f"{words}: {found}")


def _routes(method: Method, side: Side) -> list[Route]:
    return [route for route in method.routes if exists(route.dated, side.interface.version)]
