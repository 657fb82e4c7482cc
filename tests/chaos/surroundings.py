"""Where a process of a row runs: on which host, and with how much room."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a process runs: what its command begins with, and what is in its environment."""

    prefix: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict[str, str])


#: Where the tests run.
HERE = Surroundings()


def few_descriptors(limit: int) -> Surroundings:
    """A process that may open only so many files."""
    return Surroundings(("prlimit", f"--nofile={limit}:{limit}"))
