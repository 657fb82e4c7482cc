"""Say what the changes to interface files cost, and whether their versions are the right ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Exit
from rpcgen.cli._formats.choice import Format, format_option
from rpcgen.cli._inputs import (
    Inputs,
    NamedPath,
    against_option,
    file_arguments,
    lock_option,
    read_interfaces,
)

if TYPE_CHECKING:
    from rpcgen.cli._check.judge import Outcome, Settings


@click.command()
@file_arguments
@against_option
@lock_option
@format_option
@click.option(
    "--write-cases",
    type=NamedPath("where messages are kept", path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the messages that show what breaks in DIR, as regression tests.",
)
@click.option(
    "--cases",
    type=NamedPath("where messages are kept", path_type=Path, file_okay=False),
    metavar="DIR",
    help="Try the messages that were kept in DIR again.",
)
@click.option("--all", "everything", is_flag=True, help="Show changes that pass, too.")
@click.pass_context
def command(
    ctx: click.Context,
    inputs: Inputs,
    against: str | None,
    lock: Path | None,
    format_: Format,
    write_cases: Path | None,
    cases: Path | None,
    everything: bool,
) -> None:
    """Say what the changes to interface files cost, and whether their versions are the right ones.

    Each FILE is compared with every release of its major that `rpcgen release` keeps. Without FILE, those that
    [tool.rpcgen] of pyproject.toml names are checked. `rpcgen explain RULE` says why a finding is one.

    Exit codes: 0 clean, or warnings only, or nothing was ever released; 1 any error, a version that has to rise included;
    2 a mistake in a FILE or on the command line; 3 the releases that were asked for cannot be read.
    """
    from rpcgen.cli._check.judge import judge

    interfaces, sources = read_interfaces(inputs, "nothing was checked", format_)
    chosen = settings(inputs, against, lock)
    shown = replace(chosen, cases=cases, everything=everything or format_ != "text")
    outcome = judge(interfaces, shown, sources)
    click.echo(_shown(outcome, format_, everything), nl=False)
    if format_ != "text":
        _tell_how_to_start(outcome)
    if write_cases is not None:
        _keep(outcome, write_cases)
    if outcome.failed:
        ctx.exit(Exit.NEGATIVE)


def _tell_how_to_start(outcome: Outcome) -> None:
    """Formats for programs hold findings; that there is nothing to find any in is for people."""
    from rpcgen.cli._check.text import summary

    for one in outcome.checked:
        if one.check.last is None:
            click.echo(summary(one), err=True)


def _keep(outcome: Outcome, folder: Path) -> None:
    from rpcgen.cli._examples.kept import keep, make_folder

    # Also where there is nothing to keep: `--cases` looks for it then.
    make_folder(folder)
    for one in outcome.checked:
        named = {each.fingerprint: each for each in one.check.findings}
        shown = [(named[fingerprint], example) for fingerprint, example in one.examples.items()]
        for file in keep(folder, one.check.interface, shown):
            click.echo(f"kept {file}", err=True)


def settings(inputs: Inputs, against: str | None, lock: Path | None) -> Settings:
    """What files are judged by: the command line goes before the project."""
    from datetime import UTC, datetime

    from rpcgen.cli._baseline.choose import LOCK
    from rpcgen.cli._check.judge import Settings

    project = inputs.project
    kept = project.lock if project is not None else LOCK
    whole = project is not None and set(inputs.files) >= set(project.files())
    today = datetime.now(UTC).date()
    return Settings(against, lock or kept, inputs.roots, project, whole, today)


def _shown(outcome: Outcome, format_: Format, everything: bool) -> str:
    match format_:
        case "text":
            from rpcgen.cli._check.text import as_text

            return as_text(outcome, everything=everything)
        case "json":
            from rpcgen.cli._check.as_json import as_json

            return as_json(outcome)
        case _:
            from rpcgen.cli._check.entries import as_groups
            from rpcgen.cli._formats.findings import as_findings

            return as_findings(as_groups(outcome), format_, "check")
