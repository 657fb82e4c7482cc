"""Calls and casts over kombu's transports: what only this driver does."""

from __future__ import annotations

import gc
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from rpcgen.runtime import AuthError, ConfigurationError, NotSent, Server, TooLarge
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST
from rpcgen.runtime.drivers.kombu import discover, letters
from rpcgen.runtime.drivers.kombu import line as line_module
from rpcgen.runtime.drivers.kombu.carriers import find_carrier
from rpcgen.runtime.drivers.kombu.line import Line
from rpcgen.runtime.drivers.kombu.names import Names, new_token
from rpcgen.runtime.url import parse_url

from tests.compiled import compile_to
from tests.conformance.lab import Bench, endpoint
from tests.conformance.raw import request
from tests.conformance.stairs import Stairs
from tests.conformance.stairs import endpoint as stairs_endpoint
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.redisd import RedisServer, encrypted_redis, kombu_url


def serve(lab: ModuleType, url: str, name: str = "s1", bench: Bench | None = None) -> Server:
    return Server(url, server=name, endpoints=[endpoint(lab, bench or Bench(), name)])


def line_to(url: str, sender: str) -> Line:
    """A connection of a stranger."""
    return Line(find_carrier(parse_url(url)), sender)


def names_of(url: str) -> Names:
    return Names(find_carrier(parse_url(url)).prefix)


def queue_of(url: str) -> str:
    """The queue of the only server."""
    names = names_of(url)
    line = line_to(url, "nobody")
    [ear] = line.bound(names.directory())
    line.close()
    token = names.ear_token(ear)
    assert token is not None
    return names.server(token)


def left_at(url: str, redis: RedisServer | None, folder: Path) -> list[str]:
    """Keys, files and queues that are there."""
    if redis is not None:
        return [key.decode() for key in redis.ask(lambda client: client.keys("*"))]
    if "filesystem" in url:
        [place] = folder.iterdir()
        tables = [each for each in (place / "control").iterdir() if each.read_text() != "[]"]
        return [*os.listdir(place / "messages"), *(each.name for each in tables)]
    from kombu.transport.memory import Channel

    return [name for name in Channel.queues if name.startswith(find_carrier(parse_url(url)).prefix)]


def test_a_call_to_nobody_fails_within_a_second(lab: ModuleType, url: str) -> None:
    """All servers there are were asked; also a cast, and one to a server that is not there."""
    with lab.LabClient(url) as client:
        begun = time.monotonic()
        with pytest.raises(NotSent, match="nobody serves test/lab at kombu"):
            client.add(a=1)
        assert time.monotonic() - begun < 1.0
        with serve(lab, url):
            begun = time.monotonic()
            with pytest.raises(NotSent, match="nobody serves server 'nobody-here'"):
                client.prepare(server="nobody-here").report()
            with pytest.raises(NotSent, match="nobody serves server 'nobody-here'"):
                client.prepare(server="nobody-here").note(text="x")
            assert time.monotonic() - begun < 1.0
            assert client.add(a=1) == 2


@pytest.mark.parametrize("name", ["redis", "filesystem", "memory"])
def test_nothing_is_left_of_those_that_have_closed(
    lab: ModuleType, name: str, tmp_path: Path, place: Callable[[str], str], request: Any
) -> None:
    """No key, file, queue, thread or descriptor, after several turns."""
    redis: RedisServer | None = None
    url = place(name) if name != "redis" else ""
    if name == "redis":
        redis = request.getfixturevalue("server")
        url = kombu_url(redis.url())

    def turn() -> None:
        with serve(lab, url), serve(lab, url, "s2"), lab.LabClient(url) as client:
            assert client.add(a=1) == 2
            assert len(client.prepare(fanout=True).note(text="x").peers) == 2
            with pytest.raises(TimeoutError):
                client.prepare(timeout=0.05).nap(seconds=0.1)

    turn()
    gc.collect()
    process = psutil.Process()
    fds, threads = process.num_fds(), threading.active_count()
    for _ in range(3):
        turn()
    assert left_at(url, redis, tmp_path) == []
    eventually(lambda: threading.active_count() <= threads)
    eventually(lambda: gc.collect() >= 0 and process.num_fds() <= fds)


