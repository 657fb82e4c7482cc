"""One difference between two versions of an interface, as facts for a rule to judge.

A change knows its axes (what was changed, what was done to it, and who reads it) and no verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rpcgen.idl.position import Position

#: Where bounds begin behind a type.
_BOUNDS = re.compile(r"(?:^|, )(?=(?:min|max|size|pattern) |unique\b)")
#: Who reads a payload. A server reads requests; clients read results and errors; subscribers read events.
Reader = Literal["request", "result", "error", "event", ""]
#: The one version whose peers write a payload, where those of the other never do; empty: both do.
Only = Literal["old", "new", ""]


@dataclass(frozen=True, slots=True)
class Root:
    """The payload that a change is in: of a method, an error or an event; nothing where it is in none.

    Attributes:
        reader: who reads it.
        name: of the method, error or event.
        only: whose peers alone write it: servers of one version, where no method of the other raises an error.
    """

    reader: Reader = ""
    name: str = ""
    only: Only = ""

    @property
    def audience(self) -> str:
        """Who reads it from whom, in one word: what is compared for one audience tells nothing of another."""
        return self.reader + self.only

    def __str__(self) -> str:
        match self.reader:
            case "request":
                return f"sent with {self.name}"
            case "result":
                return f"returned by {self.name}"
            case "error":
                return f"raised as {self.name}"
            case "event":
                return f"published with {self.name}"
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        subject, action: the axes, such as `enum-value` and `added`; with the reader they lead to the rule.
        root: the first payload in which it was met.
        way: names of fields, tags and `[]` that lead from the payload to the part.
        path: the part in words of the file, such as `PowerState.shelved`.
        place: where, in the new file; the nearest thing that is left where the part is gone.
        owner: the type, method, error or event that the part belongs to.
        name: the part itself.
        before, after: what was written, in short; empty for what was not there.
        was_at: where the older file says it; None if it does not.
        dated: the new file itself says that it was otherwise before.
        levelled: so whoever writes it writes it as it was for readers of older versions, and reads it as it was.
        since: the dates that the new file gives the part, in short.
        required: a message without it is refused; of a topic: older servers do not listen on it.
        open: readers, as they were, keep what they do not know; of a method: it may be done twice.
        told: what older readers are told instead.
        kept: newer readers read it as what it became without a converter, which holds what is gone.
        unsent: it is only about empty values that nobody sends, because they say nothing (V7).
    """

    subject: str
    action: str
    root: Root
    path: str
    place: Position
    way: tuple[str, ...] = ()
    owner: str = ""
    name: str = ""
    before: str = ""
    after: str = ""
    was_at: Position | None = None
    dated: bool = False
    levelled: bool = False
    since: str = ""
    required: bool = False
    open: bool = False
    told: str = ""
    kept: bool = False
    unsent: bool = False

    @property
    def direction(self) -> str:
        """Requests are read strictly, everything else tolerantly; nothing where it is in no payload."""
        return self.root.reader and ("request" if self.root.reader == "request" else "result")

    @property
    def was_written(self) -> bool:
        """Whether peers of the older version write it, so that newer readers get it from them."""
        return self.root.only != "new"

    @property
    def is_written(self) -> bool:
        """Whether peers of the newer version write it, so that older readers get it from them."""
        return self.root.only != "old"

    @property
    def used(self) -> str:
        """Which payload it is in, to go on with a message."""
        return f", {self.root}" if self.root.reader else ""

    @property
    def recorded(self) -> str:
        """What to do so that whoever writes it for older readers can write it as it was."""
        if self.root.reader == "event":
            return "add another field beside it"
        kind, bounds = _split(self.before)
        name, became, _ = kind.partition(" (")
        if became:
            return f"give the new type a name of its own, and say what it was: was_type: {{VERSION: {name}}}"
        if bounds:
            return f"say by `was_type` what it was: {kind or 'its type'} with {bounds}"
        if self.path.endswith(" returns"):
            return f"say what it was: was: {{VERSION: {{returns: {kind}}}}}, with a converter"
        return f"say what it was: was_type: {{VERSION: {kind}}}"


def _split(said: str) -> tuple[str, str]:
    """What was said of a part, as a type that can stand within braces, and its bounds."""
    found = _BOUNDS.search(said)
    kind, bounds = (said[: found.start()], said[found.end() :]) if found else (said, "")
    return (f'"{kind}"' if set(kind) & set("[]{},") else kind), bounds
