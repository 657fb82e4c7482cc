"""Casts that may wait for only so long, and messages that are handled one after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, NotSent

from tests.compiled import compile_to
from tests.conformance.conftest import OTHERS
from tests.conformance.stairs import Stairs, endpoint, whole
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Worlds
from tests.packages import INTERFACES, import_from

#: Messages are few; a machine that does much else needs its time for each.
LIMIT = 20.0


@pytest.fixture(scope="module")
def order(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("order")
    compile_to(directory, INTERFACES / "order.yaml")
    return import_from(directory, "test_order")


Opened = tuple[Any, Any, Stairs]
Open = Callable[[int], Opened]


@pytest.fixture
def opened(order: ModuleType, worlds: Worlds, new_url: Callable[[int], list[str]]) -> Open:
    """Start a server that does so much at once, and make a client of it; with what the handlers write."""

    def make(concurrency: int) -> Opened:
        stairs = Stairs()
        worlds.on_close(stairs.release.set)
        urls = new_url(1)
        made = endpoint(order, stairs, worlds.server_world)
        client = worlds.client(order, "Order", urls[-1])
        options = {"server": "s1", "concurrency": concurrency}
        server = worlds.server(urls[0], endpoints=[made], **options)
        worlds.on_close(stairs.held.clear)
        return client, server, stairs

    return make


def in_background(function: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=function)
    thread.start()
    return thread


@pytest.mark.native
def test_what_has_waited_for_too_long_is_not_run(opened: Open) -> None:
    """It is counted; what may wait longer runs, and once it does, its time is not measured."""
    client, server, stairs = opened(1)
    work, counters = server.serving.work, server.serving.counters
    blocker = in_background(client.block)
    assert stairs.blocked.wait(LIMIT)

    def all_wait() -> bool:
        expected, end = work.queued + 3, time.monotonic() + 2.0
        with suppress(NotSent):
            client.brief(text="too late")
            client.prepare(fanout=True).brief(text="too late for all")
            client.prepare(timeout=60).brief(text="too late however patient its sender")
            eventually(lambda: work.queued >= expected or time.monotonic() > end)
        return work.queued >= expected

    eventually(all_wait, LIMIT)  # what takes that long to get there is dropped on its way
    client.lasting(text="in time")
    sent = time.monotonic()
    eventually(lambda: work.queued >= 4, LIMIT)
    threading.Event().wait(sent + 0.35 - time.monotonic())  # the time that they may wait
    stairs.release.set()
    blocker.join(LIMIT)
    eventually(lambda: stairs.notes == ["in time None"], LIMIT)
    eventually(lambda: work.held == 0 and counters.expired == counters.received - 2, LIMIT)
    assert counters.expired >= 3


def test_what_cannot_be_kept_is_refused(opened: Open, scheme: str) -> None:
    """Without a broker nothing is delivered at least once, so a message that is to be is not sent at all."""
    keeps = not scheme.startswith("zmq") if OTHERS is None else OTHERS.keeps
    if keeps:
        pytest.skip("others keep it, or have tests of their own")
    client, server, stairs = opened(8)
    with pytest.raises(ConfigurationError, match="at least once"):
        client.stay(text="kept")
    client.lasting(text="not kept")
    eventually(lambda: stairs.notes == ["not kept None"], LIMIT)
    assert server.serving.counters.received == 1


def test_one_key_is_one_line(opened: Open, order: Any) -> None:
    """Messages with the same key are done in the order in which they came, never two at once; others do not wait."""
    client, server, stairs = opened(8)
    stairs.held.add("a")
    for number in range(12):
        client.step(thing=order.Thing(name="abc"[number % 3]), number=number)
    eventually(lambda: stairs.of("b") == whole("b", 1, 4, 7, 10), LIMIT)
    eventually(lambda: stairs.of("c") == whole("c", 2, 5, 8, 11), LIMIT)
    eventually(lambda: server.serving.work.held == 4, LIMIT)
    eventually(lambda: stairs.of("a") != [], LIMIT)
    assert stairs.of("a") == ["+a.0"]
    stairs.held.remove("a")
    eventually(lambda: stairs.of("a") == whole("a", 0, 3, 6, 9), LIMIT)
    eventually(lambda: server.serving.work.held == 0, LIMIT)


def test_without_a_key_nothing_waits(opened: Open, order: Any) -> None:
    """Null anywhere on the path is no key."""
    client, _, stairs = opened(8)
    stairs.held.add("None")
    client.step(thing=None, number=1)
    client.step(thing=order.Thing(), number=2)
    client.step(thing=None, number=3)
    eventually(lambda: sorted(stairs.notes) == ["+None.1", "+None.2", "+None.3"], LIMIT)


def test_calls_keep_the_order_of_casts(opened: Open, order: Any) -> None:
    """To one server, by whatever route: a call begins when the cast before it has ended, and a fanout after both."""
    client, server, stairs = opened(8)
    thing = order.Thing(name="a")
    stairs.held.add("a")
    client.step(thing=thing, number=1)
    eventually(lambda: stairs.notes == ["+a.1"], LIMIT)
    caller = in_background(lambda: client.step_call(thing=thing, number=2))
    eventually(lambda: server.serving.work.queued == 1, LIMIT)
    client.prepare(fanout=True).step(thing=thing, number=3)
    eventually(lambda: server.serving.work.queued == 2, LIMIT)
    client.prepare(server="s1").step(thing=thing, number=4)
    eventually(lambda: server.serving.work.queued == 3, LIMIT)
    stairs.held.remove("a")
    caller.join(LIMIT)
    eventually(lambda: stairs.notes == whole("a", 1, 2, 3, 4), LIMIT)


def test_a_line_ends_with_nothing_left(opened: Open, order: Any) -> None:
    """A handler that fails holds nobody up behind it; also where one handler runs at a time."""
    client, server, stairs = opened(1)
    stairs.failing.add("b.4")
    for number in range(40):
        client.step(thing=order.Thing(name="abc"[number % 3]), number=number)
    eventually(lambda: len(stairs.notes) == 79, LIMIT)
    assert stairs.of("a") == whole("a", *range(0, 40, 3))
    assert stairs.of("b") == [*whole("b", 1), "+b.4", *whole("b", *range(7, 40, 3))]
    eventually(lambda: server.serving.work.held == 0, LIMIT)
    assert server.serving.counters.failed == 1
