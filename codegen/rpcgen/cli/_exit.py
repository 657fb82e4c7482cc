"""Exit codes, and which error ends with which. Knows errors of the runtime by name only, so that it costs no import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum

import click


class Exit(IntEnum):
    """What the exit code of any `rpcgen` command means; docs/cli.md says the same."""

    OK = 0
    #: The answer is no: out of date, unhealthy, refused, or an error of the remote handler.
    NEGATIVE = 1
    #: A wrong command line, interface file or argument.
    BAD_INPUT = 2
    #: Nobody could be reached; nothing was executed.
    UNREACHABLE = 3
    #: The releases that were asked for cannot be read.
    NO_BASELINE = 3
    #: The request left, but no answer came: it may have been executed.
    NO_ANSWER = 4
    #: A bug in rpcgen; the traceback is on stderr.
    BUG = 70
    #: Standard output cannot be written.
    UNWRITTEN = 74
    INTERRUPTED = 130
    BROKEN_PIPE = 141


#: Names of classes of rpcgen.runtime.errors; the one nearest to the error's own class decides.
_CODES: Mapping[str, Exit] = {
    "ConfigurationError": Exit.BAD_INPUT,
    "BadArguments": Exit.BAD_INPUT,
    "WrongKind": Exit.BAD_INPUT,
    "TooLarge": Exit.BAD_INPUT,
    "NotSent": Exit.UNREACHABLE,
    "Unknown": Exit.NO_ANSWER,
    "RpcgenError": Exit.NEGATIVE,
}


class Failure(click.ClickException):
    """A command cannot do what it was asked; `code` is the exit code."""

    def __init__(self, message: str, code: Exit = Exit.BAD_INPUT) -> None:
        super().__init__(message)
        self.code = code


def reason(error: OSError) -> str:
    """Why a file or folder cannot be used, in the system's words."""
    return (error.strerror or str(error)).lower()


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the known word that is nearest, or nothing."""
    # Costs a few milliseconds to import, and only mistakes need it.
    import difflib

    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def as_failure(error: Exception) -> Failure | None:
    """The failure that tells of an error raised by rpcgen on purpose; None for any other exception."""
    for cls in type(error).__mro__:
        if cls.__name__ in _CODES and cls.__module__ == "rpcgen.runtime.errors":
            name = type(error).__name__
            text = str(error)
            if _CODES[cls.__name__] is not Exit.BAD_INPUT and not text.startswith(name):
                text = f"{name}: {text}" if text else name
            return Failure(text, _CODES[cls.__name__])
    return None
