"""What the commands that read interface files share: which files, from where they import, and the project they are in.

Knows no command. Imports the compiler only inside functions.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rpcgen.cli._exit import Failure

if TYPE_CHECKING:
    from rpcgen.cli._formats.choice import Format
    from rpcgen.cli._project.settings import Project
    from rpcgen.codegen import Names
    from rpcgen.idl import Diagnostic, Interface, Loaded, Version


@dataclass(frozen=True, slots=True)
class Inputs:
    """Interface files, and folders that they may import from.

    Attributes:
        files: as they were given, or as the project says.
        roots: likewise.
        project: the project that the current folder is in.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...]
    project: Project | None


@dataclass(frozen=True, slots=True)
class Read:
    """An interface without mistakes, and its names in Python."""

    interface: Interface
    names: Names


class NamedPath(click.Path):
    """A path with a name: a variable that is empty does not mean the current folder.

    Args:
        what: what it is for, such as "where releases are kept".
        expected: what it is.
        options: as of `click.Path`.
    """

    def __init__(self, what: str, expected: str = "a folder", **options: Any) -> None:
        super().__init__(**options)
        self._what = what
        self._expected = expected

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Refuse what is empty; the rest is as of any path."""
        if value == "":
            raise Failure(f"{self._what} is empty; expected {self._expected}")
        return super().convert(value, param, ctx)


#: `-I`, as `roots`.
roots_option = click.option(
    "-I",
    "--import-root",
    "roots",
    type=NamedPath("where imports are read from", file_okay=False),
    multiple=True,
    metavar="DIR",
    help="A directory that `imports:` may read from, besides each file's own; may be repeated.",
)

#: `--against`, as `against`.
against_option = click.option(
    "--against",
    metavar="WHAT",
    help="Compare with this instead of the releases that are kept: a file, a folder, or git:REF[:PATH].",
)


#: `--lock`, as `lock`.
lock_option = click.option(
    "--lock",
    type=NamedPath("where releases are kept", path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where releases are kept; the project's, or rpcgen.lock, by default.",
)


def file_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `[FILE]...` and `-I`; it takes the `Inputs` that they and the project make as `inputs`."""

    @click.argument("files", nargs=-1, metavar="[FILE]...")
    @roots_option
    @functools.wraps(function)
    def with_inputs(files: tuple[str, ...], roots: tuple[str, ...], **others: Any) -> Any:
        return function(inputs=inputs(files, roots), **others)

    return with_inputs


def inputs(files: Sequence[str], roots: Sequence[str]) -> Inputs:
    """What a command line says, and where it says nothing, the project.

    Raises:
        Failure: the project file has mistakes, or a file has no name.
        click.UsageError: neither says which files.
    """
    from rpcgen.cli._project.read import project_here

    if "" in files:
        raise Failure("a FILE is empty; expected the path of an interface file")
    project = project_here()
    if not files and (project is None or not project.patterns):
        missing = "[tool.rpcgen] in pyproject.toml has no `files`"
        if project is None:
            missing = "no pyproject.toml here or above has a [tool.rpcgen]"
        raise click.UsageError(f"no FILE was given, and {missing}", click.get_current_context())
    given = Inputs(tuple(dict.fromkeys(files)), tuple(roots), project)
    return given if project is None else with_project(given, project)


def with_project(given: Inputs, project: Project) -> Inputs:
    """What a project says where nothing was given.

    Raises:
        Failure: one of its patterns matches no file.
    """
    roots = given.roots or tuple(str(root) for root in project.import_roots)
    return Inputs(given.files or project.files(), roots, project)


def load_all(inputs: Inputs) -> list[Loaded]:
    """Load every interface file.

    A file that another one of them imports is a library, which has been read with that one, and is left out: `*.yaml`
    may be said of a folder that holds both.
    """
    from rpcgen.idl import load

    every = [(file, load(file, roots=inputs.roots)) for file in inputs.files]
    imported = {
        os.path.realpath(source)
        for file, loaded in every
        for source in loaded.sources
        if source != file
    }
    return [
        loaded
        for file, loaded in every
        if loaded.interface is not None or os.path.realpath(file) not in imported
    ]


