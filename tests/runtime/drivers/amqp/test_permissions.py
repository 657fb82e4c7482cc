"""What the broker lets a user do: what the how-to asks for is enough, and what is not allowed is said at once."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AuthError, ConfigurationError, NotSent, Server

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.rabbitd import PASSWORD, USER, RabbitServer

HOW_TO = Path(__file__).parents[4] / "docs/how-to/run-over-rabbitmq.md"


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An interface that needs queues of every kind."""
    directory = tmp_path_factory.mktemp("permissions")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


def serving(keep: Any, url: str, ran: list[str], topic: str | None = None) -> Server:
    def handle(self: object, ctx: object, *, ticket: str, **_: object) -> str:
        ran.append(ticket)
        return ticket

    methods = dict.fromkeys(("order", "tell", "ask"), handle)
    made = type("Keep", (keep.KeepEndpoint,), methods)()
    return Server(url, server="s1", endpoints=[made], topic=topic)


May = Callable[..., str]


@pytest.fixture(scope="module")
def vhost(rabbit: RabbitServer) -> str:
    """A virtual host of this module's own, where the tests' user may do everything."""
    return rabbit.new_vhost()


@pytest.fixture(scope="module")
def may(rabbit: RabbitServer, vhost: str) -> May:
    """Makes the URL of a user who may configure, write and read what patterns say; without any he may not come in."""

    def make(*patterns: str) -> str:
        user = f"user-{secrets.token_hex(4)}"
        rabbit.ctl("add_user", user, PASSWORD)
        if patterns:
            rabbit.ctl("set_permissions", "--vhost", vhost, user, *patterns)
        return rabbit.url(vhost=vhost).replace(f"//{USER}:", f"//{user}:")

    return make


def test_what_the_how_to_asks_for_is_enough(keep: ModuleType, may: May) -> None:
    """For a server with and without streams, and for a client: calls, casts, what is kept, and what goes to all."""
    asked = re.search(r"set_permissions --vhost shop shop (.*)", HOW_TO.read_text())
    assert asked
    url, ran = may(*re.findall(r"'([^']*)'", asked[1])), list[str]()
    for options in ("?stream_fanout=yes", ""):
        with serving(keep, url + options, ran), keep.KeepClient(url) as client:
            assert client.ask(ticket="call") == "call"
            client.tell(ticket="cast")
            client.order(ticket="kept")
            client.prepare(fanout=True).order(ticket="all")
            eventually(lambda: sorted(ran) == ["all", "call", "cast", "kept"])
        ran.clear()


ALL, OURS, NONE = ".*", r"^rpcgen\..*", "^$"

#: What a client may not, and what the error names. Nothing of it is a matter of waiting.
CLIENTS = {
    "the virtual host": ((), "access to vhost"),
    "a queue": ((NONE, ALL, ALL), r"access to (queue 'rpcgen\.reply|exchange 'rpcgen\.call)"),
    "reading": ((ALL, ALL, NONE), r"access to queue 'rpcgen\.reply"),
    "writing": ((ALL, NONE, ALL), r"access to exchange 'rpcgen\.call'"),
}


@pytest.mark.parametrize("what", CLIENTS)
def test_a_client_is_told_what_it_may_not(
    keep: ModuleType, rabbit: RabbitServer, vhost: str, may: May, what: str
) -> None:
    """At once, by AuthError, whatever it sends; what goes to all tells why nobody took it."""
    patterns, text = CLIENTS[what]
    with (
        serving(keep, rabbit.url(vhost=vhost), []),
        keep.KeepClient(may(*patterns), timeout=10.0) as client,
    ):
        for send in (client.ask, client.tell, client.order):
            begun = time.monotonic()
            with pytest.raises(AuthError, match=text):
                send(ticket="x")
            assert time.monotonic() - begun < 3.0
        with pytest.raises(NotSent, match=text.replace("call'", "fanout/test/keep'")):
            client.prepare(fanout=True).order(ticket="x")


#: The same of a server.
SERVERS = {
    "the virtual host": ((), "access to vhost"),
    "its queues": ((NONE, ALL, ALL), r"access to (queue|exchange) 'rpcgen\."),
    "reading": ((ALL, ALL, NONE), r"access to (queue|exchange) 'rpcgen\."),
    "answering": ((OURS, OURS, OURS), r"access to exchange 'amq\.default'"),
}


@pytest.mark.parametrize("what", SERVERS)
def test_a_server_is_told_what_it_may_not(keep: ModuleType, may: May, what: str) -> None:
    """When it starts."""
    patterns, text = SERVERS[what]
    server = serving(keep, may(*patterns), [], "new")  # the broker looks when it makes a queue
    begun = time.monotonic()
    with pytest.raises(ConfigurationError, match=text):
        server.start()
    assert time.monotonic() - begun < 3.0
