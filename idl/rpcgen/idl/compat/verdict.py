"""What a change costs, and what a rule says of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Verdict(IntEnum):
    """What the version has to do: nothing, rise by a minor, rise to the next major."""

    NONE = 0
    MINOR = 1
    MAJOR = 2

    def __str__(self) -> str:
        return self.name.lower()


NONE, MINOR, MAJOR = Verdict

#: Why no message shows that something ended with `until`, although that takes away what the major promised.
STILL_UNDERSTOOD = "it ended with a date: peers of versions that have it are still understood, programs no longer find it"

#: Why no message shows that an older type was another one than the file says, where readers take it for what it became.
STILL_READ = "newer readers take it for what it has become, which still holds this; what the file says of the older version is not so"

#: Why no message shows a break of an error's fields, where those who would write such a message never raise it.
UNRAISED = "no method of the version that would write such a message raises the error"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a rule says of a change.

    Attributes:
        message: what happened, in the past tense.
        wire: what it costs those who exchange messages.
        source: what it costs programs that use the generated code.
        instead: how to have it for less; empty if there is no way.
        unseen: why no message shows the break; empty if one can.
        undated: the rule that is broken because the file does not say when; empty if it need not, or does.
        doubt: why even a fitting version leaves a warning; empty for most.
    """

    message: str
    wire: Verdict = NONE
    source: Verdict = NONE
    instead: str = ""
    unseen: str = ""
    undated: str = ""
    doubt: str = ""

    @property
    def verdict(self) -> Verdict:
        """The worse of the two."""
        return max(self.wire, self.source)
