"""The ring file: what it may say, whom it trusts, and what a reader makes of a bad one."""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rpcgen.runtime import BadUrl, ConfigurationError, Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import engine
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, ring
from rpcgen.runtime.url import parse_url

from tests.ports import free_port
from tests.runtime.drivers.zeromq.matchmakers.places import File
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

GOOD = {"test/echo": ["127.0.0.1:7001"]}
LATER = {"test/echo": ["127.0.0.1:7002"]}


@pytest.fixture
def file(folder: Path) -> File:
    made = File(folder)
    made.write(GOOD)
    return made


def opened(file: File, options: str = "") -> ring.Ring:
    url = parse_url(f"{file.client}{options}")
    return ring.matchmaker(url, url.options(ring.Options))


def addresses(found: ring.Ring) -> list[str]:
    return [endpoint.address for endpoint in found.look()]


def test_topics_name_their_servers(file: File) -> None:
    """A host may serve several topics; a topic alone is one of every exchange, a host alone has the default port."""
    file.write({"nova/compute": ["h1:7001", "[::1]:7002"], "scheduler": ["h1:7001", "h2"]})
    assert opened(file, "?port=7009").look() == (
        Endpoint(
            "h1:7001",
            "tcp://h1:7001",
            serves=frozenset({("nova", "compute"), ("*", "scheduler")}),
        ),
        Endpoint("[::1]:7002", "tcp://[::1]:7002", serves=frozenset({("nova", "compute")})),
        Endpoint("h2:7009", "tcp://h2:7009", serves=frozenset({("*", "scheduler")})),
    )
    assert addresses(opened(file))[-1] == "tcp://h2:9501"


def test_a_topic_alone_is_one_of_every_exchange(file: File) -> None:
    """The form that has no exchanges serves any."""
    file.write({"echo": ["h1:1"]})
    [endpoint] = opened(file).look()
    assert endpoint.may_serve(Target("test", "echo"))
    assert endpoint.may_serve(Target("other", "echo", server="h9"))
    assert not endpoint.may_serve(Target("test", "other"))


