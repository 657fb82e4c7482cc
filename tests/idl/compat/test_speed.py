"""Checking costs little more than reading the file, and no more for each method however many there are.

Times are of the processor, the best of several, and compared with each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from rpcgen.cli._examples.find import fails
from rpcgen.cli._examples.sides import both
from rpcgen.idl import Version, loads
from rpcgen.idl.compat import check, compare, view_at
from rpcgen.idl.compat.lock import Parts, lock_text, read_lock

from tests.idl.compat.big import RELEASES, interface_of_size, text_of_size
from tests.idl.compat.cases import interface_of
from tests.idl.compat.cost import measure
from tests.idl.pace import times_as_long

#: Seconds that `rpcgen check` may take, beyond interpreter start, on a machine that calibrates in CALIBRATED seconds.
LIMITS = {"twenty releases": 0.5, "unchanged": 0.4}
CALIBRATED = 0.19


def test_twenty_releases_cost_a_few_readings_of_the_file() -> None:
    """An interface of 100 methods and 60 types is judged by 20 releases in less than 20 times what reading it takes."""
    text, interface = text_of_size(100, 60), interface_of_size(100, 60)
    versions = [Version(1, minor) for minor in range(RELEASES)]
    kept = {each: lock_text(view_at(interface, each)) for each in versions}

    def judge() -> None:
        parts = Parts()
        read = {each: read_lock(kept[each], str(each), parts).interface for each in versions}
        assert not check(interface, read).failed

    assert times_as_long(judge, lambda: loads(text), 20) < 20


@pytest.mark.timeout(300)
def test_the_command_keeps_its_time() -> None:
    """What users wait for stays below its limits; on a machine that is slower, or busy, by as much above them."""
    cost = measure()
    if _late(cost):  # a neighbour that comes and goes makes some rounds slower than others
        again = measure(rounds=15)
        cost = {what: min(seconds, again[what]) for what, seconds in cost.items()}
    assert _late(cost) == {}, cost


def _late(cost: dict[str, float]) -> dict[str, float]:
    slower = max(1.0, cost["calibration"] / CALIBRATED)
    return {what: cost[what] for what, limit in LIMITS.items() if cost[what] > limit * slower}


def test_the_cost_is_linear_in_the_methods() -> None:
    """Four times as many methods cost at most six times as much, up to 10,000."""
    few, many = interface_of_size(2_500, 60), interface_of_size(10_000, 60)
    assert times_as_long(lambda: compare(many, many), lambda: compare(few, few), 6) < 6


def _growing(methods: int) -> Callable[[], object]:
    """Compare two files, where every method gained an argument."""
    text = text_of_size(methods, 60)
    old = loads(text.replace('"1.20"', '"1.19"')).interface
    new = loads(text.replace("q: int?", "q: int?, n: int? since 1.20")).interface
    assert old is not None
    assert new is not None
    assert len(compare(old, new).findings) == methods
    return lambda: compare(old, new)


def test_the_cost_is_linear_in_the_methods_that_changed() -> None:
    """Eight times as many changes cost at most eighteen times as much; each looking through all methods costs thirty."""
    assert times_as_long(_growing(8_000), _growing(1_000), 18) < 18


@contextmanager
def _trying(methods: int) -> Iterator[Callable[[], object]]:
    """Try 40 messages, of an interface in which every method broke."""
    lines = [f"  m{number}: {{call: any, args: {{q: TYPE}}}}" for number in range(methods)]
    text = "\n".join(["methods:", *lines])
    old, new = (interface_of(text.replace("TYPE", name), "1.3") for name in ("int", "string"))
    changes = [each.change for each in compare(old, new).findings if each.change is not None]
    assert len(changes) == methods
    with both(old, new, [change.root for change in changes]) as sides:

        def ask() -> None:
            for change in changes[-40:]:
                assert fails(change, "old", {"q": 0}, *sides) is not None

        yield ask


def test_a_message_costs_the_same_in_an_interface_of_any_size() -> None:
    """Twenty times as many methods that broke do not make a message of one of them cost three times as much."""
    with _trying(800) as large, _trying(40) as small:
        assert times_as_long(large, small, 3) < 3


def test_what_releases_say_alike_is_made_once() -> None:
    """Parts are shared between releases, but 1 is not true."""
    texts = [
        f'rpcgen: 1\ninterface: demo.api\nversion: "1.{minor}"\nmethods: {{get: {{call: any, args: {{a: any = {value}}}}}, put: {{cast: any}}}}\n'
        for minor, value in enumerate(("1", "true"))
    ]
    parts = Parts()
    one, two = (
        read_lock(lock_text(loaded.interface), "x", parts).interface
        for loaded in map(loads, texts)
        if loaded.interface is not None
    )
    assert one.methods["put"] is two.methods["put"]
    assert one.methods["get"] is not two.methods["get"]
    assert [each.rule for each in compare(one, two).findings] == ["default-changed"]
