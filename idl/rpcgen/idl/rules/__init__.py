"""The page of each rule: what is refused, why, an example that is, and one that is not.

A rule of the language is one Markdown file, named for its code; the page of a rule of `rpcgen lint` or `rpcgen check` is
the docstring of its module.
The pages are read from the installed package when somebody asks; compiling never touches them.
"""

from __future__ import annotations

from importlib.resources import files

from rpcgen.idl.compat import registry as changes
from rpcgen.idl.lint.rule import rule, rule_ids
from rpcgen.idl.report import nearest


def language_rules() -> list[str]:
    """Return the codes of the rules that the compiler refuses by, or warns by, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".md") for name in names if name.endswith(".md"))


def rules() -> list[str]:
    """Return the codes of all rules, sorted."""
    return sorted([*language_rules(), *rule_ids(), *changes.rule_ids()])


def rule_page(code: str) -> str | None:
    """Return a rule's page as Markdown, or None if there is no such rule."""
    if code in language_rules():
        return files(__name__).joinpath(f"{code}.md").read_text(encoding="utf-8")
    if code not in rule_ids():
        return changes.page_of(code)
    found = rule(code)
    first, _, rest = found.page.partition("\n")
    kind = "An error" if found.severity == "error" else "A warning"
    return f"# {code}\n\n{first} ({kind} of `rpcgen lint`, {found.category}.)\n{rest}"


def nearest_rule(code: str) -> str | None:
    """Return the rule that a misspelt code probably means."""
    return nearest(code, rules())
