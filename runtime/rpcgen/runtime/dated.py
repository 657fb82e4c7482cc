"""What generated code says about the past of an interface: what its parts were at other versions than the newest.

Knows nothing of who asks. A client of an interface without a past does not load it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field
from rpcgen.runtime.descriptor import NOTHING, Route, Since, Version

Older = Literal["refuse_if_set", "drop", "refuse"]


class OlderType(Struct, frozen=True):
    """What a part was until a version.

    Attributes:
        until: the first version with the next form.
        type: a type expression.
        default: the plain value that absent read as; NOTHING: it had to be there, unless it could be null.
        convert: the stem of the converters' names (`down_` and `up_` go before it); empty if every value of the older
            type is one of the next form.
        narrow: the same, where only servers convert: in results, for readers that do not know every newer value.
    """

    until: Version
    type: object
    default: Any = NOTHING
    convert: str = ""
    narrow: str = ""


class Part(Struct, frozen=True):
    """An argument, a field, an enum value or a union member, at other versions than the newest.

    Attributes:
        since, until: when it exists; at most one version per major.
        older: what a client does with it for a peer that is older than `since`.
        always: it is sent even while it is unset.
        names: what it was called until each version, ascending.
        types: what it was until each version, ascending.
    """

    since: Since = ()
    until: Since = ()
    older: Older = "refuse_if_set"
    always: bool = False
    names: tuple[tuple[Version, str], ...] = ()
    types: tuple[OlderType, ...] = ()


class Gone(Struct, frozen=True):
    """An argument or field that older versions have and the newest has not.

    Attributes:
        name: its last name on the wire.
        type: a type expression.
        part: its dates, and its older names and types.
        value: the plain value that messages of its versions hold unless the program passes one; NOTHING: it must.
        constant: nobody can pass one, and readers do not look at it.
        needed: messages of its versions must hold it.
    """

    name: str
    type: object
    part: Part
    value: Any = NOTHING
    constant: bool = False
    needed: bool = True


class Clock(Struct, frozen=True):
    """How a struct with a version of its own travels: `{name: ..., version: "1.9", data: {...}, ...constants}`."""

    type_name: str
    version: Version
    name: str = "name"
    version_key: str = "version"
    data: str = "data"
    constants: Mapping[str, str] = field(default_factory=dict[str, str])


class Form(Struct, frozen=True):
    """What a method was until a version; what a form does not say is as it is now.

    Attributes:
        until: the first version with the next form.
        name: what travelled.
        routes: empty: as now.
        args: the struct of its arguments; None: as now.
        returns: the type expression of its result; NOTHING: as now.
        convert: the stem of the converters' names; `down_` and `up_` go before it for arguments, `result_` for results.
            Empty if there is nothing to convert.
    """

    until: Version
    name: str | None = None
    routes: tuple[Route, ...] = ()
    args: type[Struct] | None = None
    returns: object = NOTHING
    convert: str = ""
