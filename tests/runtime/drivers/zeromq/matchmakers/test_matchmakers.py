"""What every matchmaker keeps to, whatever it is made of."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest
from rpcgen.runtime import BadUrl, Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.matchmaker import Matchmaker
from rpcgen.runtime.drivers.zeromq.matchmakers import find_matchmaker
from rpcgen.runtime.peers import Found
from rpcgen.runtime.url import parse_url

from tests.places import Place
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Connect = Callable[[str], Client]
Serve = Callable[..., ServerProcess]
ONE = Target("test", "echo", server="s1")


def open_matchmaker(url: str) -> Matchmaker:
    parsed = parse_url(url)
    module = find_matchmaker(parsed)
    return module.matchmaker(parsed, parsed.options(module.Options))


def with_option(url: str, option: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{option}"


def answering(place: Place) -> list[Found]:
    """The servers that are found and answer."""
    return [found for found in zeromq.discover(parse_url(place.client), 2.0) if not found.error]


def names(place: Place) -> list[str]:
    return [found.server for found in answering(place)]


def test_a_server_is_found_at_once(place: Place, serve: Serve, connect: Connect) -> None:
    """The first call of a client that was just made reaches a server that has just started."""
    serve("s1")
    began = time.monotonic()
    assert call(connect(place.client), TOPIC, b"hello") == "s1"
    assert time.monotonic() - began < 1.0


def test_a_server_is_found_by_a_client_that_was_there_first(
    place: Place, serve: Serve, connect: Connect
) -> None:
    """Nobody is there, which is said within a second; then a server starts, and is found at once."""
    client = connect(place.client)
    text, took = refusal(client, TOPIC)
    assert "nobody serves test/echo" in text
    assert took < 1.0
    serve("s1")
    began = time.monotonic()
    assert call(client, TOPIC, b"hello") == "s1"
    assert time.monotonic() - began < 1.0


def test_a_second_server_is_noticed_without_a_search(
    place: Place, serve: Serve, connect: Connect
) -> None:
    """Calls that find a server in memory go to one that came later, too, within 2 s of its coming."""
    serve("s1")
    client = connect(place.client)
    call(client, TOPIC, b"1")
    serve("s2")
    eventually(lambda: call(client, TOPIC, b"2") == "s2", 2.0)


def _chosen(client: Client) -> set[str]:
    return {call(client, TOPIC, b"3") for _ in range(20)}


def test_a_server_that_withdraws_is_found_no_more(
    place: Place, serve: Serve, connect: Connect
) -> None:
    """It still runs, but neither a client that knows it nor a new one chooses it."""
    leaving, _ = serve("s1"), serve("s2")
    client = connect(place.client)
    eventually(lambda: call(client, TOPIC, b"1") == "s1")
    leaving.say("withdraw", "withdrawn")
    for chooser in (client, connect(place.client)):
        eventually(lambda chooser=chooser: _chosen(chooser) == {"s2"})  # BYE may be under way
        assert _chosen(chooser) == {"s2"}


def test_a_killed_server_is_avoided_at_once(place: Place, serve: Serve, connect: Connect) -> None:
    """Calls go to the other; without another, a new client's call says so within a second."""
    killed, other = serve("s1"), serve("s2")
    client = connect(place.client)
    eventually(lambda: call(client, TOPIC, b"1") == "s1")
    killed.kill()
    eventually(lambda: client.arrivals(bool, 2.0))
    assert {call(client, TOPIC, b"2") for _ in range(20)} == {"s2"}
    other.kill()
    assert refusal(connect(place.client), TOPIC)[1] < 1.0


def test_a_server_that_starts_again_is_followed(
    place: Place, serve: Serve, connect: Connect
) -> None:
    """It was killed, and comes back under its name, at another address where there are any, within 2 s."""
    server = serve("s1")
    client = connect(place.client)
    call(client, TOPIC, b"1")
    server.kill()
    client.arrivals(bool)
    serve("s1")
    began = time.monotonic()
    while client.peer(ONE) is None:
        assert time.monotonic() - began < 2.0
        threading.Event().wait(0.01)
    assert call(client, ONE, b"2") == "s1"


def test_a_dead_address_is_not_stormed(place: Place, serve: Serve, connect: Connect) -> None:
    """However many calls look for a server that was killed: fewer than 4 attempts at once, and then 3 a second."""
    server = serve("s1")
    client = connect(place.client)
    call(client, TOPIC, b"1")
    server.kill()
    client.arrivals(bool)
    before = client.driver.counters["refused"]
    began = time.monotonic()
    while time.monotonic() - began < 2.0:
        refusal(client, TOPIC)
    attempts = client.driver.counters["refused"] - before
    dead = 1 if place.knows_names or place.moves else 3
    assert attempts <= dead * (4 + 3 * (time.monotonic() - began))


