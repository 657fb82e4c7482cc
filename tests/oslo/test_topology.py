"""What is declared on the broker: by servers and clients of ours, and of oslo.messaging's, listed by rabbitmqctl."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, Server
from rpcgen.runtime.drivers.amqp.oslo.numbers import next_number

from tests.oslo.ours import endpoint
from tests.oslo.processes import OsloClient, OsloServer
from tests.rabbitd import RabbitServer

#: name: (our options, theirs)
VARIANTS = {
    "default": ("", ""),
    "durable": ("durable_queues=yes", "amqp_durable_queues=true"),
    "autodelete": ("auto_delete=yes", "amqp_auto_delete=true"),
    "quorum": (
        "quorum_queue=yes&quorum_delivery_limit=5",
        "rabbit_quorum_queue=true&rabbit_quorum_delivery_limit=5",
    ),
    "stream": (
        "quorum_queue=yes&transient_quorum_queue=yes&stream_fanout=yes&queue_manager=hosta:SERVICE"
        "&qos_prefetch_count=10",
        "rabbit_quorum_queue=true&rabbit_transient_quorum_queue=true&rabbit_stream_fanout=true"
        "&use_queue_manager=true&hostname=hosta&processname=SERVICE&rabbit_qos_prefetch_count=10",
    ),
    "transient": (
        "quorum_queue=yes&transient_quorum_queue=yes&quorum_max_memory_length=1000&quorum_max_memory_bytes=1000000",
        "rabbit_quorum_queue=true&rabbit_transient_quorum_queue=true"
        "&rabbit_quorum_max_memory_length=1000&rabbit_quorum_max_memory_bytes=1000000",
    ),
    "manager": (
        "queue_manager=hosta:SERVICE",
        "use_queue_manager=true&hostname=hosta&processname=SERVICE",
    ),
    "forever": ("transient_queues_ttl=0", "rabbit_transient_queues_ttl=0"),
}

#: Who starts first on a topic: alone, or with the other kind after it.
ORDERS = {"ours": "o", "theirs": "t", "ours first": "ot", "theirs first": "to"}

Listing = dict[str, set[tuple[str, ...]]]


class Fleet:
    """Servers and clients of both kinds for every variant, each on an exchange and a topic of its own."""

    def __init__(self, package: ModuleType, ours: str, theirs: str) -> None:
        self._package, self._ours, self._theirs = package, ours, theirs
        self._open: list[Any] = []
        self.run = secrets.token_hex(3)
        #: Topics of which ours, and theirs, heard a note, with its text; and clients of both kinds by topic.
        self.heard: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self.process: list[OsloServer] = []
        self.clients: dict[str, Any] = {}
        self.their_clients: dict[str, Callable[..., Any]] = {}

    def name(self, variant: str, order: str) -> str:
        return f"{variant}-{ORDERS[order]}-{self.run}"

    def start(self, kind: str, variants: dict[str, str]) -> None:
        """Servers and clients of one kind: `variants` are names of topics, and the variant of each."""
        if kind == "t":
            self._start_theirs(variants)
            return
        for name, variant in variants.items():
            options = VARIANTS[variant][0].replace("SERVICE", f"{name}-o")
            url = f"{self._ours}&{options}" if options else self._ours
            made = endpoint(self._package, "host1", partial(self._noted, name))
            server = Server(url, endpoints=[made], server="host1", exchange=name, topic=name)
            server.start()
            self._open.append(server.stop)
            client = self._package.LabClient(url, exchange=name, topic=name)
            self._open.append(client.close)
            assert client.echo(arg=name) == name
            self.clients[name] = client

    def _noted(self, name: str, text: str) -> None:
        self.heard.put((name, text))

    def _start_theirs(self, variants: dict[str, str]) -> None:
        urls = {
            name: f"{self._theirs}?{VARIANTS[variant][1]}".replace("SERVICE", f"{name}-t")
            for name, variant in variants.items()
        }
        servers = [
            {"url": url, "server": "host1", "exchange": name, "topic": name}
            for name, url in urls.items()
        ]
        self.process.append(OsloServer(servers))
        self._open.append(self.process[-1].end)
        client = OsloClient(self._theirs)
        self._open.append(client.end)
        for name, url in urls.items():
            prepare = {"exchange": name, "topic": name}
            ask = self.their_clients[name] = partial(client.ask, url=url, prepare=prepare)
            assert ask("echo", args={"arg": name}) == name

    def end(self) -> None:
        for end in reversed(self._open):
            end()
        for file in Path("/dev/shm").glob(f"*{self.run}*"):  # where queue managers count
            file.unlink()


@pytest.fixture(scope="module")
def fleet(peer: ModuleType, ours: str, theirs: str) -> Iterator[Fleet]:
    """All of them, started in both orders."""
    fleet = Fleet(peer, ours, theirs)
    names = {
        (variant, order): fleet.name(variant, order) for variant in VARIANTS for order in ORDERS
    }
    try:
        for kinds in (
            ("o", ["ours", "ours first"]),
            ("t", ["theirs", "ours first", "theirs first"]),
            ("o", ["theirs first"]),
        ):
            kind, orders = kinds
            fleet.start(kind, {names[v, order]: v for order in orders for v in VARIANTS})
        yield fleet
    finally:
        fleet.end()


@pytest.fixture(scope="module")
def listed(rabbit: RabbitServer, fleet: Fleet) -> Listing:
    """What there is on the broker."""
    columns = {
        "queues": (
            "name",
            "durable",
            "auto_delete",
            "exclusive",
            "exclusive_consumer_tag",
            "type",
            "arguments",
        ),
        "consumers": ("queue_name", "consumer_tag", "ack_required", "prefetch_count", "arguments"),
        "exchanges": ("name", "type", "durable", "auto_delete", "internal", "arguments"),
        "bindings": (
            "source_name",
            "destination_name",
            "destination_kind",
            "routing_key",
            "arguments",
        ),
    }
    return {
        what: {tuple(row) for row in rabbit.listed(what, *names)} for what, names in columns.items()
    }


def of_topic(listed: Listing, name: str) -> dict[str, list[tuple[str, ...]]]:
    """The part of a listing that belongs to one topic, without what is random and its name."""

    def plain(row: tuple[str, ...]) -> tuple[str, ...]:
        text = "\t".join(row).replace(f"{name}-o", "SERVICE").replace(f"{name}-t", "SERVICE")
        return tuple(re.sub(r"[0-9a-f]{32}", "HEX", text.replace(name, "NAME")).split("\t"))

    return {
        what: sorted(plain(row) for row in rows if any(name in cell for cell in row))
        for what, rows in listed.items()
    }


@pytest.mark.timeout(180)
@pytest.mark.parametrize("variant", VARIANTS)
def test_the_broker_cannot_tell(fleet: Fleet, listed: Listing, variant: str) -> None:
    """Queues, exchanges, bindings and consumers are the same, with all their arguments.

    But where nobody says how much a server takes at once, theirs is sent everything, and ours what it can run and hold.
    """
    ours, theirs = (of_topic(listed, fleet.name(variant, kind)) for kind in ("ours", "theirs"))
    if variant != "stream":
        taken, sent = (bounds(each["consumers"]) for each in (ours, theirs))
        assert (set(taken[:3]), set(sent)) == ({str(64 + 1024 + 16 + 64)}, {"0"})
        for each in (ours, theirs):
            each["consumers"] = [(*row[:3], *row[4:]) for row in each["consumers"]]
    assert ours == theirs
    assert len(ours["queues"]) >= 3
    assert len(ours["consumers"]) >= 3


def bounds(consumers: list[tuple[str, ...]]) -> list[str]:
    """What consumers may hold, those of the topic's queues first."""
    return [row[3] for row in sorted(consumers, key=lambda row: row[0].startswith("reply_"))]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("variant", VARIANTS)
