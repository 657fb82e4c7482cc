"""One cell of the table history x client x pin x server x method x value: the product against the oracle."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from rpcgen.idl.model import Kind, Union
from rpcgen.idl.version import Version
from rpcgen.runtime import BadResult, Rejected, VersionPinned
from rpcgen.runtime.core.envelope import CALL

from tests.versions.converting import converters_of
from tests.versions.fleet import Fleet, Handled, Nobody, Served, Wire
from tests.versions.product import Package, Plain, pair, plain
from tests.versions.reference import (
    Message,
    Reason,
    Refusal,
    accepts,
    can_be_sent,
    read,
    read_result,
    shape_version,
    spoken,
    write,
    write_result,
)
from tests.versions.reference.reading import UnreadableError
from tests.versions.reference.shapes import method_at
from tests.versions.values import Values, methods_of, wanted

E = TypeVar("E", bound=Exception)


@dataclass(frozen=True)
class Cell:
    """What is tried."""

    client: int
    server: int
    pin: Version | None
    method: str
    kind: Kind
    arguments: dict[str, Plain]
    result: Plain


def some_cell(fleet: Fleet, random: Random) -> Cell:
    """A random cell."""
    releases = fleet.history.releases
    client, server = random.randrange(len(releases)), random.randrange(len(releases))
    interface = releases[client].interface
    method = random.choice(methods_of(interface))
    kinds: list[Kind] = sorted({route.kind for route in method.routes})
    served = releases[server].interface
    values = Values(interface, random)
    names = [name for name in served.methods if number_of(name) == number_of(method.name)]
    result = Values(served, random).result(served.methods[names[0]]) if names else None
    pin = some_pin(fleet, client, server, random)
    kind = random.choice(kinds)
    return Cell(client, server, pin, method.name, kind, values.arguments(method), result)


def some_pin(fleet: Fleet, client: int, server: int, random: Random) -> Version | None:
    """No pin, or the server's version, or any that the client speaks, and sometimes one that it does not."""
    interface = fleet.history.releases[client].interface
    last = random.choice(list(spoken(interface).values()))
    return random.choice(
        [
            None,
            fleet.history.releases[server].version,
            Version(last.major, random.randint(0, last.minor)),
            Version(last.major, last.minor + 3),
            Version(last.major + random.choice([0, 0, 0, 7]), last.minor),
        ]
    )


def number_of(name: str) -> str:
    """What stays the same when something is renamed."""
    return name.rpartition("_")[2]


def holds(got: Plain, given: Plain) -> bool:
    """Whether nothing that was given is lost; unset parts may read as another unset value."""
    if given is None or given in ("", [], {}):
        return True
    if isinstance(got, dict) and isinstance(given, dict):
        return all(holds(got[name], each) for name, each in given.items() if name in got)
    if isinstance(got, list) and isinstance(given, list):
        return len(got) == len(given) and all(map(holds, got, given))
    return bool(got == given)


