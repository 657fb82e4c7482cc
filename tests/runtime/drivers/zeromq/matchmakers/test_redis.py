"""Redis as the matchmaker: what servers write there, what is not believed of it, and how URLs and options name it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import AuthError, BadUrl, ConfigurationError
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url

from tests.ports import free_port
from tests.redisd import PASSWORD, RedisServer
from tests.runtime.drivers.zeromq.matchmakers.registrations import INDEX, RECORD, plant, registered
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Launch = Callable[..., ServerProcess]


def test_a_server_that_withdraws_says_so_first(server: RedisServer, launch: Launch) -> None:
    """It is taken out before it has finished its work, and its record is removed."""
    leaving = launch(server.url(), "s1")
    assert registered(server) == ["s1"]
    leaving.say("withdraw", "withdrawn")
    eventually(lambda: registered(server) == [], 0.5)
    assert server.ask(lambda redis: redis.keys(f"{RECORD}*")) == []
    [(_, score)] = server.ask(lambda redis: redis.zrange(INDEX, 0, -1, withscores=True))
    assert score < 0


GOOD: dict[str, Any] = {
    "address": "tcp://127.0.0.1:1",
    "server": "planted",
    "pid": 1,
    "serves": [["test", "echo"]],
}
STRANGE: dict[str, bytes] = {
    "text": b"hello",
    "empty": b"",
    "not UTF-8": b'{"address": "\xff"}',
    "ten megabytes": b'"' + b"x" * 10_000_000 + b'"',
    "deep": b"[" * 200_000,
    "no port": json.dumps(GOOD | {"address": "tcp://evil"}).encode(),
    "a file": json.dumps(GOOD | {"address": "ipc:///tmp/x"}).encode(),
    "a list": json.dumps(GOOD | {"address": ["tcp://127.0.0.1:1"]}).encode(),
    "a source": json.dumps(GOOD | {"address": "tcp://127.0.0.1:1;127.0.0.1:2"}).encode(),
    "all addresses": json.dumps(GOOD | {"address": "tcp://*:1"}).encode(),
    "a line": json.dumps(GOOD | {"address": "tcp://127.0.0.1:1\n"}).encode(),
    "a wildcard": json.dumps(GOOD | {"server": "*"}).encode(),
    "a topic": json.dumps(GOOD | {"serves": [["test", "a#b"]]}).encode(),
    "a long name": json.dumps(GOOD | {"server": "x" * 256}).encode(),
    "topics": json.dumps(GOOD | {"serves": [["test", "echo"]] * 5000}).encode(),
}


def test_what_is_not_ours_is_ignored(
    server: RedisServer, launch: Launch, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever strangers wrote, the one server is found; one line tells of all that was ignored."""
    for number, content in enumerate(STRANGE.values()):
        plant(server, content, f"{number:012x}", float("inf") if number % 2 else 4e12)
    server.ask(lambda redis: redis.zadd(INDEX, {"x" * 5_000_000: 4e12, "Z" * 12: 4e12, "": 1}))
    server.ask(lambda redis: redis.rpush(f"{RECORD}{'f' * 12}", "a", "list"))
    server.ask(lambda redis: redis.zadd(INDEX, {"f" * 12: 4e12, "e" * 12: 4e12}))
    launch(server.url(), "s1")
    assert call(client, TOPIC, b"1") == "s1"
    engine = client.driver._engine
    assert [endpoint.server for endpoint in engine.matchmaker.look()] == ["s1"]
    [line] = [record.getMessage() for record in caplog.records]
    assert "ignored" in line
    assert len(line) < 400


def test_an_index_of_another_type_is_a_problem_of_redis(server: RedisServer, connect: Any) -> None:
    """It is told to whoever looks for a server."""
    server.ask(lambda redis: redis.set(INDEX, "x"))
    assert "WRONGTYPE" in refusal(connect(server.url()), TOPIC)[0]