def test_either_may_start_first(fleet: Fleet, listed: Listing, variant: str) -> None:
    """On the same names nothing clashes, and nothing else comes of it."""
    firsts = [
        of_topic(listed, fleet.name(variant, order)) for order in ("ours first", "theirs first")
    ]
    assert firsts[0]["exchanges"] == firsts[1]["exchanges"]
    alone = of_topic(listed, fleet.name(variant, "theirs"))
    for first in firsts:
        assert first["exchanges"] == alone["exchanges"]
        assert set(alone["queues"]) <= set(first["queues"])


@pytest.mark.timeout(180)
@pytest.mark.parametrize("variant", VARIANTS)
def test_both_kinds_hear_what_goes_to_all(fleet: Fleet, variant: str) -> None:
    """By queues of random or fixed names, and by one stream; whoever sends it."""
    name = fleet.name(variant, "ours first")
    (process,) = fleet.process
    prepare = {"exchange": name, "topic": name, "fanout": True}
    ours, theirs = fleet.clients[name].prepare(fanout=True), fleet.their_clients[name]
    sends: dict[str, Callable[[str], object]] = {
        f"ours-{name}": lambda text: ours.note(text=text),
        f"theirs-{name}": lambda text: theirs("note", "cast", args={"text": text}, prepare=prepare),
    }
    # One after the other: handlers that run at once end in any order.
    for text, send in sends.items():
        send(text)
        assert fleet.heard.get(timeout=10.0) == (name, text)
        assert process.hear()["noted"] == text
    assert fleet.heard.empty()


