"""Serve endpoint classes, given by name."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
from rpcgen.cli._exit import Failure
from rpcgen.cli._seconds import Seconds

if TYPE_CHECKING:
    from rpcgen.runtime import AsyncEndpoint, Endpoint


@click.command()
@click.argument("endpoints", nargs=-1, required=True, metavar="MODULE:CLASS...")
@click.option(
    "--url", "urls", multiple=True, required=True, help="Where to listen; may be given again."
)
@click.option("--server", metavar="NAME", help="The server's name.  [default: the host's name]")
@click.option(
    "--concurrency", type=click.IntRange(min=1), help="Handlers that run at the same time."
)
@click.option(
    "--drain",
    type=Seconds(min=0.0),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help="What SIGTERM leaves running handlers.",
)
@click.option("--debug", is_flag=True, help="Send tracebacks to callers, and log more.")
def command(
    endpoints: tuple[str, ...],
    urls: tuple[str, ...],
    server: str | None,
    concurrency: int | None,
    drain: float,
    debug: bool,
) -> None:
    """Serve endpoint classes, given by name, until SIGTERM or Ctrl-C.

    Each is made without arguments. Modules of the current folder can be named too. Blocking and asyncio endpoints
    may be mixed.
    """
    import logging
    import sys

    sys.path.insert(0, "")
    made = [_instance(name) for name in endpoints]
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
    settings: dict[str, Any] = {"server": server, "drain_timeout": drain, "debug": debug}
    if concurrency is not None:
        settings["concurrency"] = concurrency
    _run(made, list(urls), settings)


def _run(made: list[Endpoint | AsyncEndpoint], urls: list[str], settings: dict[str, Any]) -> None:
    from rpcgen.runtime import AsyncServer, Endpoint, Server

    blocking = [endpoint for endpoint in made if isinstance(endpoint, Endpoint)]
    if len(blocking) == len(made):
        with Server(urls, endpoints=blocking, **settings) as server:
            server.wait()
        return
    import asyncio

    async def serve() -> None:
        async with AsyncServer(urls, endpoints=made, **settings) as server:
            await server.wait()

    asyncio.run(serve())


def _instance(name: str) -> Endpoint | AsyncEndpoint:
    """An instance of the endpoint class that MODULE:CLASS names."""
    import inspect

    from rpcgen.runtime import AsyncEndpoint, Endpoint

    module_name, colon, class_name = name.partition(":")
    if not (module_name and colon and class_name):
        raise Failure(f"{name!r} is not MODULE:CLASS, e.g. shop.server:Inventory")
    module = _module(name, module_name)
    cls = getattr(module, class_name, None)
    if cls is None:
        raise Failure(f"{name}: {module_name} has no {class_name!r}; {_endpoints_of(module)}")
    if not (isinstance(cls, type) and issubclass(cls, (Endpoint, AsyncEndpoint))):
        raise Failure(
            f"{name} is no subclass of a generated endpoint class; {_endpoints_of(module)}"
        )
    if inspect.isabstract(cls):
        missing = ", ".join(sorted(cls.__abstractmethods__))
        raise Failure(f"{name} lacks handlers: {missing}")
    try:
        return cls()
    except TypeError as error:
        raise Failure(f"{name} cannot be made without arguments: {error}") from error


def _module(name: str, module_name: str) -> ModuleType:
    import importlib
    import traceback

    try:
        return importlib.import_module(module_name)
    except Exception as error:
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        if missing and (module_name == missing or module_name.startswith(f"{missing}.")):
            raise Failure(f"{name}: there is no module {missing!r} here or on sys.path") from None
        # The module's own mistake: its author needs the traceback.
        traceback.print_exc()
        text = f"{module_name} cannot be imported: {type(error).__name__}: {error}"
        raise Failure(text) from error


def _endpoints_of(module: ModuleType) -> str:
    import inspect

    from rpcgen.runtime import AsyncEndpoint, Endpoint

    found = [
        key
        for key, value in vars(module).items()
        if isinstance(value, type)
        and issubclass(value, (Endpoint, AsyncEndpoint))
        and not inspect.isabstract(value)
    ]
    return f"its endpoint classes: {', '.join(sorted(found)) or 'none'}"
