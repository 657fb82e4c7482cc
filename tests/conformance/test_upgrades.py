"""Old and new clients and servers of one interface, generated from two releases of its file, on one topic."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, VersionPinned, VersionRejected

from tests.compiled import compile_to
from tests.conformance.worlds import Worlds
from tests.packages import INTERFACES, import_from


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The packages of both releases."""
    directory = tmp_path_factory.mktemp("fleet")
    made: dict[str, ModuleType] = {}
    for release in ("old", "new"):
        compile_to(directory / f"fleet_{release}", INTERFACES / "fleet" / f"{release}.yaml")
        made[release] = import_from(directory, f"fleet_{release}.test_fleet")
    return made


class Journal:
    """What handlers saw: the method, the version that the message named, and the arguments."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, tuple[int, int], dict[str, Any]]] = []
        self._more = threading.Condition()

    def note(self, ctx: Any, arguments: dict[str, Any]) -> None:
        with self._more:
            self.entries.append((ctx.method, ctx.needs, arguments))
            self._more.notify_all()

    def wait(self, count: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.entries) >= count, 10.0), self.entries


def endpoint(package: ModuleType, world: str, journal: Journal, state: str) -> Any:
    """An endpoint of a release; both worlds run the same handlers."""
    base = package.FleetEndpoint if world == "blocking" else package.AsyncFleetEndpoint

    def answer(name: str) -> Callable[..., Any]:
        def run(self: Any, ctx: Any, **arguments: Any) -> Any:
            journal.note(ctx, arguments)
            if name == "host":
                return arguments["host"]
            return package.State(state) if name == "state" else None if "fail" in name else name

        async def run_async(self: Any, ctx: Any, **arguments: Any) -> Any:
            return run(self, ctx, **arguments)

        return run if world == "blocking" else run_async

    handlers = {name: answer(name) for name in base.__abstractmethods__}
    return type("Fleet", (base,), handlers)()


def whole_cores(package: ModuleType) -> Any:
    """What readers that know whole cores alone are told."""
    told = {"down_host_cores_until_2_1": lambda self, value: int(value)}
    return type("Converters", (package.FleetServerConverters,), told)()


class Fleet:
    """Servers and clients of both releases on one topic."""

    def __init__(
        self, releases: dict[str, ModuleType], worlds: Worlds, new_url: Callable[[int], list[str]]
    ) -> None:
        self.releases = releases
        self.worlds = worlds
        self.journal = Journal()
        self.urls = new_url(2)

    def serve(self, release: str, number: int = 0, state: str = "busy") -> Any:
        world = self.worlds.server_world
        made = endpoint(self.releases[release], world, self.journal, state)
        name = f"s{number + 1}"
        converters = [whole_cores(self.releases["new"])] if release == "new" else []
        return self.worlds.server(
            self.urls[number], server=name, endpoints=[made], converters=converters
        )

    def client(self, release: str, **options: Any) -> Any:
        return self.worlds.client(self.releases[release], "Fleet", self.urls[-1], **options)


@pytest.fixture
def fleet(
    releases: dict[str, ModuleType], worlds: Worlds, new_url: Callable[[int], list[str]]
) -> Fleet:
    return Fleet(releases, worlds, new_url)


@pytest.mark.native
def test_an_old_client_and_a_new_server(fleet: Fleet) -> None:
    """Renamed arguments and methods arrive under today's names, defaults are filled, results are what it knows."""
    fleet.serve("new", state="gone")
    client = fleet.client("old")
    assert client.state(title="a") == "parked"
    assert client.shelve(title="a", force=True) == "shelve"
    assert client.old_one() == "old_one"
    host = fleet.releases["old"].Host(title="h", cores=3, note="n")
    assert client.host(host=host) == host
    client.failover_host(title="a", limit=3)
    fleet.journal.wait(5)
    assert fleet.journal.entries[0] == ("state", (1, 0), {"name": "a"})
    assert fleet.journal.entries[1] == (
        "shelve",
        (1, 1),
        {"name": "a", "force": True, "wait": True},
    )
    newest = fleet.releases["new"].Host(name="h", cores=3.0, note="n", rack=None)
    assert fleet.journal.entries[3][2] == {"host": newest}
    assert fleet.journal.entries[4] == (
        "failover_host",
        (1, 1),
        {"name": "a", "limit": 3, "reason": None},
    )


def test_a_value_that_older_readers_do_not_know_is_converted(fleet: Fleet) -> None:
    """By the program, in results alone: requests of older clients hold only what is a value today."""
    fleet.serve("new")
    new, old = fleet.client("new"), fleet.client("new", pin="2.0")
    host = fleet.releases["new"].Host(name="h", cores=2.0)
    assert new.host(host=fleet.releases["new"].Host(name="h", cores=2.5)).cores == 2.5
    assert old.host(host=host) == host
    with pytest.raises(VersionPinned, match=r"'host\.cores' needs 2\.1"):
        old.host(host=fleet.releases["new"].Host(name="h", cores=2.5))


def test_a_server_does_not_start_without_the_converters(fleet: Fleet) -> None:
    """It says which class it wants."""
    made = endpoint(fleet.releases["new"], fleet.worlds.server_world, fleet.journal, "busy")
    with pytest.raises(ConfigurationError, match="a subclass of FleetServerConverters"):
        fleet.worlds.raw_server(fleet.urls[0], server="s1", endpoints=[made])


