"""Compile interface files into typed Python packages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rpcgen.cli._exit import Exit, Failure
from rpcgen.cli._inputs import Inputs, Read, file_arguments, read_all
from rpcgen.codegen import BadTemplate, generate
from rpcgen.codegen.write import Plan, Refused, apply, diff, plan
from rpcgen.idl import Diagnostic, Interface


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
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
    checked = read_all(inputs, "nothing was written", _same_packages)
    project = inputs.project
    if project is not None:
        output = output or project.output
        templates = templates or project.templates
    plans = _plan(checked, output or Path(), templates)
    if check:
        if plans:
            click.echo(diff(plans), nl=False)
            if not quiet:
                click.echo(f"{_count(plans)} out of date; run rpcgen compile", err=True)
            ctx.exit(Exit.NEGATIVE)
        return
    try:
        apply(plans)
    except OSError as error:
        raise Failure(f"nothing was written: {error}") from error
    if not quiet:
        for each in checked:
            click.echo(_summary(each.names.package, plans))


def _same_packages(found: Sequence[Read]) -> list[Diagnostic]:
    """Two interfaces that would be written to one place."""
    packages: dict[str, Interface] = {}
    diagnostics: list[Diagnostic] = []
    for each in found:
        other = packages.setdefault(each.names.package, each.interface)
        if other is not each.interface:
            diagnostics.append(_same_package(each.names.package, each.interface, other))
    return diagnostics


def _same_package(package: str, interface: Interface, other: Interface) -> Diagnostic:
    return Diagnostic(
        "package-clash",
        f'two files would be compiled to the package "{package}"',
        interface.position,
        hint="compile them into different directories",
        related=((other.position, "the other one"),),
    )


def _plan(checked: Sequence[Read], output: Path, templates: Path | None) -> Plan:
    texts: dict[str, str] = {}
    try:
        for each in checked:
            texts |= generate(each.interface, each.names, templates=templates)
        return plan(output, texts)
    except BadTemplate as error:
        raise Failure(f"nothing was written: {error}") from error
    except Refused as refused:
        raise Failure("\n  ".join(["nothing was written:", *refused.problems])) from refused
    except OSError as error:
        raise Failure(f"{output} cannot be read: {error}") from error


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
