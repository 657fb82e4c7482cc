"""Make a key pair for a server or client."""

from __future__ import annotations

import os
from pathlib import Path

import click
from rpcgen.cli._exit import Failure, reason


@click.command()
@click.argument("given", metavar="DIR/NAME")
def command(given: str) -> None:
    """Make a key pair for a server or client, which proves who it is and encrypts what it says.

    NAME.key is secret and stays with whom it is for, NAME.pub goes to those who talk to it. Neither is ever
    overwritten. Transport URLs name them by the options curve_key and curve_peers.
    """
    import zmq
    from rpcgen.runtime.drivers.zeromq.keyfiles import write_pair

    stem = Path(given)
    # A path knows nothing of a slash at its end, behind which there is no name.
    if stem.suffix in (".key", ".pub") or os.path.basename(given) in ("", ".", ".."):
        raise Failure(
            f"{given or repr(given)}: expected DIR/NAME, to which .key and .pub are added"
        )
    if not stem.name.isprintable():
        raise Failure(
            f"{stem.name!a}: expected a name of printable characters, which stands in both files"
        )
    if not zmq.has("curve"):
        raise Failure("this machine's libzmq was built without CURVE")
    public, secret = zmq.curve_keypair()
    try:
        write_pair(str(stem), secret, public)
    except FileExistsError as error:
        raise Failure(
            f"{error.filename} is there already, and no key is ever overwritten"
        ) from None
    except OSError as error:
        raise Failure(f"{error.filename or stem} cannot be written: {reason(error)}") from None
    shown = click.format_filename(stem)
    click.echo(f"{shown}.key: secret, for {stem.name} alone (curve_key)")
    click.echo(f"{shown}.pub: public, for those who talk to it (curve_peers)")
