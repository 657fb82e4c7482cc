"""Checking costs little more than reading the file, and no more for each method however many there are.

Times are of the processor, the best of several, and compared with each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from rpcgen.idl import Interface, Version, loads
from rpcgen.idl.compat import check, compare, view_at
from rpcgen.idl.compat.lock import Parts, lock_text, read_lock

ROUNDS = 3
RELEASES = 20


def _text(methods: int, types: int) -> str:
    """An interface in which every type leads to the next, and most gained a field in one of the minors."""
    lines = ["rpcgen: 1", "interface: demo.big", f'version: "1.{RELEASES}"', "types:"]
    lines += [f"  E{number}: {{enum: [p, q, r, s]}}" for number in range(10)]
    for number in range(types):
        newer = f", x: int? since 1.{number % RELEASES}" if number % RELEASES else ""
        lines.append(
            f'  T{number}: {{fields: {{a: int, b: string?, c: "list[string]", d: float = 1.5, '
            f"e: E{number % 10}, next: T{(number + 1) % types}?{newer}}}}}"
        )
    lines.append("methods:")
    lines += [
        f'  m{number}: {{call: any, args: {{p: T{number % types}, q: int?, r: "map[string, int]"}}, '
        f"returns: T{number * 7 % types}}}"
        for number in range(methods)
    ]
    return "\n".join(lines) + "\n"


def _interface(methods: int, types: int) -> Interface:
    loaded = loads(_text(methods, types))
    assert loaded.interface is not None
    return loaded.interface


def _cost(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def test_twenty_releases_cost_a_few_readings_of_the_file() -> None:
    """An interface of 100 methods and 60 types is judged by 20 releases in less than 20 times what reading it takes."""
    text, interface = _text(100, 60), _interface(100, 60)
    versions = [Version(1, minor) for minor in range(RELEASES)]
    kept = {each: lock_text(view_at(interface, each)) for each in versions}

    def judge() -> None:
        parts = Parts()
        read = {each: read_lock(kept[each], str(each), parts).interface for each in versions}
        assert not check(interface, read).failed

    assert _cost(judge) < 20 * _cost(lambda: loads(text))


def test_the_cost_is_linear_in_the_methods() -> None:
    """Four times as many methods cost at most six times as much, up to 10,000."""
    few, many = _interface(2_500, 60), _interface(10_000, 60)
    assert _cost(lambda: compare(many, many)) < 6 * _cost(lambda: compare(few, few))


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
