"""The page of each rule: what is refused, why, an example that is, and one that is not.

A rule is one Markdown file, named for its code. The pages are read from the installed package when somebody asks;
compiling never touches them.
"""

from __future__ import annotations

from importlib.resources import files

from rpcgen.idl.report import nearest


def rules() -> list[str]:
    """Return the codes of all rules, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))


def rule_page(code: str) -> str | None:
    """Return a rule's page as Markdown, or None if there is no such rule."""
    if code not in rules():
        return None
    return files(__name__).joinpath(f"{code}.md").read_text(encoding="utf-8")


def nearest_rule(code: str) -> str | None:
    """Return the rule that a misspelt code probably means."""
    return nearest(code, rules())
