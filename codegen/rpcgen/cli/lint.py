"""Say what is doubtful about interface files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Exit, Failure
from rpcgen.cli._formats.choice import Format, format_option
from rpcgen.cli._inputs import Inputs, file_arguments
from rpcgen.idl.lint.rule import CATEGORIES

if TYPE_CHECKING:
    from rpcgen.idl.lint.rule import Category, Rule


def _list(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    """List the rules, and end."""
    if not value or ctx.resilient_parsing:
        return
    from rpcgen.idl.lint.rule import rule, rule_ids

    rules = sorted(map(rule, rule_ids()), key=lambda each: CATEGORIES.index(each.category))
    width = max(len(each.id) for each in rules)
    for each in rules:
        click.echo(f"{each.id:{width}}  {each.category:8}  {each.severity:7}  {each.summary}")
    ctx.exit()


@click.command()
@file_arguments
@click.option(
    "--category",
    type=click.Choice(CATEGORIES),
    help="Run the rules of this category and those before it; the project's, or standard, by default.",
)
@click.option(
    "--select",
    multiple=True,
    metavar="RULE",
    help="Run this rule, whatever its category; may be repeated.",
)
@click.option(
    "--ignore", multiple=True, metavar="RULE", help="Do not run this rule; may be repeated."
)
@format_option
@click.option("--fix", is_flag=True, help="Mend what can be mended mechanically.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list,
    help="List the rules, and end.",
)
@click.pass_context
def command(
    ctx: click.Context,
    inputs: Inputs,
    category: Category | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    format_: Format,
    fix: bool,
) -> None:
    """Say what is doubtful about interface files, although they compile.

    Without FILE, those that [tool.rpcgen] of pyproject.toml names are read. `rpcgen explain RULE` says why a rule is
    one. A comment accepts what a rule finds on its line, or on the next one: # rpcgen: ignore[RULE] reason

    Exit codes: 0 nothing, or warnings only; 1 errors; 2 a mistake in a FILE or on the command line.
    """
    from rpcgen.cli._lint.found import find
    from rpcgen.cli._lint.shown import shown, summary

    rules = _rules(inputs, category, select, ignore)
    found = find(inputs, rules, format_)
    mended = 0
    if fix:
        mended = found.mend()
        found = find(inputs, rules, format_)
    click.echo(shown(found, format_), nl=False)
    click.echo(summary(found, mended), err=True)
    if found.count("error"):
        ctx.exit(Exit.NEGATIVE)


def _rules(
    inputs: Inputs, category: Category | None, select: Sequence[str], ignore: Sequence[str]
) -> list[Rule]:
    """The rules that run: the command line goes before the project, option by option."""
    from rpcgen.cli._lint.names import unknown
    from rpcgen.idl.lint.rule import chosen

    wrong = [
        f"--{key}: {problem}"
        for key, names in (("select", select), ("ignore", ignore))
        for problem in unknown(names)
    ]
    if wrong:
        raise Failure("\n  ".join(wrong))
    said = inputs.project.lint if inputs.project is not None else None
    if said is not None:  # its names are known
        category = category or said.category
        select, ignore = select or said.select, ignore or said.ignore
    return chosen(category or "standard", select, ignore)
