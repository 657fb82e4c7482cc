"""Show what rpcgen does: a project of two servers, made, run and broken in a few seconds."""

from __future__ import annotations

import signal
from pathlib import Path

import click
from rpcgen.cli._exit import Exit, Failure, reason
from rpcgen.cli._inputs import NamedPath


@click.command()
@click.option(
    "--keep",
    "folder",
    type=NamedPath("where the project is kept", file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the project to DIR, which must be empty or new, and leave it there.",
)
def command(folder: Path | None) -> None:
    """Show what rpcgen does: a project of two servers, made, run and broken in a few seconds.

    Ends with 1 if any step does not behave.
    """
    import tempfile

    from rpcgen.cli._demo.screen import open_screen
    from rpcgen.cli._demo.tour import StepFailed, Tour

    if folder is not None:
        _make_empty(folder)
    # Ended from outside, the tour must still end its servers.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    screen = open_screen()
    try:
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="rpcgen-demo-") as made:
                Tour(Path(made), screen).run()
            screen.closing("Keep the project to look at it: rpcgen demo --keep DIR")
        else:
            Tour(folder.resolve(), screen).run()
            screen.closing(f"Look at shop.yaml, server.py and steps.py in {folder}.")
    except StepFailed as error:
        raise Failure(str(error), Exit.NEGATIVE) from error


def _make_empty(folder: Path) -> None:
    """Make the folder, unless it is there; raises Failure where it holds something, or nothing can be put."""
    import tempfile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise Failure(f"{folder} is not empty")
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {reason(error)}") from error
