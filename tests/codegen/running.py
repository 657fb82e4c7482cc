"""Generated packages at work, over the memory driver, for tests."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from rpcgen.runtime import Server


def load(name: str) -> ModuleType:
    """A generated package."""
    return importlib.import_module(name)


Handler = Callable[[str, dict[str, Any]], Any]


def endpoint(package: ModuleType, stem: str, handle: Handler) -> Any:
    """An endpoint whose handlers all call one function with the method's name and the arguments that came."""
    base = getattr(package, f"{stem}Endpoint")
    handlers: dict[str, Any] = {}
    for method in package.INTERFACE.methods:

        def handler(self: object, ctx: object, _name: str = method.name, **given: Any) -> Any:
            return handle(_name, given)

        handlers[method.attribute] = handler
    return type("Handlers", (base,), handlers)()


@contextmanager
def serving(
    package: ModuleType, stem: str, handle: Handler, server: str = "one", options: str = ""
) -> Iterator[Any]:
    """A client of a server with such an endpoint; `options` are those of its URL."""
    url = f"memory://{package.__name__}"
    with (
        Server(url, server=server, endpoints=[endpoint(package, stem, handle)]),
        getattr(package, f"{stem}Client")(url + options) as client,
    ):
        yield client


class Recorder:
    """A handler that keeps what it was given, and returns a value per method."""

    def __init__(self, **results: Any) -> None:
        self.results = results
        self.seen: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, name: str, given: dict[str, Any]) -> Any:
        self.seen.append((name, given))
        result = self.results.get(name)
        if isinstance(result, Exception):
            raise result
        return result