def read_all(
    inputs: Inputs,
    otherwise: str,
    check: Callable[[Sequence[Read]], list[Diagnostic]] | None = None,
) -> list[Read]:
    """Read every interface file; doubts and mistakes of all of them are shown on stderr, all at once.

    Args:
        inputs: which ones.
        otherwise: what a failure says besides how many mistakes there are, such as "nothing was written".
        check: finds what is wrong with all of them together.

    Raises:
        Failure: there are mistakes.
    """
    from rpcgen.codegen import resolve
    from rpcgen.idl import render

    found: list[Read] = []
    diagnostics: list[Diagnostic] = []
    sources: dict[str, str] = {}
    for loaded in load_all(inputs):
        sources |= loaded.sources
        names = resolve(loaded.draft) if loaded.draft is not None else None
        diagnostics += _in_order(loaded, names.clashes if names is not None else ())
        if loaded.interface is not None and names is not None:
            found.append(Read(loaded.interface, names))
    diagnostics += check(found) if check is not None else []
    if diagnostics:
        click.echo(render(diagnostics, sources), nl=False, err=True)
    mistakes = sum(each.severity == "error" for each in diagnostics)
    if mistakes:
        raise Failure(f"{mistakes} mistake{'s' * (mistakes != 1)}; {otherwise}")
    return found


def _in_order(loaded: Loaded, clashes: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The mistakes of a file and those that its names make in Python, by place; the count of those left out stays last."""
    if not clashes:
        return list(loaded.diagnostics)
    rank = {file: number for number, file in enumerate(loaded.sources)}
    found = [*loaded.diagnostics, *clashes]
    last = [each for each in found if each.rule == "too-many-mistakes"]
    found = [each for each in found if each.rule != "too-many-mistakes"]
    found.sort(key=lambda each: (rank.get(each.position.file, len(rank)), each.position))
    return [*found, *last]


def read_interfaces(
    inputs: Inputs, otherwise: str, format_: Format = "text"
) -> tuple[list[Interface], dict[str, str]]:
    """Read every interface file, and the texts of all that was read; doubts and mistakes are shown, the latter in a format, too.

    Generates nothing, so it knows nothing of names in Python. Raises Failure where there are mistakes.
    """
    from rpcgen.idl import render

    every = load_all(inputs)
    sources = {name: text for loaded in every for name, text in loaded.sources.items()}
    found = [loaded.interface for loaded in every if loaded.interface is not None]
    diagnostics = list(dict.fromkeys(each for loaded in every for each in loaded.diagnostics))
    diagnostics += _described_twice(found)
    if diagnostics:
        click.echo(render(diagnostics, sources), nl=False, err=True)
    mistakes = sum(each.severity == "error" for each in diagnostics)
    if mistakes:
        from rpcgen.cli._formats.findings import as_mistakes

        click.echo(as_mistakes(diagnostics, format_, "check"), nl=False)
        raise Failure(f"{mistakes} mistake{'s' * (mistakes != 1)}; {otherwise}")
    return found, sources


def _described_twice(interfaces: Sequence[Interface]) -> Iterator[Diagnostic]:
    """Yield the interfaces of which two files say what one version is: only one of them could be released as that."""
    from rpcgen.idl import Diagnostic

    first: dict[tuple[str, Version], Interface] = {}
    for each in interfaces:
        other = first.setdefault((each.name, each.version), each)
        if other is not each:
            yield Diagnostic(
                "interface-clash",
                f"two files describe {each.name} {each.version}",
                each.position,
                hint="keep one of them, or give the other one a name or a version of its own",
                related=((other.position, "the other one"),),
            )
