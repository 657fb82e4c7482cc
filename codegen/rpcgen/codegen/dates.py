"""The versions that one file mentions, each a constant, so that tables stay short."""

from __future__ import annotations

from rpcgen.idl.version import Version

Since = tuple[Version, ...]


class Dates:
    """The constants of one file."""

    def __init__(self) -> None:
        self._used: set[Since] = set()

    def use(self, since: Since) -> str:
        """The name of the constant for it."""
        self._used.add(since)
        return "_V_" + "_".join(f"{version.major}_{version.minor}" for version in since)

    def option(self, name: str, since: Since) -> list[str]:
        """`name=constant`, or nothing where there is no version."""
        return [f"{name}={self.use(since)}"] if since else []

    def constants(self) -> tuple[str, ...]:
        """The definitions, sorted."""
        return tuple(f"{self.use(since)} = {_spelled(since)}" for since in sorted(self._used))


def pair(version: Version) -> str:
    """A version as the runtime has it: a tuple."""
    return f"({version.major}, {version.minor})"


def _spelled(since: Since) -> str:
    pairs = ", ".join(map(pair, since))
    return f"({pairs},)" if len(since) == 1 else f"({pairs})"
