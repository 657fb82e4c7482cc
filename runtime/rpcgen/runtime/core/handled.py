"""What handles a method or an event, and whether it can be called as it will be: asked before a server starts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from types import FunctionType, MethodType
from typing import Any

from msgspec import Struct
from rpcgen.runtime.descriptor import Method
from rpcgen.runtime.endpoint import Served
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.store import is_marked


class Handled(Struct, frozen=True):
    """One method or event, and the endpoint or subscriber that handles it."""

    served: Served
    method: Method[Any, Any]

    @property
    def handler(self) -> Any:
        """The program's function."""
        return getattr(self.served, self.method.attribute)

    @property
    def marked(self) -> bool:
        """Whether its handler is to run in a transaction."""
        return is_marked(self.handler)

    @property
    def coroutine(self) -> bool:
        """Whether its handler is a coroutine function."""
        return self.served._coroutines  # pyright: ignore[reportPrivateUsage] - the generated class's table

    def __str__(self) -> str:
        return f"{type(self.served).__name__}.{self.method.attribute}"


def check_handlers(handled: Sequence[Handled]) -> None:
    """Raise ConfigurationError, with all there is to say, if a handler cannot be called as it will be."""
    said = [f"{each} {problem}" for each in handled if (problem := _problem(each))]
    if said:
        raise ConfigurationError("; ".join(said))


def _problem(handled: Handled) -> str:
    """Why a handler cannot be called; empty if it can, as far as can be seen."""
    handler = handled.handler
    if not callable(handler):
        return f"is of type {type(handler).__name__}, expected a method"
    if not handled.coroutine and inspect.iscoroutinefunction(handler):
        return "is a coroutine function, and its class handles on threads; expected a plain one, or a subclass of the asyncio class"
    bare = _bare(handler)
    if bare is None:
        return ""
    names = handled.method.args.__struct_fields__
    signature = inspect.signature(bare)
    try:
        signature.bind(None, **dict.fromkeys(names))
    except TypeError as error:
        expected = ", ".join(["ctx", "*", *names] if names else ["ctx"])
        return f"is declared {_declared(signature)}, expected ({expected}): {error}"
    return ""


def _bare(handler: Any) -> Callable[..., Any] | None:
    """A function of the same parameters, without annotations: what they name need not be there when the program runs.

    None for all but plain functions and methods: what a decorator made may be called otherwise than it says of itself.
    """
    is_method = type(handler) is MethodType
    function = handler.__func__ if is_method else handler
    if type(function) is not FunctionType or hasattr(function, "__signature__"):
        return None
    code, defaults, cells = function.__code__, function.__defaults__, function.__closure__
    bare = FunctionType(code, {}, function.__name__, defaults, cells)
    bare.__kwdefaults__ = function.__kwdefaults__
    return MethodType(bare, handler.__self__) if is_method else bare


def _declared(signature: inspect.Signature) -> str:
    """The names, without what they default to."""
    bare = [each.replace(default=each.empty) for each in signature.parameters.values()]
    return str(signature.replace(parameters=bare))
