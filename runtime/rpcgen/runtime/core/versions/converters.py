"""The program's converters: functions between an older form of something and today's, by the stem of their names."""

from __future__ import annotations

from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.errors import ConfigurationError


def overrides(converters: object, base: type | None, name: str) -> bool:
    """Whether the program has one of the converters that it may leave out."""
    own = getattr(type(converters), name, None)
    return own is not None and own is not getattr(base, name, None)


def check_converters(given: object, wanted: type | None, interface: Interface, who: str) -> None:
    """Raise ConfigurationError unless the program brought the converters that an interface needs."""
    if wanted is None:
        if given is not None:
            raise ConfigurationError(
                f"{interface.name} has nothing to convert: leave out converters"
            )
    elif not isinstance(given, wanted):
        found = "none" if given is None else f"{type(given).__name__}"
        raise ConfigurationError(
            f"{interface.name} has older forms that the program converts: give the {who} an object of a "
            f"subclass of {wanted.__name__} as converters; found {found}"
        )
