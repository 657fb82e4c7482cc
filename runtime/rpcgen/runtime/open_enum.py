"""The base class of generated open enums. Not with the other values: an enum is dear to make, and few programs have one."""

from __future__ import annotations

import enum


class OpenEnum(enum.StrEnum):
    """Base of open enums: a text that no member has becomes a value of its own, kept as it is.

    `PowerState("parked")` never fails; `known` tells whether this version of the interface has the value.
    """

    @classmethod
    def _missing_(cls, value: object) -> OpenEnum | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Whether this version of the interface has the value."""
        return self._value_ in type(self)._value2member_map_
