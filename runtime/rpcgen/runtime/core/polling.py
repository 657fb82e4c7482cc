"""The questions that a client with pin `auto` asks the servers of its topics, and what the answers mean."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import structs
from rpcgen.runtime.core.call import Call, Options, Settings, new_call
from rpcgen.runtime.core.pins import Shape
from rpcgen.runtime.core.plan import Plan
from rpcgen.runtime.descriptor import Interface, NoArgs, Version
from rpcgen.runtime.peers import Found
from rpcgen.runtime.rpcgen_meta.descriptor import INTERFACE as META
from rpcgen.runtime.rpcgen_meta.descriptor import VERSIONS
from rpcgen.runtime.rpcgen_meta.types import Spoken

#: Seconds that looking for servers may take.
DISCOVERY_TIMEOUT = 2.0

#: Seconds that a call which needs the answers waits for them at most, and what it says then.
PATIENCE = 5.0
UNHEARD = "the servers have not said in time which versions they serve"

_VERSION = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})")


class Poll:
    """One round of questions for one interface."""

    def __init__(self, interface: Interface, settings: Settings) -> None:
        self._settings = settings
        self._exchange = settings.exchange or interface.exchange
        self._topics = (
            {settings.topic}
            if settings.topic is not None
            else {interface.topic.name, *interface.also}
        )
        self._plans: dict[str, Plan] = {}

    def concerned(self, found: Iterable[Found]) -> list[Found]:
        """Those servers that messages of the interface can go to, each once."""
        servers = {
            each.server: each
            for each in found
            if each.exchange == self._exchange and each.topic in self._topics and not each.error
        }
        return [servers[name] for name in sorted(servers)]

    def question(self, found: Found, now: float) -> Call:
        """The call that asks one server."""
        plan = self._plans.get(found.topic)
        if plan is None:
            settings = structs.replace(
                self._settings,
                exchange=self._exchange,
                topic=found.topic,
                timeout=None,
                routers={},
                converters=None,
            )
            plan = self._plans[found.topic] = Plan(VERSIONS, settings, Shape(META, None))
        return new_call(plan, "call", NoArgs(), None, Options(server=found.server), None, now)


def spoken(interface: Interface, answer: Sequence[Spoken]) -> tuple[Version, ...] | None:
    """The versions of an interface that a server says it serves, ascending; empty if it serves others.

    None if what it says is no version: that is as good as no answer.
    """
    for each in answer:
        if each.name == interface.name and each.namespace == interface.namespace:
            found = [_VERSION.fullmatch(text) for text in each.versions]
            if not all(found):
                return None
            return tuple(sorted((int(match[1]), int(match[2])) for match in found if match))
    return ()