def test_a_client_that_closes_takes_its_late_answers_along(
    lab: ModuleType, server: RedisServer
) -> None:
    """A server that still works for it does not write to its queue again."""
    url, bench = kombu_url(server.url()), Bench()
    with serve(lab, url, bench=bench) as serving:
        with lab.LabClient(url) as client:
            assert client.add(a=1) == 2  # so that it is connected, and knows the server
            with pytest.raises(TimeoutError):
                client.prepare(timeout=2.0).nap(seconds=20.0)
            assert bench.started.wait(5.0)
        bench.release.set()
        eventually(lambda: serving.serving.work.held == 0)
    assert left_at(url, server, Path()) == []


def test_who_is_there_can_be_asked(lab: ModuleType, url: str) -> None:
    """For tools, and for clients with the pin `auto`."""
    parsed = parse_url(url)
    assert discover(parsed, 2.0) == []
    with serve(lab, url, "s1"), serve(lab, url, "s2"):
        found = discover(parsed, 2.0)
        assert {each.server for each in found if each.topic == "lab"} == {"s1", "s2"}
        assert all(each.address == str(parsed) for each in found)


def test_strangers_messages_are_dropped(lab: ModuleType, url: str) -> None:
    """What is no letter, or asks for an answer in a queue that is none of answers; nothing runs, and the rest goes on."""
    bench = Bench()
    with serve(lab, url, bench=bench) as serving, lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        victim = "somebody-elses-queue"
        frame = MSGPACK.encode(request("note", {"text": "forged"}))
        stranger = line_to(url, victim)
        queue = queue_of(url)
        for kind in (letters.REQUEST, letters.WHO, letters.BYE, letters.ANSWER):
            stranger.send(queue, kind, frame)
        known = line_to(url, names_of(url).reply(new_token()))
        for kind in ("nonsense", letters.ANSWER, letters.HERE, letters.END, letters.HELLO):
            known.send(queue, kind, frame)
        received = serving.serving.counters.received
        assert client.add(a=1) == 2
        assert serving.serving.counters.received == received + 1
        assert bench.notes == []
        for line in (stranger, known):
            line.remove(victim)
            line.close()


def test_bytes_that_are_no_message_cost_nobody_anything(
    lab: ModuleType, server: RedisServer
) -> None:
    """No JSON, JSON of another shape, and what only looks like a message, in every queue."""
    url = kombu_url(server.url())
    with serve(lab, url) as serving, lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        garbage = [b"", b"\xff\xfe", b"null", b"[]", b"{}", b'{"properties": 1}', b"[" * 100_000]
        garbage += [b'{"properties": {"delivery_tag": 1, "body_encoding": "base64"}, "body": "%"}']

        def plant(redis: Any) -> None:
            queue = queue_of(url)
            for each in garbage:
                redis.lpush(queue, each)
                redis.publish("/0.rpcgen.directory", each)

        server.ask(plant)
        for _ in range(20):
            assert client.prepare(timeout=5.0).add(a=1) == 2
        assert serving.serving.counters.received == 21
        assert client._transport.counters.lost == 0


