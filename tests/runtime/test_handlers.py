"""Handlers that cannot be called as they will be: a server says so before it starts, all of them at once."""

from __future__ import annotations

import functools
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest
from rpcgen.runtime import AsyncServer, ConfigurationError, EventServer, Server

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from

URL = "memory://handlers"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An interface with a call `ping(text)` and a cast `stop()`."""
    directory: Path = tmp_path_factory.mktemp("package")
    file = directory / "package.yaml"
    file.write_text(
        """rpcgen: 1
interface: test.handlers
version: "1.0"
methods:
  ping: {call: any, args: {text: string}, returns: string}
  stop: {cast: any}
"""
    )
    compile_to(directory, file)
    return import_from(directory, "test_handlers")


def endpoint(package: ModuleType, *, is_async: bool = False, **methods: Any) -> Any:
    base = package.AsyncHandlersEndpoint if is_async else package.HandlersEndpoint
    fitting = {"ping": lambda self, ctx, *, text: text, "stop": lambda self, ctx: None}
    return type("Served", (base,), fitting | methods)()


async def ping(self: Any, ctx: Any, *, text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("methods", "told"),
    [
        (
            {"ping": lambda self, ctx, *, txet: txet},
            r"Served.ping is declared (ctx, *, txet), expected (ctx, *, text): missing a required argument: 'txet'",
        ),
        (
            {"ping": lambda self, ctx: ""},
            r"Served.ping is declared (ctx), expected (ctx, *, text): got an unexpected keyword argument 'text'",
        ),
        (
            {"ping": lambda self, text: text},
            r"Served.ping is declared (text), expected (ctx, *, text): multiple values for argument 'text'",
        ),
        (
            {"stop": lambda self: None},
            r"Served.stop is declared (), expected (ctx): too many positional arguments",
        ),
        ({"stop": 7}, r"Served.stop is of type int, expected a method"),
        ({"ping": ping}, r"Served.ping is a coroutine function, and its class handles on threads"),
    ],
)
def test_a_handler_that_does_not_fit_is_told_at_start(
    package: ModuleType, methods: dict[str, Any], told: str
) -> None:
    """Which one, what was found and what is expected; also by a server for asyncio."""
    for server in (Server, AsyncServer):
        with pytest.raises(ConfigurationError) as caught:
            server(URL, endpoints=[endpoint(package, **methods)])
        assert str(caught.value).startswith(told)


def test_all_of_them_are_told_at_once(package: ModuleType) -> None:
    """Of coroutine functions, too."""
    wrong = endpoint(package, is_async=True, ping=lambda self: "", stop=lambda self: None)
    with pytest.raises(ConfigurationError, match=r"Served\.ping is .*; Served\.stop is declared"):
        AsyncServer(URL, endpoints=[wrong])


def given(function: Any) -> Any:
    @functools.wraps(function)
    def wrapper(self: Any, ctx: Any, **arguments: Any) -> Any:
        return function(self, ctx, "a session", **arguments)

    return wrapper


def says_otherwise(function: Any) -> Any:
    """As decorators do that keep what a function says of itself, and give it something."""
    wrapper = given(function)
    wrapper.__signature__ = inspect.signature(function)
    return wrapper


def elsewhere(self: Any, ctx: Nowhere, *, text: Nowhere) -> Nowhere:  # type: ignore[name-defined]  # noqa: F821
    return text


class Everything:
    """Neither a function nor a method."""

    def __call__(self, ctx: Any, **arguments: Any) -> Any:
        return arguments["text"]


@pytest.mark.parametrize(
    "ping",
    [
        lambda self, *args, **kwargs: kwargs["text"],
        lambda self, ctx, text, more=None: text,
        given(lambda self, ctx, session, *, text: text),
        says_otherwise(lambda self, ctx, session, *, text: text),
        elsewhere,
        Everything(),
        staticmethod(lambda ctx, *, text: text),
        classmethod(lambda cls, ctx, *, text: text),
        Mock(side_effect=lambda ctx, *, text: text),
        functools.partialmethod(lambda self, ctx, more, *, text: text, more=1),
    ],
    ids=[
        "any",
        "positional",
        "decorated",
        "signed",
        "annotated",
        "callable",
        "static",
        "class",
        "mock",
        "partial",
    ],
)
def test_whatever_can_be_called_is_served(package: ModuleType, ping: Any) -> None:
    """A decorator may give what its function wants besides; who takes anything takes this."""
    with (
        Server({URL}, endpoints={1: endpoint(package, ping=ping)}.values()),
        package.HandlersClient(URL) as client,
    ):
        assert client.ping(text="x") == "x"


def test_a_handler_of_events_is_looked_at_alike(tmp_path: Path) -> None:
    """It is called with the payload."""
    compile_to(tmp_path, INTERFACES / "news.yaml")
    news = import_from(tmp_path, "test_news")
    hears = type("Hears", (news.NewsSubscriber,), {"item_taken": lambda self, ctx, item: None})()
    told = r"Hears\.item_taken is declared \(ctx, item\), expected \(ctx, \*, payload\)"
    with pytest.raises(ConfigurationError, match=told):
        EventServer("kombu+memory://x", subscribers=[hears], group="readers")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"urls": None}, "urls is of type NoneType"),
        ({"urls": [URL, None]}, "a transport URL is of type NoneType, expected text: zmq"),
        ({"endpoints": "one"}, "endpoints is of type Served, expected a list"),
        ({"concurrency": "4"}, "concurrency is '4', expected a whole number, 1 or more"),
        ({"concurrency": 4.0}, "concurrency is 4.0, expected a whole number, 1 or more"),
        ({"queue": True}, "queue is True, expected a whole number, 0 or more"),
        ({"drain_timeout": None}, "drain_timeout is None, expected seconds, 0 or more"),
        ({"drain_timeout": float("nan")}, "drain_timeout is nan, expected seconds"),
    ],
)
def test_what_a_server_cannot_be_made_with_is_named(
    package: ModuleType, options: dict[str, Any], told: str
) -> None:
    """Text out of the environment, a variable that is not set, an endpoint alone."""
    one = endpoint(package)
    good: dict[str, Any] = {"urls": URL, "endpoints": [one]}
    if "endpoints" in options:
        options = {"endpoints": one}
    for server in (Server, AsyncServer):
        with pytest.raises(ConfigurationError, match=told):
            server(**good | options)
