"""Give interface files the versions that their changes need, and date what is new."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Exit
from rpcgen.cli._inputs import (
    Inputs,
    against_option,
    file_arguments,
    lock_option,
    read_interfaces,
)
from rpcgen.cli._rewriting import Rewrite, diff, write

if TYPE_CHECKING:
    from rpcgen.cli._baseline.baseline import Baseline
    from rpcgen.cli._check.judge import Settings
    from rpcgen.idl import Interface, Loaded, Version
    from rpcgen.idl.compat import Check


@click.command()
@file_arguments
@against_option
@lock_option
@click.option("--write", "write_", is_flag=True, help="Change the files; else only show how.")
@click.pass_context
def command(
    ctx: click.Context, inputs: Inputs, against: str | None, lock: Path | None, write_: bool
) -> None:
    """Give interface files the versions that their changes need, and date what is new.

    Each FILE gets the lowest version that fits what changed since its last release. What is new gets its `since`, and what
    requests carry more of its `was_type`; if dates are all that a minor lacks, it is a minor. Comments stay. What cannot be
    dated mechanically, `rpcgen check` tells; what the project waives asks for nothing. In imported files, too, dates are written, each by the name of the interface
    whose FILE was given.

    Exit codes: 0 nothing to do, or done; 1 files would change, and --write was not given, or a release is not what was
    released; 2 a mistake in a FILE or on the command line; 3 the releases that were asked for cannot be read.
    """
    from rpcgen.cli._baseline.choose import baseline
    from rpcgen.cli._baseline.intact import require_intact
    from rpcgen.cli.check import settings

    interfaces, sources = read_interfaces(inputs, "nothing was bumped")
    chosen = settings(inputs, against, lock)
    texts = _Texts(sources)
    for interface in interfaces:
        base = baseline(interface, chosen.against, chosen.lock, chosen.roots)
        require_intact(interface, base, "nothing was bumped", chosen.waived(interface))
        bumped = _File(interface.source, base, texts, chosen).bumped()
        changed = bumped is not None and texts.would_change(bumped.texts)
        click.echo(f"{interface.name}: {_told(interface, base, bumped, changed)}", err=True)
        if bumped is not None:
            texts.change(bumped.texts)
    rewrites = texts.rewrites()
    if write_:
        write(rewrites)
    elif rewrites:
        click.echo(diff(rewrites), nl=False)
        ctx.exit(Exit.NEGATIVE)


class _Texts:
    """What files hold and what they shall hold; several interfaces may import the same one."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._names = {os.path.realpath(name): name for name in reversed([*sources])}
        self._before = {place: sources[name] for place, name in self._names.items()}
        self.now = dict(self._before)

    def would_change(self, texts: Mapping[str, str]) -> bool:
        """Whether texts, by any names of their files, are others than now."""
        return any(self.now[os.path.realpath(name)] != text for name, text in texts.items())

    def change(self, texts: Mapping[str, str]) -> None:
        """Let files hold other texts."""
        self.now |= {os.path.realpath(name): text for name, text in texts.items()}

    def rewrites(self) -> list[Rewrite]:
        """What is to be written."""
        return [
            Rewrite(self._names[place], text, self.now[place])
            for place, text in self._before.items()
            if self.now[place] != text
        ]


@dataclass(frozen=True, slots=True)
class _Bumped:
    """An interface with the right version.

    Attributes:
        texts: its file and those that it imports, by the names that places use.
    """

    texts: Mapping[str, str]
    version: Version


def _told(interface: Interface, base: Baseline, bumped: _Bumped | None, changed: bool) -> str:
    if not base.releases:
        return f"nothing was ever released; {interface.version} stays"
    if bumped is None or bumped.version == interface.version:
        return f"{interface.version} fits" + (", and dates are missing" if changed else "")
    return f"{interface.version} -> {bumped.version}"


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is being bumped, with those that it imports."""

    source: str
    base: Baseline
    texts: _Texts
    settings: Settings

    def bumped(self) -> _Bumped | None:
        """The next minor with dates, if that is enough; else the next major. None if nothing was ever released."""
        from rpcgen.idl import Version

        loaded = self._load({})
        interface = loaded.interface
        assert interface is not None, "others have only dated what they import"
        version = interface.version
        checked = self._judged(interface)
        last = checked.last
        if last is None:
            return None
        if version.major > last.major:
            return self._dated(loaded.sources, interface, version)
        if checked.required == last and not checked.failed:
            return _Bumped(loaded.sources, version)
        minor = self._dated(loaded.sources, interface, Version(last.major, last.minor + 1))
        judged = self._check(minor.texts)
        if judged is not None and judged.verdict <= judged.allowed:
            return minor
        return self._dated(loaded.sources, interface, Version(last.major + 1, 0))

    def _dated(self, sources: Mapping[str, str], interface: Interface, version: Version) -> _Bumped:
        """Set the version, and date what the check then finds undated."""
        from rpcgen.idl.compat.dating import date_edits, version_edit
        from rpcgen.idl.lint.run import mended

        texts = {**sources, **mended(sources, [version_edit(interface, version)])}
        checked = self._check(texts)
        if checked is not None and checked.last is not None:
            old = self.base.releases[checked.last]
            asking = [each for each in checked.findings if each.fingerprint not in checked.waived]
            edits = date_edits(asking, old, checked.interface, version, texts)
            dated = {**texts, **mended(texts, edits)}
            if self._check(dated) is not None:
                texts = dated
        return _Bumped(texts, version)

    def _check(self, texts: Mapping[str, str]) -> Check | None:
        """Judge texts in place of the files; None if they have mistakes."""
        found = self._load(texts).interface
        return None if found is None else self._judged(found)

    def _judged(self, interface: Interface) -> Check:
        """Judge what the files say, as `rpcgen check` does: what is waived asks for nothing."""
        from rpcgen.idl.compat import check

        waived, today = self.settings.waived(interface), self.settings.today
        return check(interface, self.base.releases, waived=waived.keys(), today=today)

    def _load(self, texts: Mapping[str, str]) -> Loaded:
        from rpcgen.idl import load

        changed = {os.path.realpath(name): text for name, text in texts.items()}
        return load(self.source, roots=self.settings.roots, texts={**self.texts.now, **changed})
