"""Compile interface files into typed Python packages."""

from __future__ import annotations

from pathlib import Path

import click
from rpcgen.cli._exit import Exit
from rpcgen.cli._inputs import Inputs, NamedPath, file_arguments
from rpcgen.cli._packages import plan_packages
from rpcgen.codegen.write import Plan, diff


@click.command()
@click.option(
    "-o",
    "--output",
    type=NamedPath("where packages are written", path_type=Path),
    metavar="DIR",
    help="Write the packages below DIR; the project's `output`, or the current directory, by default.",
)
@file_arguments
@click.option(
    "--templates",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    metavar="DIR",
    help="Use the templates in DIR instead of ours of the same name. They are code: trust them as such.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing; show what is out of date, and exit with 1."
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but mistakes.")
@click.pass_context
def command(
    ctx: click.Context,
    inputs: Inputs,
    output: Path | None,
    templates: Path | None,
    check: bool,
    quiet: bool,
) -> None:
    """Compile interface files into typed Python packages, one each: `nova.compute` becomes DIR/nova_compute.

    Without FILE, those that [tool.rpcgen] of pyproject.toml names. What the command line says goes first.

    Only files that this command wrote are ever replaced or deleted. If any FILE has a mistake, nothing is written.

    Exit codes: 0 done, or up to date; 1 out of date (--check); 2 a mistake in a FILE or on the command line.
    """
    packages = plan_packages(inputs, output, templates)
    if check:
        if packages.plan:
            click.echo(diff(packages.plan), nl=False)
            if not quiet:
                click.echo(f"{_count(packages.plan)} out of date; run rpcgen compile", err=True)
            ctx.exit(Exit.NEGATIVE)
        return
    packages.write()
    if not quiet:
        for name in packages.names:
            click.echo(_summary(name, packages.plan))


def _summary(package: str, done: Plan) -> str:
    prefix = f"{package}/"
    written = sum(path.startswith(prefix) for path in done.changed)
    unchanged = sum(path.startswith(prefix) for path in done.unchanged)
    deleted = sum(path.startswith(prefix) for path in done.stale)
    text = f"{package}: {written} file{'s' * (written != 1)} written, {unchanged} unchanged"
    return f"{text}, {deleted} deleted" if deleted else text


def _count(found: Plan) -> str:
    number = len(found.changed) + len(found.stale)
    return f"{number} file{'s are' if number != 1 else ' is'}"
