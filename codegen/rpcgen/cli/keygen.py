"""Make a key pair for a server or client."""

from __future__ import annotations

from pathlib import Path

import click
from rpcgen.cli._exit import Failure


@click.command()
@click.argument("stem", type=click.Path(path_type=Path), metavar="DIR/NAME")
def command(stem: Path) -> None:
    """Make a key pair for a server or client, which proves who it is and encrypts what it says.

    NAME.key is secret and stays with whom it is for, NAME.pub goes to those who talk to it. Neither is ever
    overwritten. Transport URLs name them by the options curve_key and curve_peers.
    """
    import zmq
    from rpcgen.runtime.drivers.zeromq.keyfiles import write_pair

    if stem.suffix in (".key", ".pub") or stem.name in ("", ".", ".."):
        raise Failure(f"{stem}: expected DIR/NAME, to which .key and .pub are added")
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
        raise Failure(f"cannot write {error.filename or stem}: {error.strerror}") from None
    shown = click.format_filename(stem)
    click.echo(f"{shown}.key: secret, for {stem.name} alone (curve_key)")
    click.echo(f"{shown}.pub: public, for those who talk to it (curve_peers)")
