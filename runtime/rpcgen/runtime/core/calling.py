"""Calls of handlers: each argument is given by its name, because handlers have them in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from keyword import iskeyword
from typing import Any, Final, cast

from msgspec import Struct, structs
from rpcgen.runtime.context import Context

#: Where tracebacks say that such a call is.
_FILE: Final = "<call of a handler>"

#: Calls one handler with its context and the struct of its arguments.
Handling = Callable[[Context, Any], Any]


def calling(handler: Callable[..., Any], of: type[Struct]) -> Handling:
    """What calls a handler.

    The call is compiled, as `collections.namedtuple` compiles what it makes: a dict of the arguments, made and taken
    apart again for every request, would cost as much as the rest of an empty handler.

    Args:
        of: the struct of its arguments.
    """
    names = of.__struct_fields__
    if not all(name.isascii() and name.isidentifier() and not iskeyword(name) for name in names):
        return lambda context, arguments: handler(context, **structs.asdict(arguments))
    given = "".join(f", {name}=arguments.{name}" for name in names)
    # The names were looked at above. By its module a frame of it counts as one of ours.
    code = compile(f"lambda context, arguments: handler(context{given})", _FILE, "eval")
    made: object = eval(code, {"__name__": __name__, "handler": handler})
    return cast("Handling", made)
