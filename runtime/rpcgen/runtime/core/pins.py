"""Pins (LANGUAGE V4): which version a client writes its messages for, and how it says no.

What the pin `auto` asks of the servers is in `fleet.py`.

A pin is what somebody asked for; the shape version is what that means for one interface: the file's own version
without a pin, else the lower of the pin and the last minor of its major.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

from rpcgen.runtime.core.dates import dotted, last_minor
from rpcgen.runtime.descriptor import Interface, Method, Version
from rpcgen.runtime.errors import ConfigurationError, DeclaredError, VersionPinned

if TYPE_CHECKING:
    from rpcgen.runtime.core.fleet import Fleet
    from rpcgen.runtime.core.plan import Plan
    from rpcgen.runtime.core.words import Path

#: A version ("6.2", "6", (6, 2)), the name of a release, `auto`, `env:VARIABLE`, or a function that returns one of
#: these; None, an unset variable and an empty text mean: no pin.
Pin = str | tuple[int, int] | Callable[[], "str | tuple[int, int] | None"] | None

AUTO: Literal["auto"] = "auto"
_ENVIRONMENT = "env:"


def resolve(pin: Pin, interface: Interface) -> Version | Literal["auto"] | None:
    """What a pin says, as a number.

    Raises:
        ConfigurationError: it is no version, and no name of a release of this interface.
    """
    if callable(pin):
        return _fixed(pin(), interface, "the function that was given as pin returned")
    if isinstance(pin, str) and pin.startswith(_ENVIRONMENT):
        variable = pin.removeprefix(_ENVIRONMENT)
        if not variable:
            raise ConfigurationError(f"the pin is {pin!r}, expected env:VARIABLE")
        value = os.environ.get(variable, "")
        return _fixed(value, interface, f"the environment variable {variable} says")
    return _fixed(pin, interface, "the pin is")


def _fixed(pin: object, interface: Interface, says: str) -> Version | Literal["auto"] | None:
    if pin is None or pin == "":
        return None
    if isinstance(pin, tuple):
        numbers = cast("tuple[object, ...]", pin)
        if len(numbers) == 2 and all(type(n) is int and n >= 0 for n in numbers):
            return cast("Version", tuple(numbers))
    elif isinstance(pin, str):
        if pin == AUTO:
            return AUTO
        if pin in interface.releases:
            return interface.releases[pin]
        major, _, minor = pin.partition(".")
        plain = pin.isascii() and major.isdecimal() and (minor or "0").isdecimal()
        if plain and not pin.endswith("."):
            return int(major), int(minor or "0")
    known = ", ".join([*interface.releases, "auto", "env:VARIABLE"])
    raise ConfigurationError(
        f"{says} {pin!r}, expected a version of {interface.name} such as "
        f'"{dotted(interface.version)}", or one of: {known}'
    )


def shape_version(pin: Version | None, interface: Interface) -> Version | None:
    """The version that messages are written for; None: the pin's major is not spoken."""
    if pin is None:
        return interface.version
    last = last_minor(interface, pin[0])
    return None if last is None else (pin[0], min(pin[1], last))


class Shape:
    """One version that clients of an interface write for, with all that was worked out for it.

    Attributes:
        pin: what was asked for, if anything.
        why: for a shape in which nothing can be said: what to tell people instead of the usual.
        version: what messages are written for; None: nothing can be said.
        plans: for each method that was used.
    """

    __slots__ = ("_interface", "pin", "plans", "version", "why")

    def __init__(self, interface: Interface, pin: Version | None, why: str = "") -> None:
        self._interface = interface
        self.pin = pin
        self.why = why
        self.version = None if why else shape_version(pin, interface)
        self.plans: dict[Method[Any, Any], Plan] = {}

    def refusal(
        self, method: Method[Any, Any], path: Path = (), needs: Version | None = None
    ) -> VersionPinned:
        """The one exception for whatever this shape has no place for."""
        from rpcgen.runtime.core.words import path_text  # most programs are refused nothing

        argument = path_text(path) if path else None
        what = f"{method.name}: {argument!r}" if argument else method.name
        error = VersionPinned(
            f"{what} {self._reason(needs)}",
            method=method.name,
            argument=argument,
            needs=needs,
            pin=self.pin,
        )
        own = self._interface.refused_as
        return error if own is None else _as_own(error, own, self._interface)

    def _reason(self, needs: Version | None) -> str:
        interface = self._interface
        if self.why:
            return f"cannot be sent: {self.why}"
        if self.version is None:
            spoken = " and ".join(dotted(v) for v in (*interface.serves, interface.version))
            return f"cannot be sent: the pin is {dotted(self.pin or (0, 0))}, and this client speaks {spoken}"
        here = (
            f"this client speaks {dotted(self.version)}"
            if self.pin is None
            else f"the pin is {dotted(self.pin)}"
        )
        if needs is None:
            return f"does not exist any more, and {here}"
        return f"needs {dotted(needs)}, and {here}"


