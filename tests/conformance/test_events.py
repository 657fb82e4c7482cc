"""Events, from a publisher to those who subscribe."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import (
    BadArguments,
    ConfigurationError,
    Interceptor,
    InterfaceClash,
    Undeliverable,
    VersionPinned,
)

from tests.compiled import compile_to
from tests.conformance.conftest import OTHERS, chosen, name_of
from tests.conformance.newsroom import Newsroom, Notes, spread
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Worlds
from tests.packages import INTERFACES, import_from

pytestmark = pytest.mark.skipif(OTHERS is not None and not OTHERS.events, reason="it has no events")

#: Events are few; a machine that does much else needs its time for each.
LIMIT = 20.0

#: Scheme, world of the publishers, world of the subscribers.
COMBINATIONS = chosen(
    ("memory", "blocking", "blocking"),
    ("memory", "asyncio", "asyncio"),
    ("memory+json", "blocking", "asyncio"),
    ("amqp", "blocking", "asyncio"),
    ("amqp", "asyncio", "blocking"),
    ("kombu+redis", "blocking", "asyncio"),
    ("kombu+redis", "asyncio", "blocking"),
    ("kombu+filesystem", "blocking", "blocking"),
    ("kombu+filesystem", "asyncio", "asyncio"),
)


@pytest.fixture(params=COMBINATIONS, ids=name_of)
def combination(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    value: tuple[str, str, str] = request.param
    return value


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("news")
    compile_to(directory, INTERFACES / "news.yaml")
    return import_from(directory, "test_news")


@pytest.fixture
def room(news: ModuleType, new_url: Callable[[int], list[str]], worlds: Worlds) -> Newsroom:
    """In this order: all programs end before their folder does."""
    return Newsroom(news, worlds, new_url)


@pytest.fixture
def kombu(scheme: str) -> bool:
    """Whether it is a transport that keeps nothing but queues."""
    return scheme.startswith("kombu+")


def test_an_event_says_who_published_it_and_when(room: Newsroom) -> None:
    """Its handler gets the payload, and a context with source, priority, time, id and the publisher's fields."""
    notes, _ = room.hear("item_taken")
    publisher = room.publisher(source="shop.host1")
    sent = publisher.prepare(context={"user": "ann"}).item_taken(room.news.Item(name="screw"))
    eventually(lambda: notes.heard, LIMIT)
    ctx, payload = notes.heard[0]
    assert payload == room.news.Item(name="screw")
    assert (ctx.event, ctx.source, ctx.priority) == ("item.taken", "shop.host1", "audit")
    assert (ctx.id, ctx.fields, ctx.needs) == (sent.id.hex(), {"user": "ann"}, (1, 2))
    assert timedelta(0) <= datetime.now(UTC) - ctx.published < timedelta(minutes=1)
    assert (ctx.attempt, ctx.deadline, ctx.request_id) == (1, None, f"req-{ctx.id}")


def test_each_group_has_a_copy_and_its_members_share_it(room: Newsroom) -> None:
    """One member each of two groups hears an event; both members have some of the work."""
    others, _ = room.hear("item_taken", group="others")
    one, two = Notes(), Notes()
    for notes in (one, two):
        notes.go.clear()
        room.hear("item_taken", notes=notes, concurrency=1)
    publisher = room.publisher()
    names = [f"item{number}" for number in range(20)]
    for name in names:
        publisher.item_taken(room.news.Item(name=name))
    spread(one, two, LIMIT)
    for notes in (one, two):
        notes.go.set()
    eventually(lambda: len(one.heard) + len(two.heard) >= 20, LIMIT)
    eventually(lambda: len(others.heard) >= 20, LIMIT)
    assert sorted(one.names() + two.names()) == sorted(names)
    assert sorted(others.names()) == sorted(names)


def test_a_group_gets_what_was_published_while_nobody_ran(room: Newsroom) -> None:
    """P11: what is published for a group that was there before waits for its next member."""
    publisher = room.publisher()
    notes, server = room.hear("item_taken")
    server.stop()
    for number in range(10):
        publisher.item_taken(room.news.Item(name=f"item{number}"))
    again, _ = room.hear("item_taken")
    eventually(lambda: len(again.heard) >= 10, LIMIT)
    assert (sorted(again.names()), notes.heard) == ([f"item{number}" for number in range(10)], [])


