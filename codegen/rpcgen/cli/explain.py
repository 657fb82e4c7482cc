"""Explain a rule of the interface language, of lint or of check."""

from __future__ import annotations

import click
from rpcgen.cli._exit import Failure


@click.command()
@click.argument("rule", required=False)
def command(rule: str | None) -> None:
    """Explain a rule of the interface language, of `rpcgen lint`, or of `rpcgen check`.

    RULE is what an error shows in brackets, such as error[bad-name]. Without it, all rules are listed.
    """
    from rpcgen.idl.rules import nearest_rule, rule_page, rules

    if rule is None:
        known = rules()
        width = max(map(len, known))
        for name in known:
            click.echo(f"{name:{width}}  {_summary(rule_page(name) or '')}")
        return
    page = rule_page(rule)
    if page is None:
        near = nearest_rule(rule)
        advice = f"did you mean {near!r}?" if near else "`rpcgen explain` lists them"
        raise Failure(f"no rule {rule!r}; {advice}")
    click.echo(page.rstrip())


def _summary(page: str) -> str:
    """The first sentence below the title."""
    text = next((line for line in page.splitlines() if line and not line.startswith("#")), "")
    return text.partition(". ")[0].removesuffix(".")
