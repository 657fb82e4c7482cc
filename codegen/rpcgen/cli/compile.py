"""Compile interface files into typed Python packages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from rpcgen.cli._exit import Exit, Failure
from rpcgen.codegen import BadTemplate, Names, generate, resolve
from rpcgen.codegen.write import Plan, Refused, apply, diff, plan
from rpcgen.idl import Diagnostic, Interface, Loaded, load, render


@dataclass(frozen=True, slots=True)
class _Checked:
    """An interface without mistakes, and its names."""

    interface: Interface
    names: Names


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=".",
    metavar="DIR",
    help="Write the packages below DIR; the current directory by default.",
)
@click.option(
    "-I",
    "--import-root",
    "roots",
    type=click.Path(file_okay=False),
    multiple=True,
    metavar="DIR",
    help="A directory that `imports:` may read from, besides each file's own; may be repeated.",
)
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
    files: tuple[str, ...],
    output: Path,
    roots: tuple[str, ...],
    templates: Path | None,
    check: bool,
    quiet: bool,
) -> None:
    """Compile interface files into typed Python packages, one each: `nova.compute` becomes DIR/nova_compute.

    Only files that this command wrote are ever replaced or deleted. If any FILE has a mistake, nothing is written.

    Exit codes: 0 done, or up to date; 1 out of date (--check); 2 a mistake in a FILE or on the command line.
    """
    checked = _read_all(files, roots)
    plans = _plan(checked, output, templates)
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


def _read_all(files: Sequence[str], roots: Sequence[str]) -> list[_Checked]:
    """Check all files; the mistakes of all of them are shown at once."""
    found: list[_Checked] = []
    diagnostics: list[Diagnostic] = []
    sources: dict[str, str] = {}
    packages: dict[str, Interface] = {}
    for file in files:
        loaded = load(file, roots=roots)
        sources |= loaded.sources
        names = resolve(loaded.draft) if loaded.draft is not None else None
        diagnostics += _in_order(loaded, names.clashes if names is not None else ())
        if loaded.interface is None or names is None:
            continue
        other = packages.setdefault(names.package, loaded.interface)
        if other is not loaded.interface:
            diagnostics.append(_same_package(names.package, loaded.interface, other))
        found.append(_Checked(loaded.interface, names))
    if diagnostics:
        click.echo(render(diagnostics, sources), nl=False, err=True)
    mistakes = sum(each.severity == "error" for each in diagnostics)
    if mistakes:
        raise Failure(f"{mistakes} mistake{'s' * (mistakes != 1)}; nothing was written")
    return found


def _in_order(loaded: Loaded, clashes: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The mistakes of a file and those that its names make in Python, by place; the count of those left out stays last."""
    if not clashes:
        return list(loaded.diagnostics)
    rank = {file: number for number, file in enumerate(loaded.sources)}
    found = [*loaded.diagnostics, *clashes]
    last = [each for each in found if each.rule == "too-many-mistakes"]
    found = [each for each in found if each.rule != "too-many-mistakes"]
    found.sort(key=lambda each: (rank.get(each.position.file, len(rank)), each.position))
    return [*found, *last]


def _same_package(package: str, interface: Interface, other: Interface) -> Diagnostic:
    return Diagnostic(
        "package-clash",
        f'two files would be compiled to the package "{package}"',
        interface.position,
        hint="compile them into different directories",
        related=((other.position, "the other one"),),
    )


def _plan(checked: Sequence[_Checked], output: Path, templates: Path | None) -> Plan:
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