def test_a_program_without_a_group_has_a_copy_of_its_own(room: Newsroom, kombu: bool) -> None:
    """Each hears what is published while it runs; a transport that would not miss it refuses."""
    if kombu:
        server = room.unstarted(room.subscriber(Notes(), "item_taken"))
        with pytest.raises(ConfigurationError, match="name a group"):
            server.start()
        return
    one, _ = room.hear("item_taken", group=None)
    two, server = room.hear("item_taken", group=None)
    publisher = room.publisher()
    publisher.item_taken(room.news.Item(name="first"))
    eventually(lambda: one.heard and two.heard, LIMIT)
    server.stop()
    publisher.item_taken(room.news.Item(name="second"))
    eventually(lambda: len(one.heard) == 2, LIMIT)
    assert two.names() == ["first"]


def test_only_what_is_defined_is_heard(room: Newsroom) -> None:
    """An event whose method is left alone is not subscribed to."""
    notes, _ = room.hear("item_lost")
    publisher = room.publisher()
    publisher.item_taken(room.news.Item(name="taken"))
    publisher.item_lost(room.news.Item(name="lost"))
    eventually(lambda: notes.heard, LIMIT)
    assert notes.names() == ["lost"]
    with pytest.raises(Undeliverable):
        publisher.prepare(require_route=True).item_taken(room.news.Item(name="taken"))


def test_nobody_subscribes(room: Newsroom) -> None:
    """It is fine unless the publisher says otherwise; a group without a running member is somebody."""
    publisher = room.publisher()
    strict = publisher.prepare(require_route=True)
    publisher.item_taken(room.news.Item(name="nobody"))
    with pytest.raises(
        Undeliverable, match=r"nobody subscribes to event 'item\.taken' of test/news"
    ):
        strict.item_taken(room.news.Item(name="nobody"))
    notes, server = room.hear("item_taken")
    strict.item_taken(room.news.Item(name="somebody"))
    eventually(lambda: notes.heard, LIMIT)
    server.stop()
    strict.item_taken(room.news.Item(name="later"))
    assert notes.names() == ["somebody"]


def test_a_payload_that_does_not_fit_is_not_published(room: Newsroom) -> None:
    """It is checked in full, as results are."""
    publisher = room.publisher()
    with pytest.raises(BadArguments, match=r"item\.taken: field 'name' is int") as raised:
        publisher.item_taken(room.news.Item(name=3))
    assert raised.value.path == "name"


def test_events_of_one_key_are_heard_in_order(room: Newsroom) -> None:
    """One after the other, while those of other keys go on."""
    notes, _ = room.hear("step_made")
    publisher = room.publisher()
    for number in range(30):
        publisher.step_made(room.news.Step(line=f"line{number % 3}", number=number))
    eventually(lambda: len(notes.heard) == 30, LIMIT)
    for line in range(3):
        numbers = [step.number for step in notes.payloads if step.line == f"line{line}"]
        assert numbers == list(range(line, 30, 3))


def test_what_has_waited_for_too_long_is_not_heard(room: Newsroom, kombu: bool) -> None:
    """`ttl` counts while no member runs; a transport that cannot count refuses to publish it, and to subscribe to it."""
    publisher = room.publisher()
    if kombu:
        with pytest.raises(ConfigurationError, match="ttl"):
            publisher.flash_seen(room.news.Item(name="old"))
        server = room.unstarted(room.subscriber(Notes(), "flash_seen"), group="readers")
        with pytest.raises(ConfigurationError, match="ttl"):
            server.start()
        return
    notes = Notes()
    _, server = room.hear("flash_seen", "item_taken", notes=notes, concurrency=1)
    notes.go.clear()
    publisher.item_taken(room.news.Item(name="long"))
    eventually(lambda: notes.heard, LIMIT)
    publisher.flash_seen(room.news.Item(name="old"))
    too_late = time.monotonic() + 1.0  # more than the `ttl`, and what it may be on its way
    eventually(lambda: server.serving.counters.expired or time.monotonic() > too_late, LIMIT)
    notes.go.set()

    def is_heard() -> bool:
        publisher.flash_seen(room.news.Item(name="new"))
        end = time.monotonic() + 1.0
        eventually(lambda: "new" in notes.names() or time.monotonic() > end)
        return "new" in notes.names()

    eventually(is_heard, LIMIT)  # one that takes so long on its way is too old as well
    first, *others = notes.names()
    assert (first, set(others)) == ("long", {"new"})


