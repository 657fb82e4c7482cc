"""What a client sends at which pin, as tables: every expectation is written out, none is computed.

Knows no interface.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rpcgen.runtime import VersionPinned
from rpcgen.runtime.testing import AsyncRecordingTransport, RecordingTransport

from tests.examples.packages import plain

Arguments = Mapping[str, Any]
Recording = RecordingTransport | AsyncRecordingTransport


@dataclass(frozen=True, slots=True)
class Sent:
    """One message: the version that it names, `topic/server`, and its arguments by wire name.

    Instead of a server there may be `any` or `all`.
    """

    version: str
    to: str
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing is sent: the method (or that argument of it) needs a later version."""

    needs: str
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One use of one client method, at every pin.

    Attributes:
        method: the client's method, which is the name on the wire, too.
        given: what the program passes.
        said: what comes of it, by pins such as "5.0..5.11 6.0 none".
        server: what `prepare(server=...)` names, if anything.
        kind: what travels.
    """

    method: str
    given: Arguments
    said: Mapping[str, Sent | Refused]
    server: str | None = None
    kind: str = "cast"

    def by_pin(self) -> Iterator[tuple[str, Sent | Refused]]:
        """Each pin, and what comes of it."""
        for text, said in self.said.items():
            for pin in pins(text):
                yield pin, said


def pins(text: str) -> Iterator[str]:
    """The pins of a text such as "5.0..5.11 6.0 none"."""
    for part in text.split():
        first, _, last = part.partition("..")
        if not last:
            yield first
            continue
        major, low = map(int, first.split("."))
        for minor in range(low, int(last.split(".")[1]) + 1):
            yield f"{major}.{minor}"


def outcome(client: Any, transport: RecordingTransport, case: Case, pin: str) -> Sent | Refused:
    """What comes of a case at a pin."""
    transport.clear()
    try:
        use(client, case, pin)
    except VersionPinned as error:
        return refused(error, transport, case)
    return sent(transport, case)


async def async_outcome(
    client: Any, transport: AsyncRecordingTransport, case: Case, pin: str
) -> Sent | Refused:
    """What comes of a case at a pin, on asyncio."""
    transport.clear()
    try:
        await use(client, case, pin)
    except VersionPinned as error:
        return refused(error, transport, case)
    return sent(transport, case)


def use(client: Any, case: Case, pin: str) -> Any:
    """Call the client's method as a program does that is pinned like that."""
    pinned = client if pin == "none" else client.prepare(pin=pin)
    if case.server is not None:
        pinned = pinned.prepare(server=case.server)
    both = case.kind == "call" and hasattr(pinned, f"{case.method}_call")
    return getattr(pinned, f"{case.method}_call" if both else case.method)(**case.given)


def refused(error: VersionPinned, transport: Recording, case: Case) -> Refused:
    """What a refusal says."""
    assert transport.messages == []
    assert error.method == case.method
    assert error.needs is not None
    return Refused(dotted(error.needs), error.argument)


def sent(transport: Recording, case: Case) -> Sent:
    """What the one message says."""
    (message,) = transport.messages
    assert (message.kind, message.method) == (case.kind, case.method)
    target = message.target
    server = "all" if target.fanout else target.server or "any"
    return Sent(dotted(message.version), f"{target.topic}/{server}", message.arguments)


def as_it_travels(said: Sent | Refused) -> Sent | Refused:
    """What a table says, with opaque objects as they travel."""
    if isinstance(said, Refused):
        return said
    return Sent(said.version, said.to, plain(dict(said.arguments)))


def parse(version: str) -> tuple[int, int]:
    """Text to numbers."""
    major, minor = version.split(".")
    return int(major), int(minor)


def dotted(version: tuple[int, int]) -> str:
    """Numbers to text."""
    return f"{version[0]}.{version[1]}"