class Trial:
    """Runs a cell."""

    def __init__(self, fleet: Fleet, cell: Cell) -> None:
        self.fleet = fleet
        self.cell = cell
        self.package: Package = fleet.packages[cell.client]
        self.interface = self.package.interface
        self.wire = Wire()

    def run(self) -> str:
        """Compare; says how it ended, for the count."""
        cell = self.cell
        expected = write(
            self.interface,
            cell.method,
            cell.arguments,
            cell.pin,
            cell.kind,
            converters=converters_of(self.interface),
        )
        self._check_questions()
        if isinstance(expected, Refusal):
            self._check_refusal(expected)
            return "pinned"
        served = self.fleet.served(cell.server)
        served.forget()
        if expected.topic in served.topics:
            self.wire.to = served
        refusal = accepts(served.package.interface, expected)
        self._check_promise(expected, refusal)
        if self.wire.to is None:
            self._check_unsent(expected)
            return "written"
        if cell.kind == "cast":
            self._check_cast(expected, served, refused=bool(refusal))
            return "cast"
        if refusal:
            self._check_refused(expected, refusal)
            return "refused"
        return self._check_call(expected, served)

    def _check_promise(self, message: Message, refusal: frozenset[str]) -> None:
        """A client whose pin is not newer than the server is never refused."""
        server = self.fleet.history.releases[self.cell.server]
        last = spoken(server.interface).get(message.version.major)
        shape = shape_version(self.interface, self.cell.pin)
        if last is not None and shape is not None and shape <= last:
            assert not refusal, (message, refusal)

    def _check_questions(self) -> None:
        """Asking first tells what the shape version has."""
        cell, method = self.cell, self.interface.methods[self.cell.method]
        client = self.fleet.client(cell.client, pair(cell.pin), self.wire)
        shape = shape_version(self.interface, cell.pin)
        formed = shape is not None and method_at(method, shape).step is not None
        arguments: list[str | None] = [None]
        if not formed:
            arguments += [
                each.name
                for each in method.args.values()
                if each.constant is None and wanted(each, self.interface)
            ]
        for argument in arguments:
            expected = can_be_sent(self.interface, cell.method, argument, cell.pin)
            assert client.can_send(cell.method, argument) == expected, argument

    @property
    def _alike(self) -> bool:
        """Client and server are of the same release and speak its version: everything arrives as it was given."""
        return self.cell.client == self.cell.server and self.cell.pin is None

    def _send(self) -> Any:
        cell, method = self.cell, self.interface.methods[self.cell.method]
        client = self.fleet.client(cell.client, pair(cell.pin), self.wire)
        keywords = self.package.keywords(method.args, cell.arguments)
        return getattr(client, self.package.client_method(method, cell.kind))(**keywords)

    # --- what the client does -------------------------------------------------------------------------------------

    def _check_refusal(self, expected: Refusal) -> None:
        error = self._failure(VersionPinned, expected)
        needs = None if error.needs is None else Version(*error.needs)
        assert error.method == expected.method
        assert Reason(error.argument, needs) in expected.reasons, (error.argument, error.needs)
        assert error.pin == pair(expected.pin)
        assert not self.wire.sent

    def _failure(self, kind: type[E], expected: object) -> E:
        """What the client raises."""
        try:
            answer = self._send()
        except kind as error:
            return error
        except Nobody:
            answer = "a message"
        raise AssertionError(f"expected {expected}, got {answer}; sent {self.wire.sent}")

    def _check_sent(self, expected: Message) -> None:
        ((request, body, topic),) = self.wire.sent
        found = Message(
            request.method,
            Version(request.major, request.minor),
            request.reader,
            topic,
            "call" if request.how == CALL else "cast",
            expected.to,
            body,
        )
        assert found == expected, f"\n{found}\n{expected}"

    def _check_unsent(self, expected: Message) -> None:
        try:
            self._send()
        except Nobody:
            self._check_sent(expected)

    # --- what the server does -------------------------------------------------------------------------------------

    def _check_refused(self, expected: Message, kinds: frozenset[str]) -> None:
        error = self._failure(Rejected, kinds)
        self._check_sent(expected)
        assert error.code in kinds, (error.code, kinds)

    def _check_cast(self, expected: Message, served: Served, *, refused: bool) -> None:
        before = served.refused
        self._send()
        self._check_sent(expected)
        outcome = served.outcome_of_cast(before)
        assert (outcome is None) == refused, outcome
        if outcome is not None:
            self._check_handled(expected, served, outcome)

    def _check_handled(self, expected: Message, served: Served, handled: Handled) -> None:
        interface = served.package.interface
        arguments = read(interface, expected, converters_of(interface))
        assert handled.arguments == arguments, f"\n{handled.arguments}\n{arguments}"
        assert not self._alike or holds(handled.arguments, self.cell.arguments)
        assert handled.needs == pair(expected.version)
        assert handled.reader == expected.reader

    # --- results --------------------------------------------------------------------------------------------------

    def _check_call(self, expected: Message, served: Served) -> str:
        interface, cell = served.package.interface, self.cell
        name = next(n for n in interface.methods if number_of(n) == number_of(cell.method))
        method = interface.methods[name]
        served.answer = (
            None if method.returns is None else served.package.typed(cell.result, method.returns)
        )
        told = write_result(
            interface,
            name,
            cell.result,
            expected.version.major,
            expected.reader,
            converters_of(interface),
        )
        at = min(
            Version(expected.version.major, expected.reader),
            spoken(interface)[expected.version.major],
        )
        try:
            result = read_result(
                self.interface, cell.method, told, at, converters_of(self.interface)
            )
        except UnreadableError:
            return self._check_unreadable(expected, served)
        got = plain(self._send())
        self._check_sent(expected)
        self._check_handled(expected, served, served.handled.get_nowait())
        assert self._reads(got, result), f"told {told} at {at}\n{got}\n{result}"
        assert not self._alike or holds(got, cell.result)
        return "answered"

    def _reads(self, got: Plain, expected: Plain) -> bool:
        """Whether two results are the same; what an unknown member holds may be sparse, as it travelled."""
        if isinstance(got, dict) and isinstance(expected, dict):
            return got.keys() == expected.keys() and all(
                holds(expected[name], each)
                if self._is_tag(name)
                else self._reads(each, expected[name])
                for name, each in got.items()
            )
        if isinstance(got, list) and isinstance(expected, list):
            return len(got) == len(expected) and all(map(self._reads, got, expected))
        return bool(got == expected)

    def _is_tag(self, name: str) -> bool:
        """Whether it is the tag of a member that the client does not know."""
        unions = [each for each in self.interface.types.values() if isinstance(each, Union)]
        return name.startswith("t") and not any(name in union.members for union in unions)

    def _check_unreadable(self, expected: Message, served: Served) -> str:
        self._failure(BadResult, "a result that cannot be read")
        self._check_sent(expected)
        self._check_handled(expected, served, served.handled.get_nowait())
        return "unreadable"


__all__ = ["Cell", "Trial", "some_cell"]