BAD = {
    "truncated": json.dumps(GOOD)[:-4],
    "empty": "",
    "list": "[]",
    "number": '{"test/echo": [7001]}',
    "wildcard": '{"test/*": ["h1:7001"]}',
    "path": '{"a/b/c": ["h1:7001"]}',
    "other transport": '{"test/echo": ["ipc:///tmp/x"]}',
    "two addresses": '{"test/echo": ["h1:7001;h2:7002"]}',
    "port": '{"test/echo": ["h1:70000"]}',
    "name without a part": '{"test/echo": ["h1:7001", "a..b:7001"]}',
    "name with a long part": json.dumps({"test/echo": [f"{'a' * 64}:7001"]}),
    "port zero": '{"test/echo": ["h1:0"]}',
    "blank": '{"test/echo": ["h1:70 "]}',
    "topic twice": '{"test/echo": ["h1:7001"], "test/echo": ["h2:7001"]}',
    "topic twice, written in two ways": '{"test/echo": ["h1:7001"], "test\\/ech\\u006f": ["h2:7001"]}',
    "large": '{"test/echo": ["' + "h" * ring.MAX_BYTES + '"]}',
    "deep": "[" * 100_000,
    "many": json.dumps({"test/echo": [f"h{number}:1" for number in range(ring.MAX_HOSTS + 1)]}),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_a_bad_file_leaves_what_was_known(
    file: File, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning names the file; the next good one counts. Neither side starts with a bad one."""
    found = opened(file)
    file.write(bad)
    for _ in range(20):
        assert addresses(found) == ["tcp://127.0.0.1:7001"]
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert str(file.path) in record.getMessage()
    assert len(record.getMessage()) < 1000
    for start in (opened, listen):
        with pytest.raises(ConfigurationError, match=r"ring\.json"):
            start(file)
    file.write(LATER)
    assert found.changed()
    assert addresses(found) == ["tcp://127.0.0.1:7002"]


def test_all_mistakes_of_a_file_are_told_at_once(file: File) -> None:
    """Each with the topic, what was found and what was expected; of too many, that there are more."""
    file.path.write_text(
        """{
        "a/b/c": ["h1", true], "test/one": "h1", "test/two": [1e999, "h1:7001", "a..b:1", {"h1": "h1", "h1": 1}],
        "test/three": {"h1": 7001}, "test/one": null
        }"""
    )
    with pytest.raises(ConfigurationError) as raised:
        opened(file)
    first, *others = str(raised.value).removeprefix(f"{file.path} is wrong at ").split("; at ")
    others[-1:] = others[-1].split("; ")
    assert first.startswith("'a/b/c': exchange 'a/b' is ")
    assert others == [
        "'a/b/c': expected a host as text, found bool",
        "'test/one': expected a list of hosts, found text",
        "'test/two': expected a host as text, found a number",
        "'test/two': 'a..b' is no name of a host: parts between dots have 1 to 63 characters",
        "'test/two': expected a host as text, found an object",
        "'test/three': expected a list of hosts, found an object",
        "'test/one': comes twice, and a topic has one list of all its hosts",
        "and more",
    ]
    for many in (
        {f"test/t{number}": ["?"] for number in range(100)},
        {"test/t": ["?"] * 50_000},
    ):
        file.path.write_text(json.dumps(many))
        with pytest.raises(ConfigurationError) as raised:
            opened(file)
        assert str(raised.value).count("'?' is not a host name and a port; ") == 8
        assert str(raised.value).endswith("; and more")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"test/one": ["h1"] "test/two": []}', "is not JSON: .* line 1 column 21"),
        ("[]", "is a list, expected an object of topics and lists of their hosts"),
        ("7", "is a number, expected an object"),
        ("[" * 100_000, "is nested too deep"),
        ("\ufeff{}", "is not JSON: .*BOM"),
        ("\xff", "is not JSON: .*byte 0xff in position 0"),
    ],
)
def test_what_is_no_ring_is_told(file: File, content: str, told: str) -> None:
    """Where, or what else it is."""
    file.path.write_bytes(content.encode("latin-1" if content == "\xff" else "utf-8"))
    with pytest.raises(ConfigurationError, match=rf"ring\.json {told}"):
        opened(file)


def listen(file: File, options: str = "") -> None:
    zeromq.listen(parse_url(f"{file.client}{options}"), [TOPIC], "s1").close()


def test_a_missing_file_leaves_what_was_known(file: File, caplog: pytest.LogCaptureFixture) -> None:
    """It counts as a change: one warning when it goes, and it is read when it comes back."""
    found = opened(file)
    eventually(lambda: not (found.look() and found.changed()))
    file.path.unlink()
    assert found.changed()
    assert addresses(found) == ["tcp://127.0.0.1:7001"]
    assert not found.changed()
    assert len(caplog.records) == 1
    with pytest.raises(ConfigurationError, match="No such file"):
        opened(file)
    file.write(LATER)
    assert addresses(found) == ["tcp://127.0.0.1:7002"]


def test_each_time_that_a_file_goes_is_told(file: File, caplog: pytest.LogCaptureFixture) -> None:
    """Also the second one, after it had come back."""
    found = opened(file)
    for content in (LATER, GOOD):
        file.path.unlink()
        found.look()
        file.write(content)
        assert addresses(found) == [f"tcp://{content['test/echo'][0]}"]
    assert len(caplog.records) == 2


def test_a_change_that_could_not_be_read_at_once_is_read_later(
    file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """It came while no descriptor was free, and nobody changes the file again."""
    found = opened(file)
    file.write(LATER)
    time.sleep(0.1)  # a file that has just changed is read again in any case
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        before = [endpoint.address for _ in range(3) for endpoint in found.look()]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert before == ["tcp://127.0.0.1:7001"] * 3
    assert ["Too many open files" in record.getMessage() for record in caplog.records] == [True]
    assert found.changed()
    assert addresses(found) == ["tcp://127.0.0.1:7002"]


def test_a_file_that_everybody_can_write_is_refused(
    file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """At start by an error, later by a warning; an option allows it."""
    found = opened(file)
    file.path.write_text(json.dumps(LATER))
    file.path.chmod(0o666)
    assert addresses(found) == ["tcp://127.0.0.1:7001"]
    assert "mode 0666" in caplog.text
    with pytest.raises(ConfigurationError, match="allow_writable=1"):
        opened(file)
    assert addresses(opened(file, "?allow_writable=1")) == ["tcp://127.0.0.1:7002"]
    file.path.chmod(0o644)
    assert addresses(found) == ["tcp://127.0.0.1:7002"]


def test_a_symbolic_link_counts_as_what_it_points_to(
    file: File, caplog: pytest.LogCaptureFixture
) -> None:
    """A link that is turned to another file is a change; the file behind it is checked, not the link."""
    first, second = file.path.with_name("first"), file.path.with_name("second")
    file.path.rename(first)
    second.write_text(json.dumps(LATER))
    file.path.symlink_to(first)
    found = opened(file)
    turned = file.path.with_name("turned")
    turned.symlink_to(second)
    os.replace(turned, file.path)
    assert addresses(found) == ["tcp://127.0.0.1:7002"]
    second.chmod(0o602)
    assert addresses(found) == ["tcp://127.0.0.1:7002"]
    assert "mode 0602" in caplog.text
    with pytest.raises(ConfigurationError, match="mode 0602"):
        opened(file)


def test_something_that_is_no_file_is_refused(file: File) -> None:
    """A pipe would make a reader wait."""
    file.path.unlink()
    os.mkfifo(file.path)
    with pytest.raises(ConfigurationError, match="not a regular file"):
        opened(file)


def test_readers_see_the_old_or_the_new(file: File) -> None:
    """While a file is replaced, and written in place, again and again, readers have one of its contents."""
    contents = [{"test/echo": [f"h{number}:7001"] * 200} for number in range(2)]
    file.write(contents[0])
    found = opened(file)
    stop = threading.Event()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            if number % 3:
                file.write(contents[number % 2])
            else:
                file.path.write_text(json.dumps(contents[number % 2]))

    writer = threading.Thread(target=rewrite)
    writer.start()
    logging.getLogger("rpcgen.zeromq").disabled = True
    try:
        seen = {tuple(addresses(found)) for _ in range(2000)}
    finally:
        logging.getLogger("rpcgen.zeromq").disabled = False
        stop.set()
        writer.join()
    assert seen == {("tcp://h0:7001",), ("tcp://h1:7001",)}


def test_a_server_listens_on_its_own_entry(file: File) -> None:
    """The entry of its topic that is an address of this host; `bind` where there are several, or none."""
    port = free_port()
    file.write(
        {"test/echo": [f"127.0.0.1:{port}", "192.0.2.1:7001"], "test/other": ["127.0.0.1:1"]}
    )
    listener = zeromq.listen(parse_url(file.client), [TOPIC], "s1")
    assert listener.addresses == (f"tcp://127.0.0.1:{port}",)
    listener.close()
    file.write({"test/echo": ["127.0.0.1:7001", "127.0.0.2:7001"]})
    with pytest.raises(ConfigurationError, match="has 2 addresses of this host for test/echo"):
        listen(file)
    file.write({"test/echo": ["192.0.2.1:7001"]})
    with pytest.raises(ConfigurationError, match="has 0 addresses"):
        listen(file)
    listen(file, "?bind=127.0.0.1:0")


@pytest.mark.parametrize(
    "bind",
    [
        *("7001", "h1", ":1", "a b:1", "h1:1;h2:2", "h1:x", "h1:65536"),
        *(f"h1:{'0' * 5000}", f"h1:{'1' * 5000}", "a..b:1", f"{'a' * 64}:1"),
    ],
)
def test_a_bad_bind_is_refused(file: File, bind: str) -> None:
    """It must be a host and a port."""
    with pytest.raises(BadUrl, match="option 'bind'"):
        listen(file, f"?bind={bind}")


@pytest.mark.parametrize("url", ["zmq+ring://etc/ring.json", "zmq+ring://"])
def test_a_url_without_a_path_is_refused(url: str) -> None:
    """Two slashes where three are meant is the usual mistake."""
    with pytest.raises(BadUrl, match="three slashes"):
        zeromq.connect(parse_url(url))


def test_a_host_that_is_taken_out_is_called_no_more(
    file: File, launch: Callable[..., ServerProcess], connect: Callable[[str], Client]
) -> None:
    """It still runs, and its connection ends in order; another that was put in takes over."""
    launch(file.server("s1"), "s1")
    client = connect(file.client)
    assert call(client, TOPIC, b"1") == "s1"
    second = file.server("s2")
    launch(second, "s2")
    file.write({"echo": [second.partition("bind=")[2]]})
    assert call(client, TOPIC, b"2") == "s2"
    file.write({})
    eventually(lambda: client.peer(TOPIC) is None)
    assert "nobody is there" in refusal(client, TOPIC)[0]


def test_a_host_is_called_for_what_it_is_listed_for(
    file: File, launch: Callable[..., ServerProcess], connect: Callable[[str], Client]
) -> None:
    """Taken off one topic and kept for another, or put back, on the same connection: calls and fanouts agree."""
    first, second = file.server("s1"), file.server("s2")
    launch(first, "s1")
    launch(second, "s2")
    client = connect(file.client)
    one, two = (place.partition("bind=")[2] for place in (first, second))
    for listed, names in (([two], {"s2"}), ([one, two], {"s1", "s2"}), ([two], {"s2"})):
        file.write({"test/echo": listed, "test/other": [one]})
        everyone, refused = client.fanout(TOPIC)
        assert {peer.name for peer in everyone} == names
        assert not refused
        assert {call(client, TOPIC, b"x") for _ in range(40)} == names
    assert client.driver.counters["lost"] == 0


def test_the_connection_to_a_host_that_is_taken_out_ends_behind_its_last_answer(
    file: File,
    launch: Callable[..., ServerProcess],
    connect: Callable[[str], Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As long as a call is under way there it stays, however long that is."""
    monkeypatch.setattr(engine, "PARTING", 0.02)
    launch(file.server("s1"), "s1")
    client = connect(file.client)
    links = client.driver._engine
    first = client.route(TOPIC)
    first.outstanding += 1
    second = file.server("s2")
    launch(second, "s2")
    file.write({"echo": [second.partition("bind=")[2]]})
    assert call(client, TOPIC, b"2") == "s2"
    assert set(links.histories) == links._listed  # should it be put in again, it is new
    part, looks = links._part, list[object]()
    monkeypatch.setattr(links, "_part", lambda link: (looks.append(link), part(link)))
    eventually(lambda: call(client, TOPIC, b"3") == "s2" and len(looks) >= 3)
    assert links._leaving == {first}
    first.outstanding -= 1
    eventually(lambda: client.peer(TOPIC) is not None and not links._leaving)


def test_a_host_that_is_taken_out_while_a_client_connects_is_not_called(
    file: File, launch: Callable[..., ServerProcess], connect: Callable[[str], Client]
) -> None:
    """The connection is given up when the server says who it is."""
    first = file.server("s1")
    launch(first, "s1")
    second = launch(file.server("s2"), "s2")
    second.pause()
    client = connect(file.client)
    assert call(client, TOPIC, b"1") == "s1"
    file.write({"echo": [first.partition("bind=")[2]]})
    eventually(lambda: client.peer(TOPIC) and len(client.driver._engine._listed) == 1)
    second.process.send_signal(signal.SIGCONT)
    eventually(lambda: call(client, TOPIC, b"2") == "s1" and client.driver.counters["refused"])
    assert {call(client, TOPIC, b"3") for _ in range(20)} == {"s1"}
