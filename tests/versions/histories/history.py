"""A history: the releases of one interface, made by seeds, so that a shorter list of seeds is a shorter history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from rpcgen.idl import loads, render
from rpcgen.idl.model import Interface
from rpcgen.idl.version import Version

from tests.versions.histories.base import base
from tests.versions.histories.draft import Draft
from tests.versions.histories.majors import MAJOR_STEPS
from tests.versions.histories.steps import STEPS, version


@dataclass(frozen=True)
class Release:
    """One file of a history."""

    version: Version
    text: str
    interface: Interface


@dataclass(frozen=True)
class History:
    """All files, the oldest first."""

    releases: tuple[Release, ...]

    @property
    def newest(self) -> Release:
        """The last file."""
        return self.releases[-1]


def make_history(seeds: Sequence[int], name: str = "test.history") -> History:
    """The base of the first seed, and one release for each of the others."""
    draft = base(Random(seeds[0]), name)
    releases = [release(draft)]
    for seed in seeds[1:]:
        draft.random = Random(seed)
        _evolve(draft)
        releases.append(release(draft))
    return History(tuple(releases))


def release(draft: Draft) -> Release:
    """The file as it is now; it has no mistakes."""
    text = draft.text()
    loaded = loads(text)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources) + text
    return Release(draft.version, text, loaded.interface)


def _evolve(draft: Draft) -> None:
    """One release: a few steps of one version."""
    major = draft.version.minor > 0 and draft.chance(0.25)
    if major:
        _next_major(draft)
    else:
        draft.version = Version(draft.version.major, draft.version.minor + 1)
    draft.document["version"] = draft.now
    for _ in range(draft.random.randint(1, 4)):
        draft.random.choice(MAJOR_STEPS if major else STEPS)(draft)


def _next_major(draft: Draft) -> None:
    serves = [draft.now]
    older = [each for each in draft.document.get("serves", []) if draft.chance(0.3)]
    draft.document["serves"] = [*older, *serves]
    draft.version = Version(draft.version.major + 1, 0)


__all__ = ["History", "Release", "make_history", "version"]
