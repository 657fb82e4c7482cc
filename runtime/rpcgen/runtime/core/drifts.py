"""Says which callers have another build of the very same version of an interface (LANGUAGE: fingerprint)."""

from __future__ import annotations

import logging

from rpcgen.runtime.core.job import Job

log = logging.getLogger("rpcgen.server")

#: Of how many builds the log tells: whoever sends us messages decides how many there are.
TOLD = 64


class Drifts:
    """Tells of each build once."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: set[tuple[str, bytes]] = set()

    def note(self, job: Job) -> None:
        """A caller has another build than ours."""
        interface, theirs = job.entry.interface, job.request.fingerprint
        if (interface.name, theirs) not in self._told and len(self._told) < TOLD:
            self._told.add((interface.name, theirs))
            log.warning(
                "a caller has another build of %s %d.%d: its fingerprint is %s, ours %s",
                interface.name,
                *interface.version,
                theirs.hex(),
                interface.fingerprint[: len(theirs)].hex(),
            )
