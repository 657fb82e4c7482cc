"""Clients of both worlds, over both matchmakers, with servers that come, stop and are killed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from msgspec.structs import replace
from rpcgen.runtime import ConnectionLost, NotSent, Target
from rpcgen.runtime.errors import Draining

from tests.ports import free_port
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    losses,
    peer_named,
    refusal,
)

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]


def test_a_call_to_nobody_fails_at_once(connect: Connect, url: str) -> None:
    """NotSent says what was looked for and where, long before the timeout."""
    refusals = [refusal(connect(url), TOPIC) for _ in range(5)]
    for message, _ in refusals:
        assert "nobody serves test/echo in" in message
        assert url.rpartition("/")[2] in message
    assert min(seconds for _, seconds in refusals) < 0.05


@pytest.mark.parametrize("served_by", ["blocking", "asyncio"])
def test_frames_come_back(connect: Connect, url: str, launch: Launch, served_by: str) -> None:
    """A server that starts after the client is found at the next call, and answers in the order of the requests."""
    client = connect(url)
    refusal(client, TOPIC)
    launch(url, world=served_by)
    assert call(client, TOPIC, b"first") == "s1"
    peer = client.peer(TOPIC)
    assert peer is not None
    frames = [b"%d" % number for number in range(500)]
    for frame in frames:
        client.send(peer, frame)
    arrived = client.arrivals(lambda found: len(found) >= len(frames))
    assert [(peer, frame) for frame in frames] == arrived


def test_a_large_frame_comes_back(connect: Connect, url: str, launch: Launch) -> None:
    """A megabyte passes as one frame."""
    launch(url)
    assert call(connect(url), TOPIC, b"x" * 1024 * 1024) == "s1"


def test_a_topic_of_another_server_is_nobody(connect: Connect, url: str, launch: Launch) -> None:
    """Servers of other topics, and other servers of the topic, do not count."""
    launch(url, "s1", "echo", "more")
    client = connect(url)
    assert call(client, TOPIC, b"here") == "s1"
    assert call(client, Target("test", "more", server="s1"), b"there") == "s1"
    assert "1 server there did not match" in refusal(client, Target("test", "less"))[0]
    assert "server 's2' of test/echo" in refusal(client, replace(TOPIC, server="s2"))[0]


def test_a_killed_server_is_lost_and_not_chosen(connect: Connect, ipc: str, launch: Launch) -> None:
    """SIGKILL is reported within a second, and the next call goes to the other server."""
    victim = launch(ipc, "s1")
    launch(ipc, "s2")
    client = connect(ipc)
    peer = peer_named(client, TOPIC, "s1")
    peer_named(client, TOPIC, "s2")
    client.send(peer, b"slow:never answered")
    victim.kill()
    killed = time.monotonic()
    assert losses(client.arrivals(bool)) == [("s1", ConnectionLost)]
    assert time.monotonic() - killed < 1.0
    assert {call(client, TOPIC, b"again") for _ in range(20)} == {"s2"}
    with pytest.raises(NotSent):
        client.send(peer, b"too late")


def test_a_server_killed_while_the_client_idles_is_not_chosen(
    connect: Connect, ipc: str, launch: Launch
) -> None:
    """What happened while nobody polled is noticed before the next choice."""
    victim = launch(ipc, "s1")
    launch(ipc, "s2")
    client = connect(ipc)
    for name in ("s1", "s2"):
        peer_named(client, TOPIC, name)
    victim.kill()
    eventually(lambda: {peer_name(client) for _ in range(20)} == {"s2"}, 1.0)
    assert {call_after_losses(client) for _ in range(20)} == {"s2"}


def peer_name(client: Client) -> str | None:
    peer = client.peer(TOPIC)
    return None if peer is None else peer.name


def call_after_losses(client: Client) -> str:
    peer = client.peer(TOPIC)
    assert peer is not None
    client.send(peer, b"ping")
    client.arrivals(lambda found: (peer, b"ping") in found)
    return peer.name


def test_a_server_is_addressed_by_name(connect: Connect, ipc: str, launch: Launch) -> None:
    """Direct targets reach the server of that name, whichever it is."""
    for name in ("s1", "s2", "s3"):
        launch(ipc, name)
    client = connect(ipc)
    for name in ("s3", "s1", "s2", "s1"):
        assert call(client, replace(TOPIC, server=name), b"you") == name


def test_a_listed_server_is_addressed_by_name(connect: Connect, launch: Launch) -> None:
    """The hosts of a list are asked who they are; one that is not there does not matter."""
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    for number, host in enumerate(hosts[:2]):
        launch(f"zmq+tcp://{host}", f"s{number}")
    client = connect(f"zmq+tcp://{','.join(hosts)}")
    assert call(client, replace(TOPIC, server="s1"), b"you") == "s1"
    assert call(client, replace(TOPIC, server="s0"), b"you") == "s0"
    message, seconds = refusal(client, replace(TOPIC, server="s2"))
    assert f"tcp://{hosts[2]}: connection refused" in message
    assert seconds < 1.0


def test_a_fanout_reaches_every_server(connect: Connect, launch: Launch) -> None:
    """A fanout connects all servers, and names the hosts that could not be reached."""
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(3)]
    for number, host in enumerate(hosts[:2]):
        launch(f"zmq+tcp://{host}", f"s{number}")
    client = connect(f"zmq+tcp://{','.join(hosts)}")
    peers, missing = client.fanout(replace(TOPIC, fanout=True))
    assert sorted(peer.name for peer in peers) == ["s0", "s1"]
    assert list(missing) == [f"tcp://{hosts[2]}"]
    for peer in peers:
        client.send(peer, b"all")
    assert len(client.arrivals(lambda found: len(found) == 2)) == 2


@pytest.mark.parametrize("how", ["refuses", "is silent"])
def test_fanouts_do_not_wait_for_a_dead_server(connect: Connect, launch: Launch, how: str) -> None:
    """One that did not answer a moment ago is named, and the others get theirs without a pause; it may come back."""
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    launch(f"zmq+tcp://{hosts[0]}", "s0")
    if how == "is silent":
        launch(f"zmq+tcp://{hosts[1]}", "s1").pause()
    client = connect(f"zmq+tcp://{','.join(hosts)}?connect_timeout=0.4")
    client.fanout(replace(TOPIC, fanout=True))
    began = time.monotonic()
    for _ in range(50):
        peers, missing = client.fanout(replace(TOPIC, fanout=True))
        assert ([peer.name for peer in peers], list(missing)) == (["s0"], [f"tcp://{hosts[1]}"])
    assert time.monotonic() - began < 0.9
    if how == "refuses":
        launch(f"zmq+tcp://{hosts[1]}", "s1")
        eventually(lambda: not client.fanout(replace(TOPIC, fanout=True))[1], 2.0)


def test_a_fanout_to_nobody_fails_at_once(connect: Connect, url: str) -> None:
    """Without any server a fanout is NotSent."""
    with pytest.raises(NotSent, match="nobody serves every server of test/echo"):
        connect(url).fanout(replace(TOPIC, fanout=True))


def test_a_withdrawn_server_is_chosen_no_more_and_still_answers(
    connect: Connect, ipc: str, launch: Launch
) -> None:
    """After withdraw only the other server is chosen; a request that was under way is answered."""
    first = launch(ipc, "s1")
    launch(ipc, "s2")
    client = connect(ipc)
    peer = peer_named(client, TOPIC, "s1")
    first.say("withdraw", "withdrawn")
    client.send(peer, b"under way")
    client.arrivals(lambda found: (peer, b"under way") in found)
    assert {call(client, TOPIC, b"new") for _ in range(20)} == {"s2"}
    assert refusal(client, replace(TOPIC, server="s1"))[1] < 0.5
    first.say("close", "closed")
    assert losses(client.arrivals(bool)) == [("s1", Draining)]


def test_a_server_that_comes_back_is_used_again(connect: Connect, tcp: str, launch: Launch) -> None:
    """After a restart at the same address the first call connects at once."""
    client = connect(tcp)
    for _ in range(3):
        server = launch(tcp)
        assert call(client, TOPIC, b"hello") == "s1"
        server.kill()
        assert losses(client.arrivals(bool)) == [("s1", ConnectionLost)]
        assert "connection refused" in refusal(client, TOPIC)[0]


def test_a_listed_server_that_comes_back_is_found_without_a_search(
    connect: Connect, launch: Launch
) -> None:
    """While another server serves, a lost one is connected in the background, within 6 seconds."""
    hosts = [f"127.0.0.1:{free_port()}" for _ in range(2)]
    victim = launch(f"zmq+tcp://{hosts[0]}", "s0")
    launch(f"zmq+tcp://{hosts[1]}", "s1")
    client = connect(f"zmq+tcp://{','.join(hosts)}")
    peer_named(client, TOPIC, "s0")
    victim.kill()
    client.arrivals(bool)
    launch(f"zmq+tcp://{hosts[0]}", "s0")

    def is_back() -> bool:
        client.arrivals(lambda _: True)
        peer = client.peer(TOPIC)
        return peer is not None and peer.name == "s0"

    eventually(is_back, 6.0)


def test_a_server_that_does_not_answer_is_given_up_in_time(
    connect: Connect, tcp: str, launch: Launch
) -> None:
    """A stopped process accepts connections and says nothing: `connect_timeout` ends the search."""
    launch(tcp).pause()
    client = connect(f"{tcp}?connect_timeout=0.3")
    message, seconds = refusal(client, TOPIC)
    assert "no answer within 0.3 s" in message
    assert 0.2 < seconds < 1.0


def test_a_search_ends_with_its_own_time(connect: Connect, tcp: str, launch: Launch) -> None:
    """`route` takes no longer than it is given."""
    launch(tcp).pause()
    message, seconds = refusal(connect(tcp), TOPIC, 0.2)
    assert "within 0.2 s" in message
    assert seconds < 0.6


def test_a_silent_server_is_lost_by_heartbeat(connect: Connect, tcp: str, launch: Launch) -> None:
    """A server that stops answering pings is lost although its connection stands."""
    server = launch(tcp)
    client = connect(f"{tcp}?heartbeat=0.1&heartbeat_timeout=1")
    call(client, TOPIC, b"hello")
    server.pause()
    # libzmq answers pings in a thread of its own, which stops with the process.
    assert losses(client.arrivals(bool)) == [("s1", ConnectionLost)]


def test_peers_share_the_load(connect: Connect, ipc: str, launch: Launch) -> None:
    """Of two servers the one with fewer outstanding calls is chosen."""
    for name in ("s1", "s2"):
        launch(ipc, name)
    client = connect(ipc)
    busy = peer_named(client, TOPIC, "s1")
    peer_named(client, TOPIC, "s2")
    busy.outstanding = 5
    chosen = [client.peer(TOPIC) for _ in range(10)]
    assert {peer.name for peer in chosen if peer is not None} == {"s2"}
    busy.outstanding = 0


def test_a_lost_peer_is_reported_once(connect: Connect, tcp: str, launch: Launch) -> None:
    """After its loss nothing more is heard of a peer."""
    server = launch(tcp)
    client = connect(tcp)
    call(client, TOPIC, b"hello")
    server.kill()
    assert losses(client.arrivals(bool)) == [("s1", ConnectionLost)]
    with pytest.raises(AssertionError, match="only 0 arrived"):
        client.arrivals(bool, 0.1)
