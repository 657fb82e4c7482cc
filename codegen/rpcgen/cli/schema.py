"""Print the JSON Schema of interface files, for editors."""

from __future__ import annotations

from pathlib import Path

import click
from rpcgen.cli._exit import Failure, reason
from rpcgen.cli._inputs import NamedPath


@click.command()
@click.option(
    "-o",
    "--output",
    type=NamedPath("where the schema is written", "a file", dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to FILE instead.",
)
@click.option(
    "--check", is_flag=True, help="The schema of what `rpcgen check --format json` prints, instead."
)
def command(output: Path | None, check: bool) -> None:
    """Print the JSON Schema of interface files, for editors.

    An editor that knows it completes keys and marks mistakes. Name it in the first line of an interface file:

    \b
      # yaml-language-server: $schema=rpcgen.schema.json
    """
    import json
    from importlib.resources import files

    from rpcgen.idl.schema import json_schema

    if check:
        text = files("rpcgen.cli._check").joinpath("schema.json").read_text(encoding="utf-8")
    else:
        text = json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{output} cannot be written: {reason(error)}") from error
