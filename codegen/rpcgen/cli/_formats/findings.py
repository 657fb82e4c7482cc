"""Findings in the formats that any command has: those that hold findings, and nothing of the command."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

from rpcgen.cli._formats.choice import Format
from rpcgen.cli._formats.entry import Group, of_diagnostic
from rpcgen.idl import Diagnostic


def as_findings(
    groups: Iterable[Group], format_: Literal["sarif", "github", "junit"], command: str
) -> str:
    """What goes to stdout."""
    match format_:
        case "sarif":
            from rpcgen.cli._formats.sarif import as_sarif

            return as_sarif(groups, command)
        case "github":
            from rpcgen.cli._formats.github import as_github

            return as_github(groups)
        case "junit":
            from rpcgen.cli._formats.junit import as_junit

            return as_junit(groups, f"rpcgen {command}")


def as_mistakes(diagnostics: Collection[Diagnostic], format_: Format, command: str) -> str:
    """What goes to stdout where files have mistakes, and nothing else was done: nothing, where people read stderr.

    Nor is there JSON, which holds what a command found of files without mistakes.
    """
    if format_ == "text" or format_ == "json":
        return ""
    files = dict.fromkeys(each.position.file for each in diagnostics)
    return as_findings([group_of(file, diagnostics) for file in files], format_, command)


def group_of(file: str, diagnostics: Iterable[Diagnostic]) -> Group:
    """What was found in a file."""
    found = [of_diagnostic(each) for each in diagnostics if each.position.file == file]
    return Group(file, file, found)
