"""Call a method of a running server, without generated code."""

from __future__ import annotations

from typing import Any

import click
from rpcgen.cli._exit import Exit, Failure, nearest
from rpcgen.cli._remote import Where, where_options


@click.command()
@where_options
@click.argument("interface")
@click.argument("method")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE... | JSON]")
@click.option("--cast", is_flag=True, help="Do not wait for the result.")
@click.option("--fanout", is_flag=True, help="Cast to every server.")
def command(
    where: Where, interface: str, method: str, arguments: tuple[str, ...], cast: bool, fanout: bool
) -> None:
    """Call a method of a running server, without generated code.

    Prints the result as JSON. A method that can only be cast is cast. Arguments are read by their types: text as it
    is, durations such as 30s, the rest as JSON.

    \b
      rpcgen call zmq+ipc:///run/shop shop.inventory take sku=SCR-0001 count=3
      rpcgen call zmq+ipc:///run/shop shop.inventory take '{"sku": "SCR-0001"}'
    """
    from rpcgen.cli._arguments import read_arguments
    from rpcgen.cli._dynamic import DynamicError, dynamic

    served = where.interface(interface)
    known = served.contract.methods.get(method)
    if known is None:
        advice = nearest(method, served.contract.methods)
        raise Failure(f"{interface} {served.contract.version} has no method {method!r}{advice}")
    given = read_arguments(served.contract, known, arguments)
    kinds = {route.kind for route in known.routes}
    casts = cast or fanout or kinds == {"cast"}
    kind = "cast" if casts else "call"
    targets = [route.to for route in known.routes if route.kind == kind]
    if targets[:1] == ["server"] and where.server is None and not fanout:
        raise Failure(f"{method} goes to one server: say which with --server NAME")
    client_class, values = dynamic(served.contract, known, served.fingerprint, given)
    try:
        with client_class(where.url, exchange=where.exchange, topic=where.topic) as client:
            prepared = client.prepare(
                server=where.server, fanout=fanout or None, timeout=_timeout(where)
            )
            _show(prepared.cast(values) if casts else prepared.call(values))
    except DynamicError as error:
        _refuse(error)


def _timeout(where: Where) -> float | None:
    """The time that was asked for; None for the method's own."""
    source = click.get_current_context().get_parameter_source("timeout")
    return where.timeout if source is click.core.ParameterSource.COMMANDLINE else None


def _show(result: Any) -> None:
    import msgspec
    from rpcgen.runtime import Sent

    if isinstance(result, Sent):
        click.echo(f"sent to {', '.join(sorted(result.peers))}", err=True)
        if result.refused:
            raise Failure(f"could not reach {', '.join(sorted(result.refused))}", Exit.UNREACHABLE)
        return
    click.echo(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())


def _refuse(error: Any) -> None:
    import msgspec

    fields = msgspec.json.encode(error.fields).decode()
    text = f"{error.type_name}: {error.message}" if error.message else error.type_name
    raise Failure(f"{text} {fields}" if error.fields else text, Exit.NEGATIVE) from error
