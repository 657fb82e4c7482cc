"""What a lint rule is, what it is given and what it yields; and the rules that there are, found by file name.

Knows no rule by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Literal, get_args

from rpcgen.idl.diagnostics import Severity
from rpcgen.idl.lint.ignore import Ignore
from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.yamltext.nodes import Mapping as Node

_RULES = "rpcgen.idl.lint.rules"

Category = Literal["minimal", "standard", "strict"]

#: Each holds those before it, too.
CATEGORIES: tuple[Category, ...] = get_args(Category)


@dataclass(frozen=True, slots=True)
class Edit:
    """What mends a finding: other characters for those at a place, or, if `text` is None, the whole line taken out."""

    position: Position
    text: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found, and where."""

    position: Position
    message: str
    hint: str = ""
    related: tuple[tuple[Position, str], ...] = ()
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at.

    Attributes:
        interface: the model; it has no mistakes.
        trees: the nodes of the file and of what it imports, by file.
        rows: the lines of their texts.
        ignores: what the files accept.
        judged: the rules that have run.
        spent: those of `ignores` that accepted something; of use for rules that run last.
        known: the ids of all rules.
    """

    interface: Interface
    trees: Mapping[str, Node]
    rows: Mapping[str, list[str]]
    ignores: tuple[Ignore, ...] = ()
    judged: frozenset[str] = frozenset()
    spent: frozenset[Ignore] = frozenset()
    known: tuple[str, ...] = ()

    def row(self, at: Position) -> str:
        """Return the line of a place."""
        return self.rows[at.file][at.line - 1]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `last` ones run when all others have, and say something of what came of them."""

    id: str
    category: Category
    severity: Severity
    page: str
    check: Callable[[Subject], Iterable[Finding]]
    last: bool = False

    @property
    def summary(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.partition("\n")[0].removesuffix(".")


def rule_ids() -> list[str]:
    """Return the ids of all rules, sorted; imports none of them."""
    names = (entry.name for entry in files(_RULES).iterdir())
    stems = (name.removesuffix(".py") for name in names if name.endswith(".py"))
    return sorted(stem.replace("_", "-") for stem in stems if stem[0] != "_")


@cache
def rule(id_: str) -> Rule:
    """Return the rule of an id that there is."""
    module = import_module(f"{_RULES}.{id_.replace('-', '_')}")
    page = inspect.cleandoc(module.__doc__ or "") + "\n"
    last: bool = getattr(module, "LAST", False)
    return Rule(id_, module.CATEGORY, module.SEVERITY, page, module.check, last)


def chosen(
    category: Category, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> list[Rule]:
    """Return the rules of a category and those before it, with those of `select` and without those of `ignore`."""
    more, less = set(select), set(ignore)
    upto = CATEGORIES[: CATEGORIES.index(category) + 1]
    every = [rule(id_) for id_ in rule_ids()]
    return [
        each for each in every if each.id not in less and (each.category in upto or each.id in more)
    ]
