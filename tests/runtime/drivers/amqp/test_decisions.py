"""What the AMQP driver decides without a connection: numbers, acknowledgements, hosts, names, URLs."""

from __future__ import annotations

import subprocess
import sys

import pytest
from rpcgen.runtime import BadUrl, InvalidTarget, Target
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.acks import Acks
from rpcgen.runtime.drivers.amqp.broker import read_broker
from rpcgen.runtime.drivers.amqp.hosts import FIRST_PAUSE, Hosts
from rpcgen.runtime.drivers.amqp.ledger import Ledger
from rpcgen.runtime.drivers.amqp.message import Message, Properties
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.drivers.amqp.wreck import Wreck, examine
from rpcgen.runtime.transport import find_driver
from rpcgen.runtime.url import Host, parse_url


def test_confirmations_are_matched_by_number() -> None:
    """One, or all up to one; a message that came back, or was confirmed, is settled once."""
    ledger: Ledger[str] = Ledger()
    assert [ledger.enter(item) for item in "abcde"] == [1, 2, 3, 4, 5]
    assert ledger.returned(2) == "b"
    assert ledger.returned(2) is None
    assert ledger.settled(4, multiple=False) == ["d"]
    assert ledger.settled(4, multiple=True) == ["a", "c"]
    assert ledger.settled(4, multiple=True) == []
    assert ledger.rest() == ["e"]
    assert len(ledger) == 0
    assert ledger.enter("f") == 6


def parcels(*sent: tuple[str, int]) -> list[Parcel]:
    """Messages to exchanges, of sizes."""
    return [
        Parcel(exchange, "key", bytes(size), lambda number: Properties(), lambda error: None)
        for exchange, size in sent
    ]


def test_the_broker_closes_a_channel_for_one_message() -> None:
    """Those before it were taken if it is known which one it was; else they may have been; those behind never are."""
    sent = parcels(("a", 10), ("b", 90), ("a", 20), ("c", 90), ("a", 10))
    size = "PRECONDITION_FAILED - message size 90 is larger than configured max size 50"
    assert examine(sent, size) == Wreck(1, 1, oversize=True)
    assert examine(sent, "NOT_FOUND - no exchange 'c' in vhost '/'") == Wreck(3, 3)
    assert examine(sent, "NOT_FOUND - no exchange 'a' in vhost '/'") == Wreck(0, 4)
    assert examine(sent, "NOT_FOUND - no exchange 'x' in vhost '/'") == Wreck(0, 4)
    assert examine(sent, "ACCESS_REFUSED - whatever") == Wreck(0, 4)
    assert examine(sent, size.replace("90", "70")) == Wreck(0, 4)


def test_what_is_done_in_order_is_acknowledged_at_once() -> None:
    """Never beyond the first that is not done; and nothing twice."""
    acks = Acks()
    for number in range(1, 7):
        acks.delivered(number, float(number))
    acks.settle(1)
    assert acks.due() == [(1, False)]
    for number in (5, 3, 2):
        acks.settle(number)
    acks.settle(2)
    assert acks.due() == [(3, True), (5, False)]
    assert acks.due() == []
    acks.settle_until(5.0)
    assert acks.due() == [(4, False)]
    acks.settle(6)
    assert acks.due() == [(6, False)]


def test_hosts_are_tried_in_turn_with_growing_pauses() -> None:
    """A host that failed waits longer each time, others go first, and success forgets it."""
    one, two = Host("one", 1), Host("two", 2)
    hosts = Hosts([one, two], longest=1.0, random=lambda: 1.0)
    first, pause = hosts.next(10.0)
    assert pause == 0.0
    hosts.failed(first, 10.0)
    second, pause = hosts.next(10.0)
    assert {first, second} == {one, two}
    assert pause == 0.0
    hosts.failed(second, 10.05)
    assert hosts.next(10.05) == (first, pytest.approx(FIRST_PAUSE - 0.05))
    for _ in range(10):
        hosts.failed(first, 20.0)
    hosts.failed(second, 20.5)
    assert hosts.next(20.5) == (second, pytest.approx(2 * FIRST_PAUSE))
    hosts.worked(first)
    assert hosts.next(20.5) == (first, 0.0)
    assert Hosts([one], 5.0, lambda: 0.0).next(0.0) == (one, 0.0)


def test_the_order_of_hosts_is_random() -> None:
    """So that all clients of a broker do not go to one host."""
    given = [Host(f"h{number}", 1) for number in range(8)]
    orders = {Hosts(given, 1.0).next(0.0)[0].name for _ in range(200)}
    assert len(orders) > 3


def test_names_cannot_run_into_each_other() -> None:
    """The parts of a target are apart, whatever they are called; what is too long is refused."""
    names = Names("rpcgen")
    assert names.call(Target("nova", "compute")) == "rpcgen.call/nova/compute"
    assert names.call(Target("nova", "compute", "h1")) == "rpcgen.call/nova/compute/h1"
    assert names.fanout(Target("nova", "compute")) == "rpcgen.fanout/nova/compute"
    alike = [Target("a", "b.c"), Target("a.b", "c"), Target("a", "b", "c")]
    assert len({names.call(target) for target in alike}) == len(alike)
    with pytest.raises(InvalidTarget, match="AMQP allows 255"):
        names.call(Target("e" * 120, "t" * 120, "s" * 120))