def test_a_wrong_password_is_told_and_not_shown(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is an AuthError; neither it, nor a log line, nor a repr has what the URL had."""
    url = parse_url(f"zmq+redis://someone:wr0ng-{PASSWORD}@{server.host}/0")
    driver = zeromq.connect(url)
    with pytest.raises(AuthError) as caught:
        driver.route(TOPIC, 2.0)
    matchmaker = driver._engine.matchmaker
    shown = f"{caught.value!r} {url!r} {url} {caplog.text} {driver!r} {matchmaker!r} {vars(matchmaker)!r}"
    driver.close()
    assert PASSWORD not in shown
    listener = zeromq.listen(url, [TOPIC], "s1")
    listener.close()
    assert "invalid username-password pair" in caplog.text
    assert PASSWORD not in caplog.text


def test_users_need_no_more_than_is_documented(
    server: RedisServer, launch: Launch, connect: Any
) -> None:
    """A user for servers and one for clients, with the commands that docs/programs.md names, and no others."""

    def add(redis: Any) -> None:
        serving = ["+time", "+set", "+del", "+zadd", "+zremrangebyscore", "+multi", "+exec"]
        asking = ["+time", "+zscan", "+getrange"]
        for name, commands in (("serving", serving), ("asking", asking)):
            redis.execute_command(
                "ACL", "SETUSER", name, "on", f">{name}-pw", "~rpcgen:*", *commands
            )

    server.ask(add)
    running = launch(f"zmq+redis://serving:serving-pw@{server.host}/0", "s1")
    client = connect(f"zmq+redis://asking:asking-pw@{server.host}/0")
    assert call(client, TOPIC, b"1") == "s1"
    running.say("close", "closed")
    assert registered(server) == []


def test_a_server_listens_where_redis_is_reached(server: RedisServer) -> None:
    """On a free port of the address from which its host reaches redis, unless `bind` says otherwise."""
    port = free_port()
    for options, expected in (
        ((), "tcp://127.0.0.1:"),
        ((f"bind=127.0.0.1:{port}",), f"tcp://127.0.0.1:{port}"),
        (("bind=*:0",), "tcp://127.0.0.1:"),
        (("bind=*:0", "advertise=host9"), "tcp://host9:"),
        (("advertise=host9:7",), "tcp://host9:7"),
        (("advertise=[::1]:7",), "tcp://[::1]:7"),
    ):
        listener = zeromq.listen(parse_url(server.url(*options)), [TOPIC], "s1")
        [key] = server.ask(lambda redis: redis.keys(f"{RECORD}*"))
        record = json.loads(server.ask(lambda redis, key=key: redis.get(key)))
        assert record["address"].startswith(expected)
        if not expected.endswith(":7"):
            [bound] = listener.addresses
            assert record["address"].rpartition(":")[2] == bound.rpartition(":")[2]
        listener.close()


def test_a_server_advertises_the_ipv6_address_by_which_it_reaches_redis() -> None:
    """Where it listens on all of them; one that listens by IPv4 alone would be found where it is not."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            pass
    except OSError:
        pytest.skip("this machine has no IPv6")
    server = RedisServer("bind 127.0.0.1 ::1").start()
    url = f"zmq+redis://:{PASSWORD}@[::1]:{server.port}/0?bind="
    try:
        listener = zeromq.listen(parse_url(f"{url}[::]:0"), [TOPIC], "s1")
        [key] = server.ask(lambda redis: redis.keys(f"{RECORD}*"))
        record = json.loads(server.ask(lambda redis: redis.get(key)))
        listener.close()
        assert record["address"].startswith("tcp://[::1]:")
        for bind in ("*:0", "0.0.0.0:0"):
            with pytest.raises(ConfigurationError, match=r"by IPv4 alone; say bind=\[::\]:0"):
                zeromq.listen(parse_url(f"{url}{bind}"), [TOPIC], "s1")
    finally:
        server.end()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("zmq+redis:///0", "expected zmq\\+redis://host:6379/0"),
        ("zmq+redis://h1,h2/0", "option sentinel=name"),
        ("zmq+redis://a..b/0", "'a..b' is no name of a host"),
        ("zmq+redis://h1/x", "no number of a database"),
        ("zmq+redis://h1/0?ca=/x", "needs tls=1"),
        ("zmq+redis://h1/0?ttl=0.1", "expected 1 to 600"),
        ("zmq+redis://h1/0?sentinal=1", "did you mean 'sentinel'"),
        ("zmq+redis://h1/0?port=1", "unknown option"),
    ],
)
def test_a_bad_url_is_refused(url: str, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(BadUrl, match=message):
        zeromq.connect(parse_url(url))


def test_a_host_without_an_address_is_told() -> None:
    """A server that is to find out its own address by the way there says why it cannot."""
    url = parse_url("zmq+redis://xn--\u00fc/0")
    with pytest.raises(ConfigurationError, match=r"\(xn--\u00fc:6379: Name or service not known\)"):
        zeromq.listen(url, [TOPIC], "s1")


def test_a_bad_address_to_advertise_is_refused(redis_url: str) -> None:
    """It must be a host that clients can connect to."""
    for advertise in ("*", "h1:0", "tcp://h1:1", "a b", "0.0.0.0", "0.0.0.0:7", "[::]:7", "a..b"):
        with pytest.raises(BadUrl, match="option 'advertise'"):
            zeromq.listen(parse_url(f"{redis_url}?advertise={advertise}"), [TOPIC], "s1")


@pytest.mark.parametrize("side", ["connect(url)", "listen(url, [Target('a', 'b')], 's1')"])
def test_the_missing_library_is_named(side: str) -> None:
    """A client and a server say what to install, in a program that has loaded nothing of redis before."""
    program = (
        "import sys; sys.modules['redis'] = None\n"
        "from rpcgen.runtime.drivers import zeromq; from rpcgen.runtime.url import parse_url\n"
        "from rpcgen.runtime import ConfigurationError, Target\n"
        "url = parse_url('zmq+redis://127.0.0.1/0')\n"
        f"try: zeromq.{side}\n"
        "except ConfigurationError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("the library redis is missing; install rpcgen[redis]")


def test_other_schemes_do_not_load_the_library() -> None:
    """Nobody pays for what they do not use."""
    program = (
        "import sys; from rpcgen.runtime.drivers import zeromq; from rpcgen.runtime.url import parse_url;"
        "from rpcgen.runtime import Target;"
        "url = parse_url('zmq+tcp://127.0.0.1:0'); zeromq.listen(url, [Target('a', 'b')], 's').close();"
        "zeromq.connect(parse_url('zmq+tcp://127.0.0.1:1')).close(); sys.exit('redis' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_servers_are_listed_by_the_command(redis_url: str, launch: Launch) -> None:
    """`rpcgen ls` works without more."""
    launch(redis_url, "s1")
    done = subprocess.run(
        [Path(sys.executable).with_name("rpcgen"), "ls", redis_url, "--json", "--timeout=1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert [row["server"] for row in json.loads(done.stdout)] == ["s1"], done.stderr


def test_many_servers_are_known_at_once(server: RedisServer, client: Client) -> None:
    """A thousand registrations are read within a second."""
    for number in range(1000):
        record = GOOD | {"address": f"tcp://127.0.0.1:{number + 1}", "serves": [["test", "other"]]}
        plant(server, json.dumps(record).encode(), f"{number:012x}")
    began = time.monotonic()
    refusal(client, TOPIC)
    eventually(lambda: len(client.driver._engine.matchmaker.look()) == 1000)
    assert time.monotonic() - began < 1.0
