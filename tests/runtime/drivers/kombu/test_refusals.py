"""What cannot be had over kombu's transports, and how that is said: before anything is sent, by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AuthError, BadUrl, ConfigurationError, Server
from rpcgen.runtime.drivers.kombu.carriers import facts
from rpcgen.runtime.drivers.kombu.carriers.facts import FACTS
from rpcgen.runtime.transport import find_driver

from tests.compiled import compile_to
from tests.conformance.lab import Bench, endpoint
from tests.packages import INTERFACES, import_from

#: URL -> what the error has to name: the transport, and what is the matter with it.
REFUSED = {
    "kombu+sqs://": r"'sqs' has no fanout.*use one of redis",
    "kombu+sqla://": r"'sqla' has no fanout",
    "kombu+zookeeper://host": r"'zookeeper' has no fanout",
    "kombu+kafka://host": r"'kafka' keeps a log",
    "kombu+amqp://host": r"'amqp' is AMQP itself, and amqp://",
    "kombu+sentinel://host": r"'sentinel' is not offered.*zmq\+redis",
    "kombu+reddis://host": r"no transport 'reddis'; did you mean 'redis'",
    "kombu://host": r"expected kombu\+TRANSPORT://",
    "kombu+://host": r"expected kombu\+TRANSPORT://",
    "kombu+redis://host?wire=oslo": r"no wire=oslo over kombu\+redis.*use amqp://",
    "kombu+redis://host?queue_type=quorum": r"unknown option 'queue_type'",
    "kombu+redis://host?poll=1": r"unknown option 'poll'",
    "kombu+redis://host1,host2": r"kombu\+redis has one host, found 2",
    "kombu+redis://host/shop": r"expected the number of a database",
    f"kombu+redis://host/{'1' * 5000}": r"expected the number of a database",
    "kombu+redis://a..b": r"'a\.\.b' is no name of a host",
    "kombu+redis://host?ca=x": r"option 'ca' is for kombu\+rediss",
    "kombu+redis://host?prefix=a.b": r"option 'prefix' is 'a\.b'",
    "kombu+redis://host?connect_timeout=nan": r"option 'connect_timeout' is nan, expected 0\.01 to 60",
    f"kombu+redis://host?max_message={'1' * 400}": r"option 'max_message' is 1{64}, expected 1 to",
    "kombu+filesystem://host/folder": r"without a host",
    "kombu+filesystem://": r"expected the path of a folder",
    "kombu+filesystem:///folder?poll=0": r"option 'poll' is 0, expected 0\.001 to 10",
}


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """An interface with a method that is delivered at least once."""
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


def connect(url: str) -> Any:
    opened = find_driver(url)
    return opened.driver.connect(opened.url)


@pytest.mark.parametrize("url", REFUSED)
def test_what_cannot_be_is_refused_at_once(url: str) -> None:
    """By an error that names the transport and what it lacks, with something that does not."""
    with pytest.raises(BadUrl, match=REFUSED[url]):
        connect(url)


def test_every_transport_of_kombu_is_known() -> None:
    """None is let through, or turned away, for want of a decision."""
    from kombu.transport import TRANSPORT_ALIASES

    assert {name.lower() for name in TRANSPORT_ALIASES} - FACTS.keys() == set()


def test_what_is_said_of_fanouts_is_what_kombu_says() -> None:
    """The transports that can be imported here have one, or have none, as the table says."""
    from kombu.transport import get_transport_cls

    for name in ("redis", "filesystem", "memory"):
        transport: Any = get_transport_cls(name)
        assert transport.Channel.supports_fanout
        assert "fanout" in transport.implements.exchange_type
        assert not FACTS[name].refused
    pyro: Any = get_transport_cls("pyro")
    assert not pyro.Channel.supports_fanout
    assert "fanout" in FACTS["pyro"].refused


@pytest.mark.parametrize("name", ["redis", "mongodb", "gcpubsub"])
def test_a_missing_package_is_named_with_what_brings_it(name: str) -> None:
    """In an installation without it; nobody has to know that it was an import that failed."""
    script = f"""
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("redis", "pymongo", "google"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
from rpcgen.runtime import ConfigurationError
from rpcgen.runtime.transport import find_driver
try:
    opened = find_driver("kombu+{name}://host")
    opened.driver.connect(opened.url)
except ConfigurationError as error:
    print(error)
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30.0, check=True
    )
    needs, install = FACTS[name].needs[0], FACTS[name].install
    assert f"kombu's transport {name!r} needs the Python package {needs!r}" in ended.stdout
    assert install in ended.stdout
    assert ended.stderr == ""


def test_an_older_kombu_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would leave queues behind."""
    monkeypatch.setattr(facts.metadata, "version", lambda name: "5.6.2")
    with pytest.raises(ConfigurationError, match=r"needs kombu 5\.7 or newer, found 5\.6\.2; pip"):
        connect("kombu+redis://host")
    monkeypatch.setattr(facts.metadata, "version", lambda name: "5.7.0rc1")
    connect("kombu+memory://x").close()


def test_at_least_once_is_refused(keep: ModuleType, url: str) -> None:
    """Nothing is sent, so nothing runs; the methods beside it work."""
    ran: list[str] = []

    def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        ran.append(ticket)

    def tell(_: object, ctx: Any, *, ticket: str) -> None:
        ran.append(ticket)

    def ask(_: object, ctx: Any, *, ticket: str, seconds: float) -> str:
        return ticket

    methods = {"order": order, "tell": tell, "ask": ask}
    endpoint = type("Keep", (keep.KeepEndpoint,), methods)()
    with Server(url, server="s1", endpoints=[endpoint]), keep.KeepClient(url) as client:
        name = url.partition(":")[0]
        with pytest.raises(
            ConfigurationError, match=rf"{name.replace('+', '.')} cannot deliver at_least_once"
        ):
            client.order(ticket="t1")
        assert client.ask(ticket="t2") == "t2"
    assert ran == []


def test_opening_costs_nothing_that_the_url_does_not_need() -> None:
    """Redis's client is imported for redis alone, and asyncio for asyncio; neither kombu for other transports."""
    script = """
import sys
from rpcgen.runtime.transport import find_driver
for url in ("memory://x", "kombu+memory://x"):
    opened = find_driver(url)
    opened.driver.connect(opened.url).close()
    print(sorted({"kombu.connection", "redis", "asyncio", "amqp.connection"} & sys.modules.keys()))
"""
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30.0, check=True
    )
    first, second = ended.stdout.splitlines()
    assert first == "[]"
    assert "redis" not in second
    assert "asyncio" not in second


def test_a_folder_that_others_can_read_is_refused(lab: ModuleType, tmp_path: Path) -> None:
    """Whoever may write there could call everything: nobody serves there, or calls, and is told why at once."""
    (tmp_path / "open").mkdir(mode=0o755)
    url = f"kombu+filesystem://{tmp_path}/open"
    with pytest.raises(ConfigurationError, match="expected 0700"):
        Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]).start()
    with lab.LabClient(url) as client, pytest.raises(AuthError, match="expected 0700"):
        client.add(a=1)


def test_the_table_of_the_docs_names_every_transport(place: Callable[[str], str]) -> None:
    """What can be used, and what cannot, is in the how-to."""
    page = (Path(__file__).parents[4] / "docs/how-to/run-over-kombu.md").read_text()
    for name in FACTS:
        assert f"`{name}`" in page