def test_queues_of_answers_are_alike(fleet: Fleet, listed: Listing) -> None:
    """Those of random names cannot be told from each other."""
    rows = [row[1:] for row in listed["queues"] if re.fullmatch(r"reply_[0-9a-f]{32}", row[0])]
    kinds = {row: rows.count(row) for row in rows}
    assert len(kinds) == 3  # by default, quorum queues, and such as never go
    assert all(count >= 4 for count in kinds.values()), kinds


def test_what_does_not_fit_is_refused_at_the_start(
    fleet: Fleet, peer: ModuleType, ours: str
) -> None:
    """The error names the queue, or the exchange, and what of it is otherwise."""
    name = fleet.name("quorum", "theirs")
    server = Server(ours, endpoints=[endpoint(peer, "h")], server="h", exchange=name, topic=name)
    with pytest.raises(
        ConfigurationError, match=rf"inequivalent arg 'durable' for exchange '{name}'"
    ):
        server.start()
    other = f"other-{fleet.run}"
    server = Server(ours, endpoints=[endpoint(peer, "h")], server="h", exchange=other, topic=name)
    with pytest.raises(ConfigurationError, match=rf"inequivalent arg '.*' for queue '{name}'"):
        server.start()


def test_a_client_that_does_not_fit_is_told_so(fleet: Fleet, peer: ModuleType, ours: str) -> None:
    """At its first call, and not at its deadline: the exchange that it declares is there otherwise."""
    name = fleet.name("durable", "theirs")
    with peer.LabClient(ours, exchange=name, topic=name, timeout=30.0) as client:
        for send in (client.where, lambda: client.note(text="x")):
            begun = time.monotonic()
            with pytest.raises(
                ConfigurationError, match=rf"inequivalent arg 'durable' for exchange '{name}'"
            ):
                send()
            assert time.monotonic() - begun < 5.0


def test_numbers_of_one_service_are_never_the_same(tmp_path: Any) -> None:
    """They count from 1 for each service, and again when it is started again."""
    assert [next_number("h:a", tmp_path) for _ in range(3)] == [1, 2, 3]
    assert next_number("h:b", tmp_path) == 1
    (file,) = tmp_path.glob("*a")
    file.write_text("1-2 7")  # of a service that is no more
    assert [next_number("h:a", tmp_path) for _ in range(2)] == [1, 2]
    service = file.read_text().partition(" ")[0]
    for nonsense in (b"nonsense", b"\xff\xfe 3", service.encode() + b" " + b"9" * 5000):
        file.write_bytes(nonsense)
        assert next_number("h:a", tmp_path) == 1
    assert file.stat().st_mode & 0o777 == 0o600


def test_where_nothing_can_be_counted_is_said(tmp_path: Any) -> None:
    """Such as where somebody else has made it."""
    next_number("h:a", tmp_path)
    (file,) = tmp_path.glob("*a")
    file.unlink()
    file.mkdir()
    said = rf"option 'queue_manager' counts in {file}, which cannot be used: Is a directory"
    with pytest.raises(ConfigurationError, match=said):
        next_number("h:a", tmp_path)
