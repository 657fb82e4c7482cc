"""Changes of where or how messages go, which random units do not make. Knows nothing of how they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rpcgen.idl.compat import Verdict

GET = "methods: {get: {call: any, returns: string}}"
PARCEL = "methods: {get: {call: any, returns: Parcel}}"
#: What the caller of another version gets: the handler's answer, or the name of the error.
HEARD = "done"


@dataclass(frozen=True)
class Shift:
    """A change of where or how a message goes.

    Attributes:
        old, new: the two files, without their heads.
        verdict: what it costs.
        to_new, to_old: what becomes of an old client's call to a new server, and of the reverse.
        prepared: what both clients are prepared with.
        answer: what handlers return, made of their generated module.
        renamed: the last word of the newer file's name.
        oldest: the file that old clients are built from, if it is an even older one.
    """

    old: str
    new: str
    verdict: Verdict
    to_new: object
    to_old: object
    prepared: Mapping[str, str] = field(default_factory=dict[str, str])
    answer: Callable[[Any], object] = lambda module: HEARD
    renamed: str = "api"
    oldest: str = ""


#: One for each rule.
SHIFTS: Mapping[str, Shift] = {
    "topic-changed": Shift(
        f"target: {{topic: orders}}\n{GET}",
        f"target: {{topic: later}}\n{GET}",
        Verdict.MAJOR,
        "NotSent",
        "NotSent",
    ),
    "topic-added": Shift(
        f"target: {{topic: orders}}\n{GET}",
        f"target: {{topic: orders, also: [later]}}\n{GET}",
        Verdict.MINOR,
        HEARD,
        HEARD,
    ),
    "topic-removed": Shift(
        f"target: {{topic: orders, also: [older]}}\n{GET}",
        f"target: {{topic: orders}}\n{GET}",
        Verdict.MAJOR,
        "NotSent",
        HEARD,
        oldest=f"target: {{topic: older}}\n{GET}",
    ),
    "method-topic-changed": Shift(
        GET,
        "methods: {get: {call: any, returns: string, topic: fast}}",
        Verdict.MAJOR,
        # Servers listen on the interface's topic whatever their methods say.
        HEARD,
        "NotSent",
    ),
    "exchange-changed": Shift(
        f"target: {{exchange: shop, topic: orders}}\n{GET}",
        f"target: {{exchange: store, topic: orders}}\n{GET}",
        Verdict.MAJOR,
        "NotSent",
        "NotSent",
    ),
    "namespace-changed": Shift(
        f"namespace: demo\n{GET}",
        f"namespace: other\n{GET}",
        Verdict.MAJOR,
        "UnknownNamespace",
        "UnknownNamespace",
    ),
    "interface-renamed": Shift(
        GET,
        GET,
        Verdict.MAJOR,
        "NotSent",
        "NotSent",
        renamed="renamed",
    ),
    "fallback-changed": Shift(
        "types: {State: {enum: [idle, busy, moving since 1.2], fallback: {moving: idle}}}\n"
        "methods: {get: {call: any, returns: State}}",
        "types: {State: {enum: [idle, busy, moving since 1.2], fallback: {moving: busy}}}\n"
        "methods: {get: {call: any, returns: State}}",
        Verdict.MINOR,
        # Readers that are older than the value are told what the server's file says.
        "busy",
        "idle",
        prepared={"pin": "1.0"},
        answer=lambda module: module.State("moving"),
    ),
    "clock-raised": Shift(
        f'types: {{Parcel: {{version: "1.3", fields: {{id: int}}}}}}\n{PARCEL}',
        f'types: {{Parcel: {{version: "2.0", fields: {{id: int}}}}}}\n{PARCEL}',
        Verdict.MAJOR,
        "BadResult",
        "BadResult",
        answer=lambda module: module.Parcel(id=7),
    ),
    "envelope-changed": Shift(
        f'types: {{Parcel: {{version: "1.0", fields: {{id: int}}}}}}\n{PARCEL}',
        f'types: {{Parcel: {{version: "1.0", envelope: {{data: body}}, fields: {{id: int}}}}}}\n{PARCEL}',
        Verdict.MAJOR,
        "BadResult",
        "BadResult",
        answer=lambda module: module.Parcel(id=7),
    ),
}
