"""A command group whose members are files: `ls.py` is `rpcgen ls`, and is imported only when it runs.

Knows no command by name. The short help of a command is the first line of its module's docstring, read without
importing the module.
"""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from rpcgen.cli._exit import nearest

_FOLDER = Path(__file__).parent
_PACKAGE = __package__ or "rpcgen.cli"
_NO_COMMANDS = frozenset({"main"})


def command_names() -> list[str]:
    """The commands that this package has files for, sorted."""
    stems = (path.stem for path in _FOLDER.glob("*.py"))
    return sorted(
        stem.replace("_", "-") for stem in stems if stem[0] != "_" and stem not in _NO_COMMANDS
    )


def short_help(name: str) -> str:
    """The first line of the command's docstring, without its full stop."""
    text = (_FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    first, _, _ = (ast.get_docstring(ast.parse(text)) or "").partition("\n")
    return first.removesuffix(".")


class LazyGroup(click.Group):
    """A group that imports a command when it is run, or asked for its own help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """As click.Group."""
        return command_names()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """As click.Group; None if no file has that name."""
        if cmd_name not in command_names():
            return None
        command = import_module(f"{_PACKAGE}.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        command.name = cmd_name
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click.Group, but a wrong name brings the nearest right one."""
        if args and args[0] not in command_names() and not args[0].startswith("-"):
            advice = nearest(args[0], command_names())
            raise click.UsageError(f"no such command {args[0]!r}{advice}", ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """As click.Group, importing no command."""
        names = [name for name in command_names() if name.startswith(incomplete)]
        items = [CompletionItem(name, help=short_help(name)) for name in names]
        return [*items, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their short help, importing none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help(name)) for name in command_names()])
