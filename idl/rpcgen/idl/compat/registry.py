"""Finds rules by name: each is a file of `rules/`, and is imported when a change needs it.

A file's docstring is the rule's page; it is read without importing anything.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import import_module
from pathlib import Path

from rpcgen.idl.compat.rule import Rule

_FOLDER = Path(__file__).parent / "rules"


@cache
def rule_ids() -> tuple[str, ...]:
    """Return the ids of all rules, sorted."""
    stems = (path.stem for path in _FOLDER.glob("*.py"))
    return tuple(sorted(stem.replace("_", "-") for stem in stems if stem != "__init__"))


@cache
def rule_named(name: str) -> Rule:
    """Return the rule of a file."""
    found = import_module(f"rpcgen.idl.compat.rules.{name.replace('-', '_')}").rule
    assert isinstance(found, Rule)
    return found


@cache
def rule_for(subject: str, action: str, direction: str) -> Rule:
    """Return the rule that judges a kind of change: that of its direction, or the one for both."""
    name = f"{subject}-{action}"
    own = f"{direction}-{name}"
    return rule_named(own if own in rule_ids() else name)


def page_of(name: str) -> str | None:
    """Return a rule's page as Markdown; None if there is no such rule."""
    if name not in rule_ids():
        return None
    text = (_FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return f"# {name}\n\n{ast.get_docstring(ast.parse(text)) or ''}\n"
