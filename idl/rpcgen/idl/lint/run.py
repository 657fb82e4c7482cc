"""Runs rules over a loaded interface: what they find, without what the files accept; and mends it, where that is mechanical.

Knows no rule by name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from rpcgen.idl.diagnostics import LINE_BREAK, Diagnostic
from rpcgen.idl.lint.ignore import Ignore, ignores_of
from rpcgen.idl.lint.rule import Edit, Finding, Rule, Subject, rule_ids
from rpcgen.idl.model import Interface
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Mapping as Node


@dataclass(frozen=True, slots=True)
class Linted:
    """What came of it: diagnostics by file and place, and the edits that mend some of them."""

    diagnostics: tuple[Diagnostic, ...]
    edits: tuple[Edit, ...]


def lint(interface: Interface, sources: Mapping[str, str], rules: Sequence[Rule]) -> Linted:
    """Run rules over an interface.

    Args:
        interface: the model.
        sources: the texts that it was read from, by file.
        rules: which.
    """
    subject = Subject(
        interface,
        MappingProxyType(_trees(sources)),
        {file: LINE_BREAK.split(text) for file, text in sources.items()},
        tuple(ignores_of(sources)),
        frozenset(rule.id for rule in rules),
        known=tuple(rule_ids()),
    )
    accepted: dict[tuple[str, int, str], Ignore] = {
        (ignore.position.file, ignore.line, ignore.rule): ignore for ignore in subject.ignores
    }
    found: list[tuple[Rule, Finding]] = []
    spent: set[Ignore] = set()
    for rule in sorted(rules, key=lambda rule: rule.last):
        for finding in rule.check(replace(subject, spent=frozenset(spent))):
            at = finding.position
            ignore = accepted.get((at.file, at.line, rule.id))
            if ignore is None:
                found.append((rule, finding))
            else:
                spent.add(ignore)
    return _result(found, sources)


def _trees(sources: Mapping[str, str]) -> dict[str, Node]:
    trees = {file: compose(text, file, Report()) for file, text in sources.items()}
    return {file: tree for file, tree in trees.items() if isinstance(tree, Node)}


def _result(found: Iterable[tuple[Rule, Finding]], sources: Mapping[str, str]) -> Linted:
    rank = {file: number for number, file in enumerate(sources)}
    ordered = sorted(
        found, key=lambda each: (rank.get(each[1].position.file, -1), each[1].position, each[0].id)
    )
    diagnostics = [
        Diagnostic(rule.id, one.message, one.position, rule.severity, one.hint, one.related)
        for rule, one in ordered
    ]
    edits = [one.edit for _, one in ordered if one.edit is not None]
    return Linted(tuple(dict.fromkeys(diagnostics)), tuple(dict.fromkeys(edits)))


def mended(sources: Mapping[str, str], edits: Iterable[Edit]) -> dict[str, str]:
    """Return the texts that some edits change, changed. Nothing else of them changes: comments and line ends stay."""
    by_line: dict[str, dict[int, list[Edit]]] = defaultdict(lambda: defaultdict(list))
    for edit in edits:
        by_line[edit.position.file][edit.position.line].append(edit)
    return {file: _edited(sources[file], lines) for file, lines in by_line.items()}


def _edited(text: str, edits: Mapping[int, Sequence[Edit]]) -> str:
    starts = [0, *(match.end() for match in LINE_BREAK.finditer(text)), len(text)]
    for line in sorted(edits, reverse=True):
        start, end = starts[line - 1], starts[line]
        if any(edit.text is None for edit in edits[line]):
            text = text[:start] + text[end:]
            continue
        for edit in sorted(edits[line], key=lambda edit: edit.position, reverse=True):
            at = start + edit.position.column - 1
            text = text[:at] + (edit.text or "") + text[at + edit.position.length :]
    return text
