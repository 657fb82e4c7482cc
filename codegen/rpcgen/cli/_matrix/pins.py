"""Which versions the client of each release is pinned to, and which method of another release is the same one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rpcgen.cli._exit import Failure
from rpcgen.cli._matrix.cells import AUTO, NO_PIN
from rpcgen.cli._matrix.dated import changes
from rpcgen.cli._matrix.releases import Release
from rpcgen.idl.model import Method
from rpcgen.idl.timeline import exists, method_name_at
from rpcgen.idl.version import Version, parse_version


class Pins:
    """The pins of all clients.

    Args:
        releases: whose.
        wanted: as the user said; none: all that can make a difference.

    Raises:
        Failure: one of `wanted` is no version, and no name of a release, or is of a major that nobody speaks.
    """

    def __init__(self, releases: Sequence[Release], wanted: Iterable[str]) -> None:
        self._texts = list(dict.fromkeys(wanted))
        names = {
            name: version
            for release in releases
            for name, version in release.interface.releases.items()
        }
        self._versions = [self._version(text, names) for text in self._texts]
        for text, version in zip(self._texts, self._versions, strict=True):
            if version and all(each.last_minor(version.major) is None for each in releases):
                raise Failure(f"no FILE speaks {version.major} of the pin {text!r}")
        if not self._texts:
            self._texts = [NO_PIN, AUTO]
            self._versions = self._all(releases, names.values())

    def _version(self, text: str, names: dict[str, Version]) -> Version | None:
        if text in (NO_PIN, AUTO):
            return None
        found = names.get(text) or parse_version(text, bare_major=True)
        if found is None:
            known = ", ".join([NO_PIN, AUTO, *names])
            raise Failure(f"the pin {text!r} is no version, and none of: {known}")
        return found

    def _all(self, releases: Sequence[Release], named: Iterable[Version]) -> list[Version | None]:
        if len(releases) == 1:
            return [*changes(releases[0].interface), *releases[0].interface.serves]
        found = {*named, *(release.interface.version for release in releases)}
        for release in releases:
            found |= {*release.interface.serves}
        return [*found]

    def of(self, client: Release) -> list[tuple[str, Version | None]]:
        """The pins of a client, each with the version that it then writes for (None: the servers decide)."""
        newest = client.interface.version
        found: list[tuple[str, Version | None]] = []
        if NO_PIN in self._texts:
            found.append((NO_PIN, newest))
        shapes = {self._shape(client, version) for version in self._versions if version}
        shapes -= {newest} if NO_PIN in self._texts else set()
        ordered = sorted((shape for shape in shapes if shape is not None), reverse=True)
        found += [(str(shape), shape) for shape in ordered]
        if AUTO in self._texts:
            found.append((AUTO, None))
        return found

    def _shape(self, client: Release, version: Version) -> Version | None:
        last = client.last_minor(version.major)
        return None if last is None else min(version, last)


def counterpart(client: Release, method: Method, server: Release) -> Method | None:
    """The method of another release that this one is, or will be, or was."""
    at = min(client.interface.version, server.interface.version)
    if exists(method.dated, at):
        name = method_name_at(method, at)
        for other in server.methods():
            if exists(other.dated, at) and method_name_at(other, at) == name:
                return other
    return server.interface.methods.get(method.name)
