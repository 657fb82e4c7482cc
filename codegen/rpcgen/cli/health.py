"""Ask a server whether it can take work; usable as a container's probe."""

from __future__ import annotations

import click
from rpcgen.cli._exit import Exit
from rpcgen.cli._remote import Where, where_options


@click.command()
@where_options
@click.option("-q", "--quiet", is_flag=True, help="Print nothing; the exit code is the answer.")
def command(where: Where, quiet: bool) -> None:
    """Ask a server whether it can take work; usable as a container's probe.

    Ends with 0 if it can, 1 if it is overloaded or draining, 3 if nobody could be reached, 4 if nobody answered.
    """
    with where.meta() as meta:
        health = meta.health()
    if not quiet:
        click.echo(
            f"{health.server}: {health.state.value}, {health.running} running, {health.queued} queued, "
            f"up {_uptime(health.uptime)}"
        )
    if health.state.value != "ok":
        raise click.exceptions.Exit(Exit.NEGATIVE)


def _uptime(seconds: float) -> str:
    """A duration, to the unit that matters."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
