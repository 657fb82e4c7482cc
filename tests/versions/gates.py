"""The server's side alone: messages that no client writes, against the oracle's gate and reading."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from msgspec import Raw
from rpcgen.runtime import Target
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CALL, Refusal, Request
from rpcgen.runtime.ids import new_id

from tests.conformance.raw import RawClient
from tests.versions.cells import some_pin
from tests.versions.converting import converters_of
from tests.versions.fleet import Fleet, Served
from tests.versions.mutants import mutate
from tests.versions.reference import Message, accepts, read, write
from tests.versions.reference import Refusal as Pinned
from tests.versions.values import Values, methods_of


def try_gate(fleet: Fleet, random: Random) -> str:
    """Send a mutant of a random client's message to a random server; says how it ended."""
    served = fleet.served(random.randrange(len(fleet.packages)))
    message = some_message(fleet, random)
    mutant = mutate(message, served.package.interface, random)
    return check(served, replace(mutant, kind="call"))


def some_message(fleet: Fleet, random: Random) -> Message:
    """A message that some client writes."""
    while True:
        client = random.randrange(len(fleet.packages))
        interface = fleet.packages[client].interface
        method = random.choice(methods_of(interface))
        written = write(
            interface,
            method.name,
            Values(interface, random).arguments(method),
            some_pin(fleet, client, client, random),
            method.routes[0].kind,
            converters=converters_of(interface),
        )
        if not isinstance(written, Pinned):
            return written


def check(served: Served, message: Message) -> str:
    """Compare what the server does with what the oracle says."""
    interface = served.package.interface
    kinds = accepts(interface, message)
    served.forget()
    answer = _ask(served, message)
    if kinds:
        assert isinstance(answer, Refusal), f"{message}\nexpected {set(kinds)}, got {answer}"
        assert answer.code in kinds, f"{message}\nexpected {set(kinds)}, got {answer}"
        return min(kinds)
    assert not isinstance(answer, Refusal), f"{message}\nexpected to be taken, got {answer}"
    handled = served.handled.get_nowait()
    expected = read(interface, message, converters_of(interface))
    assert handled.arguments == expected, f"{message}\n{handled.arguments}\n{expected}"
    return "taken"


def _ask(served: Served, message: Message) -> Any:
    table = served.package.table
    client = RawClient(served.url, Target(table.exchange, table.topic.name))
    served.answer = None
    try:
        return client.ask(
            Request(
                new_id(),
                CALL,
                table.namespace,
                message.name,
                message.version.major,
                message.version.minor,
                message.reader,
                10.0,
                Raw(MSGPACK.encode(message.args)),
            )
        )
    finally:
        client.close()
