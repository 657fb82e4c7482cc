"""Show what an interface has, of a file or of a running server."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click
from rpcgen.cli._exit import Exit, Failure, nearest
from rpcgen.cli._remote import Where, where_options

if TYPE_CHECKING:
    from rpcgen.cli._contract import Contract


@click.command()
@where_options
@click.argument("method", required=False)
@click.option("--interface", metavar="NAME", help="This interface only.")
@click.option("--json", "as_json", is_flag=True, help="Print the contract as JSON.")
def command(where: Where, method: str | None, interface: str | None, as_json: bool) -> None:
    """Show what an interface has, of a file or of a running server.

    URL may be the path of an interface file. With METHOD, that method is shown with all that it uses.
    """
    from rpcgen.cli._contract_text import interface_text, method_text

    contracts = _contracts(where)
    if interface is not None:
        names = [one.name for one in contracts]
        contracts = [one for one in contracts if one.name == interface]
        if not contracts:
            raise Failure(f"there is no interface {interface!r}{nearest(interface, names)}")
    if method is not None:
        names = [name for one in contracts for name in one.methods]
        contracts = [one for one in contracts if method in one.methods]
        if not contracts:
            raise Failure(f"there is no method {method!r}{nearest(method, names)}")
    if as_json:
        _print_json([one.data for one in contracts])
        return
    texts = [method_text(one, method) if method else interface_text(one) for one in contracts]
    click.echo("\n\n".join(texts))


def _contracts(where: Where) -> list[Contract]:
    if "://" in where.url:
        return [served.contract for served in where.served()]
    if not where.url:
        raise Failure("URL is empty; expected a transport URL or the path of an interface file")
    return [_of_file(where)]


def _of_file(where: Where) -> Contract:
    options = {"server": where.server, "topic": where.topic, "exchange": where.exchange}
    given = [f"--{name}" for name, value in options.items() if value is not None]
    if given:
        raise Failure(f"{', '.join(given)}: for servers only, and {where.url} is taken for a file")
    from rpcgen.cli._contract import read_contract
    from rpcgen.cli._project.read import current_folder
    from rpcgen.idl import load, render
    from rpcgen.idl.contract import contract

    if not os.path.isabs(where.url):
        current_folder()
    loaded = load(where.url)
    if loaded.interface is None:
        click.echo(render(loaded.diagnostics, loaded.sources), err=True, nl=False)
        raise click.exceptions.Exit(Exit.BAD_INPUT)
    return read_contract(contract(loaded.interface))


def _print_json(data: list[Any]) -> None:
    import json

    click.echo(json.dumps(data[0] if len(data) == 1 else data, indent=2, ensure_ascii=False))