def test_a_direct_call_meets_nobody_else(place: Place, serve: Serve, connect: Connect) -> None:
    """Who knows the servers' names connects to the named one alone, and needs no other's answer."""
    serve("s1")
    other = serve("s2")
    other.pause()
    client = connect(place.client)
    began = time.monotonic()
    assert call(client, ONE, b"1") == "s1"
    assert time.monotonic() - began < 1.0
    if place.knows_names:
        assert client.driver.counters["connected"] == 1
        engine = client.driver._engine
        assert len(engine.links) == 1


def test_other_topics_are_not_connected(place: Place, serve: Serve, connect: Connect) -> None:
    """A server of another topic is left alone by a client that does not ask for it, and is found by one that does."""
    if not place.knows_names:
        pytest.skip("only a connection tells what a server serves")
    serve("s1", "other")
    client = connect(place.client)
    refusal(client, TOPIC)
    assert not client.driver._engine.links
    assert call(client, Target("test", "other"), b"1") == "s1"


@pytest.mark.parametrize("server_world", ["blocking", "asyncio"])
def test_servers_of_both_worlds_are_listed(place: Place, serve: Serve, server_world: str) -> None:
    """`discover` names each with its topics and its address; one that closed is gone."""
    first = serve("s1", world=server_world)
    serve("s2")
    assert names(place) == ["s1", "s2"]
    for found in answering(place):
        assert (found.exchange, found.topic) == ("test", "echo")
        assert found.address.startswith(("tcp://127.0.0.1:", "ipc:///"))
    first.say("close", "closed")
    assert names(place) == ["s2"]


def test_a_server_that_does_not_answer_is_listed_with_the_reason(
    place: Place, serve: Serve
) -> None:
    """By its name and its topics, if these are known, and by its address."""
    serve("s2")
    serve("s1").pause()
    url = parse_url(with_option(place.client, "connect_timeout=0.3"))
    listed = [each for each in zeromq.discover(url, 5.0) if "refused" not in each.error]
    assert sorted((each.server, each.error) for each in listed) == [
        ("s1" if place.knows_names else "", "no answer within 0.3 s"),
        ("s2", ""),
    ]
    assert listed[0].address != listed[1].address


def test_a_dead_entry_goes(place: Place, serve: Serve) -> None:
    """A killed server's registration disappears by itself within its time."""
    if place.forgets is None:
        pytest.skip("people take it out of the list")
    server = serve("s1")
    matchmaker = open_matchmaker(place.client)
    try:
        eventually(matchmaker.look)
        began = time.monotonic()
        server.kill()
        for endpoint in matchmaker.look():
            matchmaker.lost(endpoint)
        eventually(lambda: not matchmaker.look(), place.forgets + 1.0)
        assert time.monotonic() - began < place.forgets + 1.0
    finally:
        matchmaker.close()


def test_no_method_waits(place: Place, serve: Serve) -> None:
    """Each of the client's methods returns at once, also before anything is known."""
    serve("s1")
    matchmaker = open_matchmaker(place.client)
    slowest = 0.0
    began = time.monotonic()
    while not matchmaker.settled(began):
        for method in (matchmaker.changed, matchmaker.look):
            start = time.monotonic()
            method()
            slowest = max(slowest, time.monotonic() - start)
    assert [endpoint.address for endpoint in matchmaker.look()]
    matchmaker.close()
    assert slowest < 0.1


def test_closing_leaves_no_thread_and_no_descriptor(place: Place, serve: Serve) -> None:
    """A client that was closed, or whose matchmaker was closed twice, leaves the process as it was."""
    serve("s1")
    threads, descriptors = threading.active_count(), len(os.listdir("/proc/self/fd"))
    client = zeromq.connect(parse_url(place.client))
    client.route(TOPIC, 2.0)
    client.close()
    client.close()
    matchmaker = open_matchmaker(place.client)
    matchmaker.changed()
    matchmaker.close()
    matchmaker.close()
    eventually(lambda: threading.active_count() <= threads)
    eventually(lambda: len(os.listdir("/proc/self/fd")) <= descriptors)


def test_an_option_of_another_matchmaker_is_refused(place: Place) -> None:
    """An option is known only where it means something."""
    with pytest.raises(BadUrl, match="unknown option"):
        zeromq.connect(parse_url(with_option(place.client, "no_such_option=1")))


def test_a_fork_leaves_the_parent_alone(place: Place, serve: Serve) -> None:
    """A child that was forked may use none of it, and its end disturbs nobody."""
    serve("s1")
    client = zeromq.connect(parse_url(place.client))
    client.route(TOPIC, 2.0)
    child = os.fork()
    if child == 0:
        try:
            client.close()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    serve("s2")
    found: set[str] = set()

    def both() -> bool:
        peer = client.peer(TOPIC)
        found.update([] if peer is None else [peer.name])
        client.poll(0.01)
        return found == {"s1", "s2"}

    eventually(both)
    client.close()
