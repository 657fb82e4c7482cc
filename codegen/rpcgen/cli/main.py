"""The entry point of the `rpcgen` command: errors become one line on stderr and an exit code."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress

import click
from click.shell_completion import shell_complete
from rpcgen.cli._exit import Exit, Failure, as_failure
from rpcgen.cli._group import LazyGroup, command_names
from rpcgen.cli._output import drop_output, watch_output


def _print_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"rpcgen {version('rpcgen')}")
        ctx.exit()


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Describe an RPC interface once, in YAML; get typed clients and servers.

    Exit codes: 0 yes; 1 the answer is no (out of date, unhealthy, refused, a remote error); 2 a wrong command line,
    file or argument; 3 nobody could be reached, or the releases
    that were asked for cannot be read; 4 no answer came, so it may have been executed.
    """


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    watch_output()
    if "_RPCGEN_COMPLETE" in os.environ:
        sys.exit(
            shell_complete(cli, {}, "rpcgen", "_RPCGEN_COMPLETE", os.environ["_RPCGEN_COMPLETE"])
        )
    try:
        code = run(sys.argv[1:] if args is None else args)
    except BrokenPipeError:
        code = Exit.BROKEN_PIPE
    if code in (Exit.BROKEN_PIPE, Exit.UNWRITTEN):
        drop_output()
    sys.exit(code)


def run(args: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    try:
        code = _invoked(args)
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return Exit.INTERRUPTED
    except click.ClickException as error:
        return _report(error, args)
    except BrokenPipeError:
        raise
    except Exception as error:
        failure = as_failure(error)
        if failure is None:
            traceback.print_exc()
            _say("rpcgen: this is a bug in rpcgen; please report it with the lines above")
            return Exit.BUG
        return _report(failure, args)
    return code


def _invoked(args: Sequence[str]) -> int:
    try:
        with cli.make_context("rpcgen", list(args)) as ctx:
            cli.invoke(ctx)
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.exceptions.NoArgsIsHelpError as help_:
        click.echo(help_.format_message())
        return Exit.BAD_INPUT
    return Exit.OK


def _say(line: str) -> None:
    """Say why on stderr; where that cannot be written either, the exit code still tells."""
    with suppress(OSError):
        click.echo(line, err=True)


def _in_our_words(error: click.ClickException) -> str:
    """What an error says, as we say it; click's own may have several lines."""
    message = error.format_message()
    if not isinstance(error, Failure):
        message = re.sub(r"\s*\n\s*", " ", message)
        message = re.sub(r"\.?\s+Choose from", "; choose from", message)
        if message[1:2].islower():
            message = message[0].lower() + message[1:]
    return re.sub(r"\.?\s+Did you mean", "; did you mean", message).removesuffix(".")


def _report(error: click.ClickException, args: Sequence[str]) -> int:
    """One line on stderr: the command, what was wrong, and where help is."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    path = (
        ctx.command_path
        if ctx
        else " ".join(["rpcgen", *(arg for arg in args[:1] if arg in command_names())])
    )
    advice = f" (see {path} --help)" if ctx else ""
    _say(f"{path}: {_in_our_words(error)}{advice}")
    return error.code if isinstance(error, Failure) else error.exit_code
