"""Refuses releases that are not what was released: what follows from them would be about something that never was."""

from __future__ import annotations

from collections.abc import Collection

import click
from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._exit import Exit, Failure
from rpcgen.idl import Interface


def require_intact(
    interface: Interface, base: Baseline, undone: str, waived: Collection[str] = ()
) -> None:
    """Raise Failure, in the words of `rpcgen check`, if a release is not what was released.

    Args:
        interface: whose releases.
        base: the releases.
        undone: what the command does not do then, such as `nothing was bumped`.
        waived: fingerprints of findings that the project waives.
    """
    if not base.rewritten:
        return
    from rpcgen.idl.compat.history import rewritten_history

    found = [
        each
        for each in rewritten_history(interface, base.rewritten, base.releases)
        if each.fingerprint not in waived
    ]
    for each in found:
        click.echo(f"{each.place}: error[{each.rule}]: {each.message}", err=True)
        click.echo(f"  needs: {each.instead}", err=True)
        click.echo(f"  waive: fingerprint {each.fingerprint}", err=True)
    if found:
        raise Failure(undone, Exit.NEGATIVE)
