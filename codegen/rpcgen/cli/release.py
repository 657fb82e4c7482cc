"""Keep what interface files are now as releases, to compare later versions with."""

from __future__ import annotations

from pathlib import Path

import click
from rpcgen.cli._exit import Exit, Failure
from rpcgen.cli._inputs import Inputs, file_arguments, lock_option, read_interfaces
from rpcgen.cli.check import settings


@click.command()
@file_arguments
@lock_option
@click.pass_context
def command(ctx: click.Context, inputs: Inputs, lock: Path | None) -> None:
    """Keep what interface files are now as releases, to compare later versions with.

    A release is one JSON file, DIR/INTERFACE/VERSION.json: commit it. It is written once and never changed. A FILE that
    `rpcgen check` refuses is not released, and then no other is.

    Exit codes: 0 kept, or was kept already; 1 a FILE was refused; 2 a mistake in a FILE or on the command line; 3 the
    releases that are kept cannot be read.
    """
    from rpcgen.cli._baseline.folder import release_file, write_release
    from rpcgen.cli._check.judge import judge
    from rpcgen.cli._check.text import as_text
    from rpcgen.idl.compat.lock import digest_of

    interfaces, sources = read_interfaces(inputs, "nothing was released")
    chosen = settings(inputs, None, lock)
    outcome = judge(interfaces, chosen, sources)
    if outcome.failed:
        click.echo(as_text(outcome, everything=False), nl=False)
        raise Failure("nothing was released", Exit.NEGATIVE)
    for one in outcome.checked:
        interface = one.check.interface
        kept = one.baseline.digests.get(interface.version)
        file = release_file(chosen.lock, interface)
        if kept is None:
            write_release(chosen.lock, interface)
            click.echo(f"{interface.name} {interface.version}: kept in {file}")
        elif kept == digest_of(interface):
            click.echo(f"{interface.name} {interface.version}: kept in {file} already")
        else:
            raise Failure(
                f"{interface.name} {interface.version} is kept in {file}, and is not quite this; take the next version",
                Exit.NEGATIVE,
            )