def test_a_request_that_waited_too_long_is_not_run(
    lab: ModuleType, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sender says for how long it is worth running, and clocks need not agree."""
    bench = Bench()
    with serve(lab, url, bench=bench) as serving:
        queue, name = queue_of(url), names_of(url).reply(new_token())
        line = line_to(url, name)
        line.send(queue, letters.WHO)
        late = MSGPACK.encode(request("note", {"text": "late"}, how=CAST))
        # Sent ten seconds before the question, as its sender's clock says, and worth five.
        monkeypatch.setattr(line_module, "monotonic", lambda: time.monotonic() - 10.0)
        line.send(queue, letters.REQUEST, late, 5.0)
        monkeypatch.undo()
        with lab.LabClient(url) as client:
            client.note(text="in time")
            assert bench.wait_for_notes(1) == ["s1:in time"]
        [listener] = serving._listeners
        assert listener.counters["expired"] == 1
        line.remove(name)
        line.close()


def test_a_cast_says_for_how_long_it_may_wait(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as its method says, however soon its sender loses patience; another as long as that."""
    compile_to(tmp_path, INTERFACES / "order.yaml")
    order: Any = import_from(tmp_path, "test_order")
    stairs, told, send = Stairs(), list[float | None](), Line.send

    def sent(line: Line, queue: str, kind: str, body: bytes = b"", left: Any = None) -> None:
        if kind == letters.REQUEST:
            told.append(left)
        send(line, queue, kind, body, left)

    monkeypatch.setattr(Line, "send", sent)
    made = stairs_endpoint(order, stairs, "blocking")
    with Server(url, server="s1", endpoints=[made]), order.OrderClient(url) as client:
        client.prepare(timeout=5.0).lasting(text="x")
        client.prepare(timeout=5.0).step(number=1)
        eventually(lambda: len(stairs.notes) == 3)
    patient, other = told
    assert patient is not None
    assert other is not None
    assert 3590.0 < patient <= 3600.0
    assert 0.0 < other <= 5.0


def test_a_wrong_password_is_told_at_once(lab: ModuleType, server: RedisServer) -> None:
    """A server does not start, a call does not wait, and no text has the password."""
    url = kombu_url(server.url()).replace(server.password, "c4nary")
    begun = time.monotonic()
    with pytest.raises(ConfigurationError) as refused:
        serve(lab, url).start()
    with lab.LabClient(url) as client, pytest.raises(AuthError) as denied:
        client.add(a=1)
    assert time.monotonic() - begun < 3.0
    for caught in (refused, denied):
        assert "invalid" in str(caught.value)
        assert "c4nary" not in str(caught.value)


def test_fleets_of_two_prefixes_do_not_meet(lab: ModuleType, server: RedisServer) -> None:
    """On one database."""
    one, two = (f"{kombu_url(server.url())}?prefix={name}" for name in ("one", "two"))
    with serve(lab, one), lab.LabClient(two) as client, pytest.raises(NotSent):
        client.add(a=1)


def test_a_large_message_travels_and_a_larger_one_is_refused(lab: ModuleType, url: str) -> None:
    """The limit is the sender's."""
    text = secrets.token_hex(1024 * 1024)
    with serve(lab, url), lab.LabClient(url) as client:
        assert text in client.greet(name=text)
    small = f"{url}{'&' if '?' in url else '?'}max_message=1000"
    with serve(lab, small), lab.LabClient(small) as client, pytest.raises(TooLarge, match="1000"):
        client.note(text=text)


def test_redis_speaks_tls(lab: ModuleType, tmp_path: Path) -> None:
    """With its authority's certificate, for the host of the URL; else nothing is sent, and the reason is told."""
    redis, ca = encrypted_redis(tmp_path)
    try:
        url = kombu_url(redis.url()).replace("kombu+redis", "kombu+rediss")
        with serve(lab, f"{url}?ca={ca}"), lab.LabClient(f"{url}?ca={ca}") as client:
            assert client.add(a=1) == 2
            assert len(client.prepare(fanout=True).note(text="x").peers) == 1
        elsewhere = f"{url}?ca={ca}".replace("127.0.0.1", "localhost")
        for wrong, reason in ((url, "certificate"), (elsewhere, "localhost")):
            with lab.LabClient(wrong) as client, pytest.raises(NotSent, match=reason) as caught:
                client.prepare(timeout=2.0).add(a=1)  # the time to learn it in
            assert redis.password not in str(caught.value)
    finally:
        redis.end()


PROGRAM = """
import asyncio, sys, threading
sys.path[:0] = sys.argv[1:3]
import test_lab as lab
from rpcgen.runtime import Server
from tests.conformance.lab import Bench, endpoint

url, bench = sys.argv[3], Bench()
Server(url, server="s1", endpoints=[endpoint(lab, bench, "s1")]).start()
client = lab.LabClient(url).prepare(timeout=60.0)
threading.Thread(target=lambda: client.nap(seconds=60.0), daemon=True).start()
bench.started.wait(5.0)

async def ask():
    return await lab.AsyncLabClient(url).add(a=1)

print(asyncio.run(ask()), flush=True)
"""


def test_a_program_ends_without_closing(lab: ModuleType, url: str) -> None:
    """While it serves, and while a call of its own is under way."""
    generated = str(Path(str(lab.__file__)).parents[1])
    root = str(Path(__file__).parents[4])
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, generated, root, url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "2\n"
    begun = time.monotonic()
    _, said = program.communicate(timeout=10.0)
    assert time.monotonic() - begun < 2.0
    assert (program.returncode, said) == (0, "")
