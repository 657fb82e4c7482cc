"""Messages that no client writes: each is a good one with something changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from rpcgen.idl.model import Interface
from rpcgen.idl.version import Version

from tests.versions.reference import Message, spoken
from tests.versions.reference.gate import every_name, find
from tests.versions.reference.shapes import names_of

Mutation = Callable[[Message, Interface, Random], Message]


def mutate(message: Message, interface: Interface, random: Random) -> Message:
    """A message with one or two things changed."""
    for _ in range(random.choice([1, 1, 2])):
        message = random.choice(MUTATIONS)(message, interface, random)
    return message


def other_minor(message: Message, interface: Interface, random: Random) -> Message:
    """It names another minor than it needs."""
    last = spoken(interface).get(message.version.major, message.version)
    return replace(
        message, version=Version(message.version.major, random.randint(0, last.minor + 1))
    )


def other_major(message: Message, interface: Interface, random: Random) -> Message:
    """It names another major."""
    major = random.choice([*spoken(interface), 9])
    return replace(message, version=Version(major, random.randint(0, message.version.minor + 1)))


def other_name(message: Message, interface: Interface, random: Random) -> Message:
    """It asks for a method by a name that somebody has, or nobody."""
    names = sorted(name for each in interface.methods.values() for name in every_name(each))
    return replace(message, name=random.choice([*names, "unheard"]))


def other_kind(message: Message, interface: Interface, random: Random) -> Message:
    """It is a call."""
    return replace(message, kind="call")


def without(message: Message, interface: Interface, random: Random) -> Message:
    """It lacks an argument."""
    args = dict(message.args)
    if args:
        del args[random.choice(sorted(args))]
    return replace(message, args=args)


def with_another(message: Message, interface: Interface, random: Random) -> Message:
    """It has an argument that is unknown, or that other versions have."""
    method = find(interface, message.name, message.version)
    names = {name for arg in (method.args.values() if method else ()) for name in names_of(arg)}
    value = random.choice([None, 3, "a", True])
    return replace(
        message, args={**message.args, random.choice([*sorted(names), "unheard"]): value}
    )


def with_both_names(message: Message, interface: Interface, random: Random) -> Message:
    """It has an argument under another name, too."""
    method = find(interface, message.name, message.version)
    for arg in method.args.values() if method else ():
        names = sorted(names_of(arg))
        given = [name for name in names if name in message.args]
        if given and len(names) > 1:
            return replace(
                message,
                args={**message.args, random.choice(names): message.args[given[0]]},
            )
    return message


def with_another_value(message: Message, interface: Interface, random: Random) -> Message:
    """One of its arguments is something else."""
    args = dict(message.args)
    if args:
        args[random.choice(sorted(args))] = random.choice(VALUES)
    return replace(message, args=args)


VALUES: tuple[Any, ...] = (
    None,
    3,
    -7,
    99,
    0.5,
    "a",
    True,
    [],
    {},
    [None],
    {"t0": 1},
    {"t9": 1},
    "k0",
)

MUTATIONS: tuple[Mutation, ...] = (
    other_minor,
    other_minor,
    other_minor,
    other_major,
    other_name,
    other_kind,
    without,
    with_another,
    with_both_names,
    with_another_value,
)