def test_at_least_once_is_refused_where_nothing_is_kept(room: Newsroom, kombu: bool) -> None:
    """The others publish and hear it."""
    job = room.news.Job(ticket="a", unit="pieces")
    publisher = room.publisher()
    if kombu:
        with pytest.raises(ConfigurationError, match="at least once"):
            publisher.job_done(job)
        server = room.unstarted(room.subscriber(Notes(), "job_done"), group="readers")
        with pytest.raises(ConfigurationError, match="at least once"):
            server.start()
        return
    notes, _ = room.hear("job_done")
    publisher.job_done(job)
    eventually(lambda: notes.heard, LIMIT)
    assert notes.payloads == [job]


class Watch(Interceptor):
    """What hooks were told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def before_send(self, call: Any) -> None:
        self.told.append(f"publishing {call.method}")

    def after_send(self, call: Any, error: Exception | None) -> None:
        self.told.append(f"published {type(error).__name__}")

    def before_handle(self, ctx: Any, arguments: Any) -> None:
        self.told.append(f"hearing {ctx.event} {arguments.payload.name}")

    def after_handle(self, ctx: Any, error: BaseException | None) -> None:
        self.told.append(f"heard {type(error).__name__}")


def test_hooks_and_context_surround_events_as_they_do_calls(room: Newsroom) -> None:
    """Interceptors see both ends, and what surrounds the publication surrounds the handler."""
    publishing, hearing = Watch(), Watch()
    notes, _ = room.hear("item_taken", interceptors=[hearing])
    publisher = room.publisher(interceptors=[publishing])
    publisher.prepare(context={"b": 2}).item_taken(room.news.Item(name="screw"))
    with pytest.raises(Undeliverable):
        publisher.prepare(require_route=True).item_lost(room.news.Item(name="screw"))
    eventually(lambda: len(hearing.told) == 2, LIMIT)
    assert publishing.told == [
        "publishing item.taken",
        "published NoneType",
        "publishing item.lost",
        "published Undeliverable",
    ]
    assert hearing.told == ["hearing item.taken screw", "heard NoneType"]
    assert notes.heard[0][0].fields == {"b": 2}


def test_a_handler_that_raises_stops_nobody(room: Newsroom) -> None:
    """It is logged and counted; the events after it are heard."""
    notes, server = room.hear("item_taken")
    publisher = room.publisher()
    note = notes.note

    def broken(ctx: Any, payload: Any) -> None:
        note(ctx, payload)
        raise RuntimeError("no luck")

    notes.note = broken  # type: ignore[method-assign]
    publisher.item_taken(room.news.Item(name="first"))
    eventually(lambda: server.serving.counters.failed == 1, LIMIT)
    notes.note = note  # type: ignore[method-assign]
    publisher.item_taken(room.news.Item(name="second"))
    eventually(lambda: server.serving.counters.handled == 1, LIMIT)
    assert len(notes.heard) == 2


def test_stopping_finishes_what_runs(room: Newsroom) -> None:
    """What a member has begun is done; what it has not is left to the group."""
    notes = Notes()
    notes.go.clear()
    _, server = room.hear("item_taken", notes=notes, concurrency=1)
    publisher = room.publisher()
    publisher.item_taken(room.news.Item(name="begun"))
    eventually(lambda: notes.running, LIMIT)
    notes.go.set()
    server.stop()
    assert (notes.running, server.serving.counters.handled) == ([], 1)


# --- versions ---------------------------------------------------------------------------------------------------------

OLD = """
rpcgen: 1
interface: test.news
version: "1.0"
target: {exchange: test, topic: news}
types:
  Item: {fields: {name: string}}
events:
  item.taken: {payload: Item}
"""

NEXT = """
rpcgen: 1
interface: test.news
version: "2.0"
serves: ["1.2"]
target: {exchange: test, topic: news}
types:
  Item:
    fields:
      label: {type: string, was: {"2.0": name}}
      note: string? since 1.1
