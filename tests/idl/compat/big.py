"""An interface of any size, for measurements."""

from __future__ import annotations

from rpcgen.idl import Interface, loads

RELEASES = 20


def text_of_size(methods: int, types: int) -> str:
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


def interface_of_size(methods: int, types: int) -> Interface:
    """The same, read."""
    loaded = loads(text_of_size(methods, types))
    assert loaded.interface is not None
    return loaded.interface
