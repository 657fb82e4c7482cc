"""List the servers that can be found, and what they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from rpcgen.cli._remote import TIMEOUT, Where, timeout_option, topics_by_server

if TYPE_CHECKING:
    from rpcgen.runtime.peers import Found


@click.command()
@click.argument("url")
@click.option("--topic", metavar="NAME", help="Servers of this topic only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@timeout_option
def command(url: str, topic: str | None, as_json: bool, timeout: float = TIMEOUT) -> None:
    """List the servers that can be found, and what they serve.

    Each is asked; one that does not answer is listed with the reason. Ends with 3 if none does.
    """
    where = Where(url, topic=topic, timeout=timeout)
    known = where.known()
    answered = topics_by_server(one for one in known if not one.error)
    silent = topics_by_server(one for one in known if one.error)
    rows = [_row(where, name, found) for name, found in answered.items()]
    rows += [_silent_row(name, found) for name, found in silent.items()]
    if as_json:
        import json

        click.echo(json.dumps(rows, indent=2))
        return
    table = [("SERVER", "STATE", "TOPICS", "INTERFACES")]
    table += [(row["server"], row["state"], ", ".join(row["topics"]), _last(row)) for row in rows]
    widths = [max(len(line[column]) for line in table) for column in range(3)]
    for line in table:
        click.echo(
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]
            ).rstrip()
        )


def _row(where: Where, name: str, found: list[Found]) -> dict[str, Any]:
    """What one server says about itself."""
    from dataclasses import replace

    from rpcgen.runtime import RpcgenError

    first, row = found[0], _blank(name, found)
    asked = replace(where, server=name, exchange=first.exchange, topic=first.topic)
    try:
        with asked.meta() as meta:
            row["state"] = meta.health().state.value
            row["interfaces"] = [f"{served.name} {served.version}" for served in meta.describe()]
    except RpcgenError as error:
        row["state"], row["error"] = type(error).__name__, str(error)
    return row


def _silent_row(name: str, found: list[Found]) -> dict[str, Any]:
    """What is known of one server that could not be asked."""
    return {**_blank(name, found), "state": "unreachable", "error": found[0].error}


def _blank(name: str, found: list[Found]) -> dict[str, Any]:
    return {
        "server": name,
        "state": "",
        "topics": sorted({one.topic for one in found if one.topic}),
        "addresses": sorted({one.address for one in found}),
        "interfaces": list[str](),
        "error": None,
    }


def _last(row: dict[str, Any]) -> str:
    """What it serves, or why that is not known."""
    return ", ".join(row["interfaces"]) if row["error"] is None else f"({row['error']})"
