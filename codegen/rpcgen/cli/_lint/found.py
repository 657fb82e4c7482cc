"""What lint finds in all files together, and mends. Knows no format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import click
from rpcgen.cli._exit import Failure
from rpcgen.cli._formats.choice import Format
from rpcgen.cli._formats.findings import as_mistakes
from rpcgen.cli._inputs import Inputs, load_all
from rpcgen.cli._rewriting import Rewrite, write
from rpcgen.idl import Diagnostic, Severity, render
from rpcgen.idl.lint.rule import Edit, Rule
from rpcgen.idl.lint.run import lint, mended


@dataclass(slots=True)
class Found:
    """What was found; a file that two interfaces import is looked at twice, and told of once."""

    diagnostics: dict[Diagnostic, None] = field(default_factory=dict[Diagnostic, None])
    edits: dict[Edit, None] = field(default_factory=dict[Edit, None])
    sources: dict[str, str] = field(default_factory=dict[str, str])

    def count(self, severity: Severity) -> int:
        """How many findings are of a severity."""
        return sum(each.severity == severity for each in self.diagnostics)

    def mend(self) -> int:
        """Write what the edits make of the files; how many edits there were."""
        texts = mended(self.sources, self.edits)
        write(Rewrite(file, self.sources[file], text) for file, text in texts.items())
        return len(self.edits)


def find(inputs: Inputs, rules: Sequence[Rule], format_: Format) -> Found:
    """Lint interface files.

    Raises:
        Failure: some of them do not compile; their mistakes were shown.
    """
    every = load_all(inputs)
    found = Found()
    for loaded in every:
        found.sources |= loaded.sources
        found.diagnostics |= dict.fromkeys(loaded.diagnostics)
    mistakes = found.count("error")
    if mistakes:
        click.echo(render(found.diagnostics, found.sources), nl=False, err=True)
        click.echo(as_mistakes(found.diagnostics, format_, "lint"), nl=False)
        raise Failure(f"{mistakes} mistake{'s' * (mistakes != 1)}; nothing was linted")
    for loaded in every:
        if loaded.interface is not None:
            linted = lint(loaded.interface, loaded.sources, rules)
            found.diagnostics |= dict.fromkeys(linted.diagnostics)
            found.edits |= dict.fromkeys(linted.edits)
    return found
