"""Bring interface files into the canonical layout."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Exit, Failure
from rpcgen.cli._inputs import inputs

if TYPE_CHECKING:
    from rpcgen.cli._rewriting import Rewrite
    from rpcgen.idl import Diagnostic

#: What stands for the standard input, as it is called in messages.
_STDIN = "<stdin>"


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a file would change.")
@click.option("--diff", "show", is_flag=True, help="As --check, and show what would change.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but mistakes.")
@click.pass_context
def command(
    ctx: click.Context, files: tuple[str, ...], check: bool, show: bool, quiet: bool
) -> None:
    """Bring interface files into the canonical layout.

    Without FILE, those that [tool.rpcgen] of pyproject.toml names. With `-`, standard input goes to standard output.
    What a file means stays, and so does every comment; libraries can be formatted as interfaces can.

    Exit codes: 0 done, or nothing to do; 1 a file would change (--check, --diff); 2 a FILE that is not readable as
    YAML, or a wrong command line.
    """
    if files == ("-",):
        rewrites = _rewrites([(_STDIN, sys.stdin.buffer.read().decode("utf-8", "surrogateescape"))])
        if not (check or show):
            click.echo(rewrites[0].after, nl=False)
            return
    else:
        rewrites = _rewrites(_read(inputs(files, ()).files))
    changed = [rewrite for rewrite in rewrites if rewrite.before != rewrite.after]
    from rpcgen.cli._rewriting import diff, write

    if show:
        click.echo(diff(changed), nl=False)
    elif not check:
        write(changed)
    if not quiet:
        for rewrite in changed:
            verb = "would format" if check or show else "formatted"
            click.echo(f"{verb} {rewrite.file}", err=check or show)
    if changed and (check or show):
        ctx.exit(Exit.NEGATIVE)


def _read(files: Sequence[str]) -> list[tuple[str, str]]:
    """The texts of some files; why any of them cannot be read is shown for all at once."""
    from rpcgen.idl import load, render

    found: list[tuple[str, str]] = []
    unreadable: list[Diagnostic] = []
    for file in files:
        loaded = load(file)
        if file in loaded.sources:
            found.append((file, loaded.sources[file]))
        else:
            unreadable += loaded.diagnostics
    if unreadable:
        click.echo(render(unreadable, {}), nl=False, err=True)
        raise _failure(len(unreadable))
    return found


def _rewrites(texts: Sequence[tuple[str, str]]) -> list[Rewrite]:
    """What becomes of some texts; the mistakes of all of them are shown at once."""
    from rpcgen.cli._rewriting import Rewrite
    from rpcgen.idl import render
    from rpcgen.idl.fmt.format import formatted

    found: list[Rewrite] = []
    diagnostics: list[Diagnostic] = []
    for file, text in texts:
        result = formatted(text, file)
        diagnostics += result.diagnostics
        if result.text is not None:
            found.append(Rewrite(file, text, result.text))
    if diagnostics:
        click.echo(render(diagnostics, dict(texts)), nl=False, err=True)
        raise _failure(len(diagnostics))
    return found


def _failure(mistakes: int) -> Failure:
    return Failure(f"{mistakes} mistake{'s' * (mistakes != 1)}; nothing was written")
