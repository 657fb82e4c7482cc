"""What is asked in a campaign: two histories of interfaces, and calls that say what has to become of them.

Everything here is in one shape, that of the newest release with flat names; `canonical` brings what programs see of any
release into it. Knows no process.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

import msgspec
from msgspec import Struct, field

from tests.chaos.journal import Facts, Version
from tests.packages import INTERFACES


class Ask(Struct, frozen=True):
    """One call or cast.

    Attributes:
        arguments: as they are passed.
        expect: what a handler of the newest release is given.
        least: the version that the message needs.
        loses: what an older pin leaves out without a word.
        sayable: whether a client pinned to the oldest release may send it.
    """

    method: str
    arguments: dict[str, Any]
    expect: dict[str, Any]
    least: Version
    cast: bool = False
    loses: list[str] = field(default_factory=list[str])
    sayable: bool = True


#: From the package of a release, a ticket, a number, and whether to use all that is new.
Asking = Callable[[Any, str, int, bool], Ask]


class Release(Struct, frozen=True):
    """One release: the versions that its servers take, and how its clients ask."""

    serves: list[Version]
    ask: Asking

    @property
    def version(self) -> Version:
        """The file's."""
        return self.serves[-1]


class Scenario(Struct, frozen=True):
    """The releases of an interface, in order, each named for its file.

    Attributes:
        names: what is called otherwise in some release.
        pin: names the oldest release for clients of the newest.
        converters: the servers' methods, where a release asks for some.
    """

    name: str
    package: str
    stem: str
    releases: Mapping[str, Release]
    names: Mapping[str, str]
    facts: Facts
    pin: str
    converters: Mapping[str, Callable[[Any, Any], Any]] = field(
        default_factory=dict[str, Callable[[Any, Any], Any]]
    )

    @property
    def oldest(self) -> Release:
        """Where the campaign begins."""
        return next(iter(self.releases.values()))

    def file(self, release: str) -> Path:
        """The interface file of a release."""
        return INTERFACES / self.name / f"{release}.yaml"

    def canonical(self, value: Any) -> dict[str, Any]:
        """Arguments, or a result, in one shape for all releases."""
        plain = msgspec.to_builtins(value)
        flat = _flat(plain) if _is_map(plain) else {"value": plain}
        return {self.names.get(name, name): item for name, item in flat.items()}


def _flat(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of arguments beside the arguments; what is null is left out."""
    flat: dict[str, Any] = {}
    for name, value in plain.items():
        if _is_map(value):
            flat |= _flat(value)
        elif value is not None:
            flat[name] = value
    return flat


def _is_map(value: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


def state_of(package: Any, ticket: str) -> Any:
    """One of the states that a release knows."""
    states = list(package.State)
    return states[zlib.crc32(ticket.encode()) % len(states)]


# --- minors: 1.1, 1.2, 1.3 --------------------------------------------------------------------------------------------


def _rolling(package: Any, ticket: str, number: int, newest: bool) -> Ask:
    which = number % 4
    if which == 0:
        return _note(ticket, newest)
    if which == 1 and newest:
        expect = {"ticket": ticket}
        return Ask("release", {"ticket": ticket}, expect, (1, 3), sayable=False)
    return _place(package, ticket, number, zone=newest and which == 2, priority=newest)


def _note(ticket: str, newest: bool) -> Ask:
    arguments = {"ticket": ticket, "word": "hello"}
    if newest:
        arguments["tone"] = "loud"
    expect = {"tone": "plain", **arguments}
    least = (1, 2) if newest else (1, 1)
    return Ask("note", arguments, expect, least, cast=True, sayable=not newest)


def _place(package: Any, ticket: str, number: int, *, zone: bool, priority: bool) -> Ask:
    job: dict[str, Any] = {"ticket": ticket, "size": number, "label": f"label {number}"}
    rest: dict[str, Any] = {"weight": number % 7}
    least: Version = (1, 1)
    if zone:
        job["zone"], least = "north", (1, 2)
    if priority:
        rest["priority"], least = number % 3, (1, 3)
    arguments = {"job": package.Job(**job), **rest}
    return Ask("place", arguments, job | rest, least, loses=["priority"], sayable=not zone)


_ROLLING = Scenario(
    name="rolling",
    package="test_rolling",
    stem="Rolling",
    releases={
        "first": Release([(1, 1)], _rolling),
        "second": Release([(1, 2)], _rolling),
        "third": Release([(1, 3)], _rolling),
    },
    names={},
    facts=Facts(
        fallback={"parked": "idle", "gone": "parked"},
        since={"parked": (1, 2), "gone": (1, 3), "by": (1, 2)},
    ),
    pin="1.1",
)


# --- a major: 1.2, and 2.1 that serves both ---------------------------------------------------------------------------


def _fleet_old(package: Any, ticket: str, number: int, newest: bool) -> Ask:
    which = number % 4
    if which == 0:
        arguments = {"title": ticket, "limit": number}
        expect = {"ticket": ticket, "limit": number}
        return Ask("failover_host", arguments, expect, (1, 1), cast=True)
    if which == 1:
        expect = {"ticket": ticket, "cores": number, "note": "n"}
        host = package.Host(title=ticket, cores=number, note="n")
        return Ask("host", {"host": host}, expect, (1, 1))
    if which == 2:
        expect = {"ticket": ticket, "force": True, "wait": True}
        return Ask("shelve", {"title": ticket, "force": True}, expect, (1, 1))
    return Ask("state", {"title": ticket}, {"ticket": ticket}, (1, 0))


def _fleet_new(package: Any, ticket: str, number: int, newest: bool) -> Ask:
    which = number % 4
    least: Version = (2, 1) if newest else (2, 0)
    if which == 0:
        arguments: dict[str, Any] = {"name": ticket, "limit": number}
        arguments |= {"reason": "because"} if newest else {}
        expect = {**arguments, "ticket": ticket}
        del expect["name"]
        return Ask("failover", arguments, expect, least, cast=True, sayable=not newest)
    if which == 1:
        rack = {"rack": "r1"} if newest else {}
        expect = {"ticket": ticket, "cores": float(number), "note": "n", **rack}
        host = package.Host(name=ticket, cores=float(number), note="n", **rack)
        return Ask("host", {"host": host}, expect, (2, 0), sayable=not newest)
    if which == 2:
        wait = {"wait": False} if newest else {}
        expect = {"ticket": ticket, "force": True, "wait": not newest}
        arguments = {"name": ticket, "force": True, **wait}
        return Ask("shelve", arguments, expect, least, sayable=not newest)
    return Ask("state", {"name": ticket}, {"ticket": ticket}, (2, 0))


_FLEET = Scenario(
    name="fleet",
    package="test_fleet",
    stem="Fleet",
    releases={
        "old": Release([(1, 2)], _fleet_old),
        "new": Release([(1, 2), (2, 1)], _fleet_new),
    },
    names={"title": "ticket", "name": "ticket"},
    facts=Facts(
        fallback={"parked": "idle", "gone": "parked"},
        since={"parked": (1, 2), "gone": (2, 1), "rack": (2, 0)},
    ),
    pin="first",
    converters={"down_host_cores_until_2_1": lambda self, value: int(value)},
)

SCENARIOS = {each.name: each for each in (_ROLLING, _FLEET)}
