"""Interface files -> the packages that they are compiled to: planned, then written.

Knows no command line; `rpcgen compile` and the build hook share it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rpcgen.cli._exit import Failure, reason
from rpcgen.cli._inputs import Inputs, Read, read_all
from rpcgen.codegen import BadTemplate, generate
from rpcgen.codegen.write import Plan, Refused, apply, plan
from rpcgen.idl import Diagnostic, Interface


@dataclass(frozen=True, slots=True)
class Packages:
    """What there is to write: the names of the packages, where they go, and the plan of their files."""

    names: tuple[str, ...]
    output: Path
    plan: Plan

    def write(self) -> None:
        """Write all files, or none.

        Raises:
            Failure: the disk does not let us.
        """
        try:
            apply(self.plan)
        except OSError as error:
            where = _where(error, self.output)
            raise Failure(
                f"{where} cannot be written: {reason(error)}; nothing was written"
            ) from error


def plan_packages(inputs: Inputs, output: Path | None, templates: Path | None) -> Packages:
    """Compile interface files; doubts and mistakes of all of them are shown on stderr.

    Args:
        inputs: which ones.
        output: where the packages go; None: where the project says, or here.
        templates: templates to use instead of ours; None: what the project says.

    Raises:
        Failure: there are mistakes, or something is in the way.
    """
    found = read_all(inputs, "nothing was written", _same_packages)
    if inputs.project is not None:
        output = output or inputs.project.output
        templates = templates or inputs.project.templates
    names = tuple(each.names.package for each in found)
    output = output or Path()
    return Packages(names, output, _plan(found, output, templates))


def _same_packages(found: Sequence[Read]) -> list[Diagnostic]:
    """Two interfaces that would be written to one place."""
    packages: dict[str, Interface] = {}
    diagnostics: list[Diagnostic] = []
    for each in found:
        other = packages.setdefault(each.names.package, each.interface)
        if other is not each.interface:
            diagnostics.append(_same_package(each.names.package, each.interface, other))
    return diagnostics


def _same_package(package: str, interface: Interface, other: Interface) -> Diagnostic:
    return Diagnostic(
        "package-clash",
        f'two files would be compiled to the package "{package}"',
        interface.position,
        hint="compile them into different directories",
        related=((other.position, "the other one"),),
    )


def _plan(found: Sequence[Read], output: Path, templates: Path | None) -> Plan:
    texts: dict[str, str] = {}
    try:
        for each in found:
            texts |= generate(each.interface, each.names, templates=templates)
        return plan(output, texts)
    except BadTemplate as error:
        raise Failure(f"nothing was written: {error}") from error
    except Refused as refused:
        raise Failure("\n  ".join(["nothing was written:", *refused.problems])) from refused
    except OSError as error:
        raise Failure(f"{_where(error, output)} cannot be read: {reason(error)}") from error


def _where(error: OSError, output: Path) -> str:
    """What the disk refused, as a user would name it; of a file that is only ours, its folder."""
    if not isinstance(error.filename, str):
        return str(output)
    path = Path(error.filename)
    if path.suffix == ".tmp":
        path = path.parent
    return os.path.normpath(output / os.path.relpath(path, os.path.realpath(output)))
