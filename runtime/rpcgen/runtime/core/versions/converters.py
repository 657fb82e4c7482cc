"""The program's converters: functions between an older form of something and today's, by the stem of their names."""

from __future__ import annotations

from typing import Any

from rpcgen.runtime.descriptor import Interface
from rpcgen.runtime.errors import BadArguments, ConfigurationError, MistypedArgument


def converted(converters: object, name: str, value: Any, wanted: type | None = None) -> Any:
    """What one of the program's converters makes of a value.

    Args:
        converters: the program's object.
        name: the converter's.
        value: what it is given.
        wanted: the class of what it has to return, if that is known.

    Raises:
        MistypedArgument: it raised, or returned something else.
    """
    try:
        result: Any = getattr(converters, name)(value)
    except BadArguments:
        raise
    except Exception as error:  # whatever the program's converter raises
        raise MistypedArgument(f"the converter {name} failed: {error!r}") from error
    if wanted is not None and not isinstance(result, wanted):
        raise MistypedArgument(
            f"the converter {name} returned {type(result).__name__}, expected {wanted.__name__}"
        )
    return result


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