def test_a_pinned_client_and_an_old_server(fleet: Fleet) -> None:
    """It speaks the old major: its names and types; and it reads what the old server answers."""
    fleet.serve("old", state="parked")
    client = fleet.client("new", pin="first")
    assert client.state(name="a") == "parked"
    host = fleet.releases["new"].Host(name="h", cores=3.0, note="n")
    assert client.host(host=host) == host
    client.failover(name="a", limit=3)
    assert client.old_one() == "old_one"
    fleet.journal.wait(4)
    assert ("failover_host", (1, 1), {"title": "a", "limit": 3}) in fleet.journal.entries
    client.prepare(pin="1.0").failover(name="b", limit=3)
    fleet.journal.wait(5)
    assert ("failover_host", (1, 0), {"title": "b", "limit": None}) in fleet.journal.entries


def test_what_the_pin_has_no_place_for_is_refused_before_anything_is_sent(fleet: Fleet) -> None:
    """With method, argument, version and pin; no hook sees it, and the server never hears of it."""
    fleet.serve("old")
    seen: list[Any] = []

    class Hook:
        def before_send(self, call: Any) -> None:
            seen.append(call)

        def after_send(self, call: Any, error: Any) -> None:
            seen.append(call)

    client = fleet.client("new", pin="first", interceptors=[Hook()])
    host = fleet.releases["new"].Host(name="h", cores=3.0, rack="r")
    refusals: list[tuple[Callable[[], Any], str | None, tuple[int, int] | None]] = [
        (lambda: client.shelve(name="a", wait=False), "wait", (2, 1)),
        (lambda: client.host(host=host), "host.rack", (2, 0)),
        (lambda: client.failover(name="a", reason="r"), "reason", (2, 1)),
        (lambda: client.prepare(pin="2.0").old_one(), None, None),
        (lambda: client.prepare(pin="3.0").state(name="a"), None, None),
    ]
    for ask, argument, needs in refusals:
        with pytest.raises(VersionPinned) as caught:
            ask()
        assert (caught.value.argument, caught.value.needs) == (argument, needs)
    assert not seen
    assert not fleet.journal.entries


@pytest.mark.native
def test_an_unpinned_client_is_refused_by_an_old_server(fleet: Fleet) -> None:
    """The major is not served; nothing ran."""
    fleet.serve("old")
    with pytest.raises(VersionRejected, match=r"served at 1\.2"):
        fleet.client("new").state(name="a")
    assert not fleet.journal.entries


@pytest.mark.native("amqp")  # hand-written servers do not say what they are
def test_auto_speaks_what_all_running_servers_understand(fleet: Fleet) -> None:
    """The oldest one counts, also for a fanout, which nobody would hear the refusal of."""
    fleet.serve("new", 0)
    old = fleet.serve("old", 1)
    client = fleet.client("new", pin="auto")
    assert client.can_send("shelve", "wait") is False
    assert client.version == (1, 2)
    with pytest.raises(VersionPinned, match=r"'reason' needs 2\.1, and the pin is 1\.2"):
        client.prepare(fanout=True).failover(name="a", reason="r")
    client.prepare(fanout=True).failover(name="a")
    fleet.journal.wait(2)
    assert {entry[0] for entry in fleet.journal.entries} == {"failover_host"}
    old.stop(0.0)
    fresh = fleet.client("new", pin="auto")
    assert fresh.shelve(name="a", wait=False) == "shelve"
    assert fresh.version == (2, 1)


@pytest.mark.native("amqp")  # hand-written servers do not say what they are
def test_auto_without_a_server_is_the_newest_version(fleet: Fleet) -> None:
    """There is nobody to hold back for."""
    client = fleet.client("new", pin="auto")
    assert client.can_send("shelve", "wait") is True
    assert client.version == (2, 1)


@pytest.mark.native("amqp")  # hand-written servers do not say what they are
def test_a_lost_cast_can_be_allowed(fleet: Fleet) -> None:
    """Then it is written as if there were no pin: those servers get it that understand it."""
    fleet.serve("old", 0)
    fleet.serve("new", 1)
    client = fleet.client("new", pin="auto", refuse_lost_casts=False)
    sent = client.prepare(fanout=True).failover(name="a", reason="r")
    assert len(sent.peers) == (1 if fleet.urls[0].startswith("amqp") else 2)
    fleet.journal.wait(1)
    assert fleet.journal.entries == [
        ("failover", (2, 1), {"name": "a", "limit": None, "reason": "r"})
    ]


def test_unknown_pins_are_an_error_at_construction(fleet: Fleet) -> None:
    """And in `prepare()`."""
    with pytest.raises(ConfigurationError, match=r"the pin is 'frist', expected .* first, second"):
        fleet.client("new", pin="frist")
    client = fleet.client("new", pin="second")
    assert client.version == (2, 0)
    with pytest.raises(ConfigurationError, match="frist"):
        client.prepare(pin="frist")


@pytest.mark.native
def test_two_builds_of_one_version_are_noticed_once(
    fleet: Fleet, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the first message; a pinned client, which speaks of another version than its build, is none."""
    fleet.serve("new")
    interface = fleet.releases["new"].FleetClient._interface
    with caplog.at_level(logging.WARNING, "rpcgen.server"):
        pinned = fleet.client("new", pin="1.2")
        pinned.state(name="a")
        assert "another build" not in caplog.text
        client = fleet.client("new")
        theirs = interface.fingerprint
        with monkeypatch.context() as patch:
            patch.setattr(interface, "fingerprint", bytes(32))
            client.state(name="a")  # its plan is made now, and keeps what it then knew
        assert interface.fingerprint == theirs
        client.state(name="a")
        client.state(name="a")
    assert caplog.text.count("another build of test.fleet 2.1") == 1
