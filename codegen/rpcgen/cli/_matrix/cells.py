"""One cell of the matrix, and how its outcome is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rpcgen.cli._matrix.payloads import Answered, Asked
from rpcgen.cli._matrix.releases import Release
from rpcgen.idl.model import Method, Route
from rpcgen.idl.version import Version

NO_PIN = "none"
AUTO = "auto"


class Outcome(StrEnum):
    """What became of a message; docs/cli.md says the same."""

    #: Handled, and everything arrived as it was sent.
    OK = "ok"
    #: The client refused to write it.
    PINNED = "pinned"
    #: The server refused it, and the caller was told why.
    REFUSED = "refused"
    #: The server refused a cast, of which nobody hears.
    UNHEARD = "unheard"
    #: No server listens where it was sent.
    UNREACHED = "unreached"
    #: No payload could be made.
    SKIPPED = "skipped"
    #: The handler, or the caller, got something else than was sent.
    MISREAD = "misread"
    #: Arguments, or a result, that should have been understood could not be read.
    UNDECODABLE = "undecodable"
    #: No answer came.
    TIMEOUT = "timeout"
    #: A cast was neither handled nor refused.
    LOST = "lost"
    #: Anything else.
    ERROR = "error"


#: What is a failure wherever it happens.
FAILURES = frozenset(
    {Outcome.MISREAD, Outcome.UNDECODABLE, Outcome.TIMEOUT, Outcome.LOST, Outcome.ERROR}
)
#: What is a failure if the server had to understand the message.
REFUSALS = frozenset({Outcome.REFUSED, Outcome.UNHEARD, Outcome.UNREACHED})


@dataclass(frozen=True, slots=True)
class Cell:
    """Who sends what to whom.

    Attributes:
        pin: `none`, `auto`, or a version.
        writes: the version that the client writes for; None if that depends on the server.
        asked, answered: None if none could be made; `missing` says why.
    """

    client: Release
    pin: str
    writes: Version | None
    server: Release
    method: Method
    route: Route
    asked: Asked | None = None
    answered: Answered | None = None
    missing: str = ""

    @property
    def payload(self) -> str:
        """What is sent, and what is answered if that is more than the minimum."""
        asked = self.asked.label if self.asked is not None else "-"
        answered = self.answered.label if self.answered is not None else "minimal"
        return asked if answered == "minimal" else f"{asked} -> {answered}"

    @property
    def within(self) -> bool:
        """Whether the client writes for what the server speaks, so that it must not be refused."""
        if self.writes is not None:
            return self.server.speaks(self.writes)
        ours = (*self.client.interface.serves, self.client.interface.version)
        return any(self.server.last_minor(version.major) is not None for version in ours)


@dataclass(frozen=True, slots=True)
class Done:
    """A cell that was run.

    Attributes:
        needs: the version that the message named; None if none was written.
        failed: whether the outcome is a failure here.
        detail: what was wrong, or why it was refused.
    """

    cell: Cell
    outcome: Outcome
    needs: Version | None
    failed: bool
    detail: str


def judged(
    cell: Cell, outcome: Outcome, needs: Version | None, detail: str, *, needless: bool = False
) -> Done:
    """Decide whether an outcome is a failure.

    Args:
        needless: the client refused what its pin has a place for.
    """
    failed = outcome in FAILURES
    if outcome in REFUSALS:
        understood = needs is not None and cell.server.speaks(needs)
        promised = cell.within or (understood and outcome is not Outcome.UNREACHED)
        if promised:
            failed = True
            why = f"the client writes {cell.writes}" if cell.writes else "the client's pin is auto"
            detail = f"{detail} ({why}, the message needs {needs}, the server speaks it)"
    if outcome is Outcome.PINNED and needless:
        failed = True
        detail = f"{detail} (but nothing in it is newer)"
    return Done(cell, outcome, needs, failed, detail)