def test_answers_go_to_queues_of_answers_alone() -> None:
    """What a request asks for must not make a server write to other queues."""
    names = Names("rpcgen")
    assert names.is_reply(names.reply())
    evil = [
        "",
        None,
        7,
        "amq.rabbitmq.reply-to",
        "rpcgen.call/a/b",
        "rpcgen.reply/",
        "other.reply/x",
    ]
    evil += ["rpcgen.reply/a/b", "rpcgenXreply/a", "rpcgen.reply/a\n", "rpcgen.reply/" + "x" * 129]
    assert [name for name in evil if names.is_reply(name)] == []


def test_times_to_live_are_those_of_amqp() -> None:
    """Whole milliseconds, at least one; none if nothing says so, or for longer than AMQP can."""
    shown = [
        letters.request(1, b"", seconds, None, None).expiration
        for seconds in (None, 1e9, 1.5, 0.0001, 0.0, -1.0)
    ]
    assert shown == [None, None, "1500", "1", "1", "1"]


@pytest.mark.parametrize(
    ("message_id", "number"),
    [("ab.12", 12), (".7", 7), ("12", 12), ("", 0), (None, 0), (5, 0), ("a.-1", 0), ("a.b", 0)],
)
def test_a_returned_message_tells_its_number(message_id: object, number: int) -> None:
    """Or none, if it is not ours."""
    assert letters.number_of(Message(b"", {"message_id": message_id})) == number


@pytest.mark.parametrize(
    ("url", "vhost", "hosts"),
    [
        ("amqp://", "/", ["localhost:5672"]),
        ("amqp://h", "/", ["h:5672"]),
        ("amqp://h1,h2:7/", "/", ["h1:5672", "h2:7"]),
        ("rabbit://[::1]:7/shop", "shop", ["[::1]:7"]),
        ("amqp://h/%2F", "/", ["h:5672"]),
        ("rabbit://guest:guest@h1:7,guest:guest@h2//", "/", ["h1:7", "h2:5672"]),
        ("amqp://h/a%2Fb", "a/b", ["h:5672"]),
        ("amqps://h", "/", ["h:5671"]),
    ],
)
def test_urls_name_hosts_and_a_virtual_host(url: str, vhost: str, hosts: list[str]) -> None:
    """As AMQP's own URIs do."""
    broker = read_broker(parse_url(url))
    assert (broker.vhost, [str(host) for host in broker.hosts]) == (vhost, hosts)
    assert (broker.username, broker.password) == ("guest", "guest")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("heartbeet=5", "did you mean 'heartbeat'"),
        ("heartbeat=0", "expected 1 to 600"),
        (f"heartbeat={'1' * 400}", f"option 'heartbeat' is {'1' * 64}, expected 1 to 600"),
        ("prefix=a/b", "prefix"),
        ("login=NTLM", "expected one of PLAIN"),
        ("ca=/x", "amqps"),
        ("key=/x", "'cert'"),
    ],
)
def test_mistakes_in_urls_are_named(query: str, text: str) -> None:
    """With what was expected, and without the password."""
    with pytest.raises(BadUrl, match=text) as caught:
        read_broker(parse_url(f"amqp://me:canary@h/?{query}"))
    assert "canary" not in str(caught.value)


def test_a_host_that_nobody_can_be_is_refused() -> None:
    """Before anybody asks for its address."""
    with pytest.raises(BadUrl, match=r"'a\.\.b' is no name of a host"):
        read_broker(parse_url("amqp://h,a..b/"))


def test_a_virtual_host_has_255_octets_at_most() -> None:
    """A longer one is named when the URL is read."""
    assert len(read_broker(parse_url(f"amqp://h/{'x' * 255}")).vhost) == 255
    with pytest.raises(BadUrl, match=r"'x+'\.\.\. has 256 octets; AMQP allows 255"):
        read_broker(parse_url(f"amqp://me:canary@h/{'x' * 254}%C3%A4"))


@pytest.mark.parametrize("scheme", ["amqp+tcp", "amqqs", "kombu+reddis"])
def test_schemes_that_nobody_speaks_are_refused(scheme: str) -> None:
    """Rather than taken for another."""
    with pytest.raises(BadUrl, match=scheme.replace("+", ".")):
        find_driver(f"{scheme}://h/").driver.connect(parse_url(f"{scheme}://h/"))


def test_drivers_do_not_load_each_others_libraries() -> None:
    """Nor asyncio, for a program of threads."""
    code = (
        "import sys; from rpcgen.runtime.transport import find_driver;"
        "opened = find_driver(sys.argv[1]); opened.driver.connect(opened.url).close();"
        "print(*sorted({'amqp', 'kombu', 'zmq', 'asyncio', 'redis'} & sys.modules.keys()))"
    )
    loaded = [
        subprocess.run(
            [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
        ).stdout.split()
        for url in ("amqp://127.0.0.1:1/", "zmq+tcp://127.0.0.1:1")
    ]
    assert loaded == [["amqp"], ["zmq"]]


def test_a_broker_shows_no_password() -> None:
    """Neither does its URL."""
    broker = read_broker(parse_url("amqp://me:canary@h/"))
    assert "canary" not in repr(broker) + str(broker) + broker.text
    assert broker.password == "canary"
