"""Explain a rule of the interface language."""

from __future__ import annotations

import click
from rpcgen.cli._exit import Failure


@click.command()
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """Explain a rule of the interface language.

    RULE is what an error shows in brackets, such as error[duplicate-key]. Without it, all rules are listed.
    """
    from rpcgen.idl import rule_page, rules

    known = dict(rules())
    if rule is None:
        width = max(map(len, known), default=0)
        for name, summary in known.items():
            click.echo(f"{name:{width}}  {summary}")
        return
    if rule not in known:
        import difflib

        near = difflib.get_close_matches(rule, known, 1)
        advice = f"did you mean {near[0]!r}?" if near else "`rpcgen explain` lists them"
        raise Failure(f"no rule {rule!r}; {advice}")
    click.echo(rule_page(rule).rstrip())
