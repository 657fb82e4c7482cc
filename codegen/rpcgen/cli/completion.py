"""Print the shell code that completes rpcgen's commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HOW_TO = """\b
  bash:  eval "$(rpcgen completion bash)"              in ~/.bashrc
  zsh:   eval "$(rpcgen completion zsh)"               in ~/.zshrc
  fish:  rpcgen completion fish | source               in ~/.config/fish/config.fish
"""


@click.command(
    help=f"Print the shell code that completes rpcgen's commands and options.\n\n{_HOW_TO}"
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    from rpcgen.cli.main import cli

    completion = get_completion_class(shell)
    if completion is None:
        raise AssertionError(f"unexpected: click has no completion for {shell}")
    click.echo(completion(cli, {}, "rpcgen", "_RPCGEN_COMPLETE").source())