def _as_own(error: VersionPinned, own: type[DeclaredError], interface: Interface) -> VersionPinned:
    """The same refusal as an error that the interface declares, too, with its fields."""
    both = _class_of(own)
    # The two constructors do not fit each other, and there is nothing that they would do.
    refusal = both.__new__(both, str(error))
    values: dict[str, object] = {
        "message": str(error),
        "type_name": own.__name__,
        "remote_traceback": None,
        "needed": error.needs and dotted(error.needs),
        "pinned": error.pin and dotted(error.pin),
    }
    declared = next(each for each in interface.errors if each.cls is own)
    for name in declared.fields.__struct_fields__:
        values[name] = values[name] if name in values else getattr(error, name)
    values |= vars(error)
    for name, value in values.items():
        setattr(refusal, name, value)
    return refusal


def _class_of(own: type[DeclaredError]) -> type[VersionPinned]:
    if own not in _classes:
        _classes[own] = _both(own)
    return _classes[own]


_classes: dict[type[DeclaredError], type[VersionPinned]] = {}


def _both(own: type[DeclaredError]) -> type[VersionPinned]:
    return type(own.__name__, (VersionPinned, own), {"__module__": own.__module__})


class Shapes:
    """What one client and its copies have worked out, by pin.

    Args:
        interface: whose versions.
        refuse_lost_casts: what the client was told.
    """

    def __init__(self, interface: Interface, *, refuse_lost_casts: bool) -> None:
        self.interface = interface
        self.refuse_lost_casts = refuse_lost_casts
        self._by_pin: dict[Version | None, Shape] = {}
        self._fleet: Fleet | None = None

    def of(self, version: Version | None) -> Shape:
        """The shape of a pin."""
        shape = self._by_pin.get(version)
        if shape is None:
            shape = self._by_pin[version] = Shape(self.interface, version)
        return shape

    def fresh(self) -> Shapes:
        """The same with nothing worked out."""
        return Shapes(self.interface, refuse_lost_casts=self.refuse_lost_casts)

    def fleet(self) -> Fleet:
        """What the running servers have in common, known once for all copies."""
        if self._fleet is None:
            from rpcgen.runtime.core.fleet import Fleet  # few programs pin to `auto`

            self._fleet = Fleet(self)
        return self._fleet


class Speaks:
    """The shape that a client, and all copies that `prepare()` makes of it, write for.

    Attributes:
        shape: the one of now.
        for_lost_casts: what a cast is written for that `shape` has no place for; None: it is refused.
        auto: whether the servers have a say.
        round: the shell's, while it asks the servers; None while it does not.
    """

    round: Any = None
    for_lost_casts: Shape | None = None

    def __init__(self, shapes: Shapes, version: Version | None = None) -> None:
        self._shapes = shapes
        self.auto = False
        self.shape = shapes.of(version)

    @property
    def interface(self) -> Interface:
        """Whose versions."""
        return self._shapes.interface

    def pinned(self, pin: Pin) -> Speaks:
        """The same with another pin; what was worked out before is used again."""
        version = resolve(pin, self.interface)
        return self._shapes.fleet() if version == AUTO else Speaks(self._shapes, version)

    def elsewhere(self) -> Speaks:
        """The same for other servers, or another encoding: nothing that was worked out is used."""
        return Speaks(self._shapes.fresh(), self.shape.pin)
