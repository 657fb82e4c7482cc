"""When something exists (LANGUAGE 5.2: a bound of the message's own major goes first, else the closest later one)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rpcgen.runtime.descriptor import Interface, Since, Version

if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    class _Dated(Protocol):
        @property
        def until(self) -> Version: ...

    DatedT = TypeVar("DatedT", bound=_Dated)


#: In place of a minor that a value needs (glance.py): only a closer look tells.
LOOK_CLOSER = 2**31


def has_begun(since: Since, at: Version) -> bool:
    """Whether something dated `since` exists at a version, if nothing ended it."""
    if not since:
        return True
    for bound in since:
        if bound[0] == at[0]:
            return at >= bound
    return since[-1][0] < at[0]


def has_ended(until: Since, at: Version) -> bool:
    """Whether something dated `until` is gone at a version."""
    if not until:
        return False
    for bound in until:
        if bound[0] == at[0]:
            return at >= bound
    return until[-1][0] < at[0]


def exists(since: Since, until: Since, at: Version) -> bool:
    """Whether something exists at a version."""
    return has_begun(since, at) and not has_ended(until, at)


def minor_in(since: Since, major: int) -> int:
    """The minor of a major at which something begins that exists there: 0 if it began in an older major."""
    return next((bound[1] for bound in since if bound[0] == major), 0)


def next_after(since: Since, at: Version) -> Version | None:
    """The version at which something begins that does not exist at a version; None: it has ended."""
    own = [bound for bound in since if bound[0] == at[0] and bound > at]
    return own[0] if own else next((bound for bound in since if bound > at), None)


def in_effect(history: Sequence[DatedT], at: Version) -> DatedT | None:
    """What something was at a version, by what it was until each; None: what it is now."""
    return next((each for each in history if each.until > at), None)


def last_minor(interface: Interface, major: int) -> int | None:
    """The last minor of a major that is still spoken; None if the major is not."""
    if interface.version[0] == major:
        return interface.version[1]
    return next((minor for served, minor in interface.serves if served == major), None)


def dotted(version: Version) -> str:
    """The version as people write it."""
    return f"{version[0]}.{version[1]}"
