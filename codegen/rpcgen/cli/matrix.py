"""Run the clients of every version of an interface against the servers of every version."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Exit, Failure, nearest
from rpcgen.cli._inputs import Inputs, file_arguments, read_all

if TYPE_CHECKING:
    from rpcgen.cli._matrix.releases import Release


@click.command()
@file_arguments
@click.option("--only", multiple=True, metavar="METHOD", help="This method only; may be repeated.")
@click.option(
    "--pin",
    "pins",
    multiple=True,
    metavar="PIN",
    help="Pin clients to PIN only: a version, the name of a release, `auto`, or `none`; may be repeated.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "junit"]),
    default="table",
    show_default=True,
    help="What to print.",
)
@click.pass_context
def command(
    ctx: click.Context,
    inputs: Inputs,
    only: tuple[str, ...],
    pins: tuple[str, ...],
    form: str,
) -> None:
    """Run the clients of every version of an interface against the servers of every version.

    Each FILE is one version; without any, those of the project. Its client and server are generated and run in this process, over memory://:
    every client with every pin sends every method to every server, by every route and with several payloads. Each
    message has to be handled as it was sent, or be refused by name; never misread, undecodable, late or lost.

    Nothing is left behind, and no other process is asked.

    Exit codes: 0 every cell is fine; 1 a cell failed; 2 a mistake in a FILE or on the command line.
    """
    from rpcgen.cli._matrix.pins import Pins
    from rpcgen.cli._matrix.releases import check_same, imported
    from rpcgen.cli._matrix.run import run

    read = read_all(inputs, "nothing was run")
    check_same(read)
    with imported(read) as releases:
        _check_only(only, releases)
        progress = Progress()
        result = run(releases, Pins(releases, pins), only, progress.show)
        progress.clear()
        if form == "table":
            from rpcgen.cli._matrix.table import show

            show(result)
        else:
            from rpcgen.cli._matrix.reports import as_json, as_junit

            click.echo(as_json(result) if form == "json" else as_junit(result))
    ctx.exit(Exit.NEGATIVE if result.failed else Exit.OK)


def _check_only(only: Sequence[str], releases: Sequence[Release]) -> None:
    known = {method.name for release in releases for method in release.methods()}
    for name in only:
        if name not in known:
            raise Failure(f"there is no method {name!r}{nearest(name, known)}")


class Progress:
    """A line on stderr that says how far it is, on a terminal only."""

    def __init__(self) -> None:
        self._shown = False
        self._wanted = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Say it."""
        if self._wanted:
            self._shown = True
            click.echo(f"\r{done} of {total} cells", nl=False, err=True)

    def clear(self) -> None:
        """Make room for what is printed next."""
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)
