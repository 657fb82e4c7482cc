"""Random histories load, and the oracle keeps the promises of the language on them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from rpcgen.idl.model import Kind
from rpcgen.idl.version import Version

from tests.versions.bounds import highest_bound
from tests.versions.converting import converters_of
from tests.versions.histories import History, Release, make_history
from tests.versions.reference import Message, Refusal, accepts, read, shape_version, spoken, write
from tests.versions.reference.gate import find
from tests.versions.reference.shapes import method_at
from tests.versions.values import Values

HISTORIES = 60


def history_of(number: int) -> History:
    """One of the histories that every run has."""
    random = Random(number)
    return make_history([random.getrandbits(32) for _ in range(random.randint(2, 7))])


def some_pin(random: Random, release: Release) -> Version | None:
    """A pin to something that is spoken, or none."""
    if random.random() < 0.25:
        return None
    last = random.choice(list(spoken(release.interface).values()))
    return Version(last.major, random.randint(0, last.minor))


def messages(
    history: History, random: Random, count: int
) -> Sequence[tuple[Release, Version, Message]]:
    """Messages of random clients, each with its client and shape version."""
    found: list[tuple[Release, Version, Message]] = []
    for _ in range(count):
        client = random.choice(history.releases)
        method = random.choice(list(client.interface.methods.values()))
        kinds: set[Kind] = {route.kind for route in method.routes}
        written = write(
            client.interface,
            method.name,
            Values(client.interface, random).arguments(method),
            pin := some_pin(random, client),
            random.choice(sorted(kinds)),
            converters=converters_of(client.interface),
        )
        shape = shape_version(client.interface, pin)
        if not isinstance(written, Refusal) and shape is not None:
            found.append((client, shape, written))
    return found


@pytest.mark.parametrize("number", range(HISTORIES))
def test_needs_is_the_highest_bound(number: int) -> None:
    """Both sentences of V1 say the same number."""
    history = history_of(number)
    for client, shape, message in messages(history, Random(number), 40):
        assert highest_bound(client.interface, message, shape) == message.version, message


@pytest.mark.parametrize("number", range(HISTORIES))
def test_later_servers_accept(number: int) -> None:
    """What one server of a major takes, all later ones that serve the major take, and read the same."""
    history = history_of(number)
    for client, shape, message in messages(history, Random(number), 40):
        before: Any = None
        for server in history.releases:
            refused = accepts(server.interface, message)
            last = spoken(server.interface).get(message.version.major)
            if last is not None and last >= shape:
                assert not refused, (client.version, server.version, message)
            if not refused and not is_converted(server, message):
                got = read(server.interface, message, converters_of(server.interface))
                assert before is None or same(before, got), (message, before, got)
                before = got


def is_converted(server: Release, message: Message) -> bool:
    """Whether the server's program makes the arguments, and not the language."""
    method = find(server.interface, message.name, message.version)
    assert method is not None
    return method_at(method, message.version).step is not None


def same(one: Any, two: Any) -> bool:
    """Whether two releases in a row read the same, as far as both know it; their names differ, but not the numbers.

    A value that one has as text and the other as number was converted between them.
    """
    if isinstance(one, dict) and isinstance(two, dict):
        left = {str(name).rpartition("_")[2]: each for name, each in one.items()}
        right = {str(name).rpartition("_")[2]: each for name, each in two.items()}
        return all(same(left[name], right[name]) for name in left.keys() & right.keys())
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two) or isinstance(one, str) != isinstance(two, str)
