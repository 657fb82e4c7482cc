"""Give interface files the versions that their changes need, and date what is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    from rpcgen.idl import Interface, Version
    from rpcgen.idl.compat import Check, Finding


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
    dated mechanically, `rpcgen check` tells. Imported files are not changed, because a date there names each interface that
    reads the file; what they lack is told.

    Exit codes: 0 nothing to do, or done; 1 files would change, and --write was not given; 2 a mistake in a FILE or on the
    command line; 3 the releases that were asked for cannot be read.
    """
    from rpcgen.cli._baseline.choose import baseline
    from rpcgen.cli.check import settings

    interfaces, sources = read_interfaces(inputs, "nothing was bumped")
    chosen = settings(inputs, against, lock)
    rewrites: list[Rewrite] = []
    for interface in interfaces:
        base = baseline(interface, chosen.against, chosen.lock, chosen.roots)
        bumped = _File(interface, base, sources[interface.source], chosen.roots).bumped()
        changed = bumped is not None and bumped.text != sources[interface.source]
        click.echo(f"{interface.name}: {_told(interface, base, bumped, changed)}", err=True)
        for line in _left(interface, bumped):
            click.echo(line, err=True)
        if bumped is not None and changed:
            rewrites.append(Rewrite(interface.source, sources[interface.source], bumped.text))
    if write_:
        write(rewrites)
    elif rewrites:
        click.echo(diff(rewrites), nl=False)
        ctx.exit(Exit.NEGATIVE)


@dataclass(frozen=True, slots=True)
class _Bumped:
    """A text with the right version.

    Attributes:
        left: what lacks a date in imported files.
    """

    text: str
    version: Version
    left: tuple[Finding, ...] = ()


def _left(interface: Interface, bumped: _Bumped | None) -> Iterator[str]:
    """Say which dates have to be written by hand."""
    for finding in bumped.left if bumped is not None else ():
        yield (
            f"{finding.place}: {finding.path} has no date for {interface.name}, and `rpcgen bump` changes no imported file, which "
            f"other interfaces may read at other versions; see `rpcgen explain {finding.rule}`"
        )


def _told(interface: Interface, base: Baseline, bumped: _Bumped | None, changed: bool) -> str:
    if not base.releases:
        return f"nothing was ever released; {interface.version} stays"
    if bumped is None or bumped.version == interface.version:
        return f"{interface.version} fits" + (", and dates are missing" if changed else "")
    return f"{interface.version} -> {bumped.version}"


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is being bumped."""

    interface: Interface
    base: Baseline
    text: str
    roots: Sequence[str]

    def bumped(self) -> _Bumped | None:
        """The next minor with dates, if that is enough; else the next major. None if nothing was ever released."""
        from rpcgen.idl import Version
        from rpcgen.idl.compat import check

        version = self.interface.version
        checked = check(self.interface, self.base.releases)
        last = checked.last
        if last is None:
            return None
        if version.major > last.major:
            return self._dated(version)
        if checked.required == last and not checked.failed:
            return _Bumped(self.text, version)
        minor = self._dated(Version(last.major, last.minor + 1))
        judged = self._check(minor.text)
        if judged is not None and judged.verdict <= judged.allowed:
            return minor
        return self._dated(Version(last.major + 1, 0))

    def _dated(self, version: Version) -> _Bumped:
        """Set the version, and date what the check then finds undated."""
        from rpcgen.idl.compat.dating import date_edits, undated_elsewhere, version_edit
        from rpcgen.idl.lint.run import mended

        file = self.interface.source
        text = mended({file: self.text}, [version_edit(self.interface, version)])[file]
        checked = self._check(text)
        left: list[Finding] = []
        if checked is not None and checked.last is not None:
            left = undated_elsewhere(checked.findings, file)
            old = self.base.releases[checked.last]
            new = checked.interface
            edits = date_edits(checked.findings, old, new, version, text, file)
            dated = mended({file: text}, edits).get(file, text)
            if self._check(dated) is not None:
                text = dated
        return _Bumped(text, version, tuple(left))

    def _check(self, text: str) -> Check | None:
        """Judge a text in place of the file; None if it has mistakes."""
        from rpcgen.idl import load
        from rpcgen.idl.compat import check

        loaded = load(self.interface.source, roots=self.roots, text=text)
        found = loaded.interface
        return None if found is None else check(found, self.base.releases)