events:
  item.taken: {payload: Item}
  item.found: {payload: Item, since: "2.0"}
"""


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The same interface before and after."""
    return {
        "old": compiled(tmp_path_factory.mktemp("old"), OLD),
        "next": compiled(tmp_path_factory.mktemp("next"), NEXT),
    }


def compiled(directory: Path, text: str) -> ModuleType:
    file = directory / "news.yaml"
    file.write_text(text.replace("test.news", f"test.news_{directory.name}"))
    compile_to(directory, file)
    package = import_from(directory, f"test_news_{directory.name}")
    # One interface, and two packages that one process can import.
    package.INTERFACE.name = package.INTERFACE.namespace = "test.news"
    for name in ("Publisher", "Subscriber"):
        stem = package_stem(directory)
        setattr(package, f"News{name}", getattr(package, f"{stem}{name}"))
        setattr(package, f"AsyncNews{name}", getattr(package, f"Async{stem}{name}"))
    return package


def package_stem(directory: Path) -> str:
    return "".join(part.capitalize() for part in f"news_{directory.name}".split("_"))


def test_readers_of_events_are_tolerant(room: Newsroom, versions: dict[str, ModuleType]) -> None:
    """An older subscriber passes over what it does not know, a newer one does without."""
    old = versions["old"]
    notes = Notes()
    server = room.unstarted(room.subscriber(notes, "item_taken", news=old), group="old")
    server.start()
    room.worlds.on_close(lambda: server.stop(0.0))
    newer, _ = room.hear("item_taken")
    room.publisher().item_taken(room.news.Item(name="new", note="n"))
    room.publisher(old).item_taken(old.Item(name="old"))
    eventually(lambda: len(notes.heard) == len(newer.heard) == 2, LIMIT)
    assert sorted(notes.names()) == sorted(newer.names()) == ["new", "old"]
    assert sorted(item.note or "" for item in newer.payloads) == ["", "n"]
    assert sorted(ctx.needs for ctx, _ in notes.heard) == [(1, 0), (1, 2)]


def test_majors_understand_each_other(room: Newsroom, versions: dict[str, ModuleType]) -> None:
    """A newer major hears events of one that it serves, and publishes them with a pin; others are refused and go on."""
    following = versions["next"]
    notes = Notes()
    server = room.unstarted(room.subscriber(notes, "item_taken", news=following), group="next")
    server.start()
    room.worlds.on_close(lambda: server.stop(0.0))
    old, older = room.hear("item_taken")
    room.publisher().item_taken(room.news.Item(name="from 1.2"))
    eventually(lambda: notes.heard and old.heard, LIMIT)
    assert notes.payloads == [following.Item(label="from 1.2")]

    room.publisher(following).item_taken(following.Item(label="from 2.0"))
    eventually(lambda: len(notes.heard) == 2 and older.serving.counters.rejected == 1, LIMIT)
    pinned = room.publisher(following, pin="1.2")
    pinned.item_taken(following.Item(label="pinned"))
    eventually(lambda: len(notes.heard) == 3 and len(old.heard) == 2, LIMIT)
    assert old.names() == ["from 1.2", "pinned"]
    with pytest.raises(VersionPinned, match=r"needs 2\.0"):
        pinned.item_found(following.Item(label="pinned"))


# --- mistakes ---------------------------------------------------------------------------------------------------------


def test_subscribers_that_make_no_sense_are_refused_at_start(room: Newsroom) -> None:
    """Each says what is wrong."""
    hears = room.subscriber(Notes(), "item_taken")
    with pytest.raises(InterfaceClash, match="two subscribers hear"):
        room.unstarted(hears, room.subscriber(Notes(), "item_taken"), group="readers")
    with pytest.raises(ConfigurationError, match="hears nothing: define one of item_taken"):
        room.unstarted(room.subscriber(Notes()), group="readers")
    with pytest.raises(ConfigurationError, match="is no subscriber"):
        room.unstarted(object(), group="readers")
    with pytest.raises(ConfigurationError, match="at least one subscriber"):
        room.unstarted(group="readers")
    with pytest.raises(ConfigurationError, match="group"):
        room.unstarted(hears, group="no/group")
    with pytest.raises(ConfigurationError, match="nobody knows the subscribers"):
        room.publisher(pin="auto")
