"""What is on the broker already, and is otherwise than a program would declare it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, Server

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An interface that needs queues of every kind."""
    directory = tmp_path_factory.mktemp("declarations")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


def serve(keep: Any, url: str) -> Server:
    methods = dict.fromkeys(("order", "tell", "ask"), lambda self, ctx, **arguments: None)
    return Server(url, server="s1", endpoints=[type("Keep", (keep.KeepEndpoint,), methods)()])


Plant = Callable[[Any, str], object]


def queue(*parts: str, kind: str = "classic", **options: Any) -> tuple[str, Plant]:
    def plant(channel: Any, prefix: str) -> None:
        arguments = {"x-queue-type": kind}
        if parts[0] == "keep":
            dead = "/".join([f"{prefix}.dead", *TOPIC])
            arguments |= {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead}
        declared = {"durable": True, "auto_delete": False, "arguments": arguments, **options}
        channel.queue_declare("/".join([f"{prefix}.{parts[0]}", *parts[1:]]), **declared)

    return "/".join(parts), plant


def exchange(*parts: str, kind: str) -> tuple[str, Plant]:
    def plant(channel: Any, prefix: str) -> None:
        name = "/".join([f"{prefix}.{parts[0]}", *parts[1:]])
        channel.exchange_declare(name, kind, durable=True, auto_delete=False)

    return "/".join(parts), plant


TOPIC = ("test", "keep")

#: What is there; what its name ends with and how it comes there; the options of who comes, and the argument in question.
CASES: dict[str, tuple[tuple[str, Plant], str, str]] = {
    "requests": (queue("call", *TOPIC), "", "durable"),
    "requests to one server": (queue("call", *TOPIC, "s1"), "", "durable"),
    "kept, classic": (queue("keep", *TOPIC), "queue_type=quorum", "x-queue-type"),
    "kept, quorum": (queue("keep", *TOPIC, kind="quorum"), "", "x-queue-type"),
    "kept for one server": (queue("keep", *TOPIC, "s1", kind="quorum"), "", "x-queue-type"),
    "kept, transient": (queue("keep", *TOPIC, durable=False), "", "durable"),
    "put aside": (queue("dead", *TOPIC), "queue_type=quorum", "x-queue-type"),
    "a stream": (queue("stream", *TOPIC), "stream_fanout=yes", "x-queue-type"),
    "another stream": (queue("stream", *TOPIC, kind="stream"), "stream_fanout=yes", "x-max-age"),
    "exchange of requests": (exchange("call", kind="topic"), "", "type"),
    "exchange of fanouts": (exchange("fanout", *TOPIC, kind="direct"), "", "type"),
    "exchange of questions": (exchange("directory", kind="direct"), "", "type"),
}


@pytest.mark.parametrize("name", CASES)
def test_what_does_not_fit_is_named_at_the_start(
    keep: ModuleType, rabbit: RabbitServer, name: str
) -> None:
    """With the argument in question; what is there stays as it is, and nobody takes it for a failure that passes."""
    (ending, plant), option, argument = CASES[name]
    prefix = f"test-{time.monotonic_ns()}"
    connection = rabbit.connect()
    plant(connection.channel(), prefix)
    connection.close()
    url = rabbit.url(f"prefix={prefix}", *([option] if option else []))
    begun = time.monotonic()
    with pytest.raises(
        ConfigurationError, match=rf"inequivalent arg '{argument}' for .* '{prefix}\.{ending}'"
    ):
        serve(keep, url).start()
    assert time.monotonic() - begun < 3.0
    if not name.startswith("exchange"):
        assert f"{prefix}.{ending}" in rabbit.queues()


def test_a_client_is_told_too(keep: ModuleType, rabbit: RabbitServer) -> None:
    """At its first call, and not at its deadline."""
    prefix = f"test-{time.monotonic_ns()}"
    connection = rabbit.connect()
    connection.channel().exchange_declare(
        f"{prefix}.call", "topic", durable=True, auto_delete=False
    )
    connection.close()
    begun = time.monotonic()
    with (
        keep.KeepClient(rabbit.url(f"prefix={prefix}")) as client,
        pytest.raises(ConfigurationError, match=rf"'type' for exchange '{prefix}\.call'"),
    ):
        client.tell(ticket="x")
    assert time.monotonic() - begun < 3.0
