"""Publishers and event servers where there are no events, and publishers that record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, EventServer, Target, use_context
from rpcgen.runtime.testing import AsyncRecordingTransport, RecordingTransport

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from

#: Transports without events, and what the refusal says.
WITHOUT = {
    "zmq+ipc:///tmp/nowhere": "has no events",
    "zmq+tcp://127.0.0.1:9501": "has no events",
    "memory://nowhere?wire=oslo": "no events with wire=oslo",
    "amqp://localhost/nowhere?wire=oslo": "no events with wire=oslo",
}


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory: Path = tmp_path_factory.mktemp("news")
    compile_to(directory, INTERFACES / "news.yaml")
    return import_from(directory, "test_news")


def subscriber(news: Any) -> Any:
    def item_taken(_: object, ctx: Any, payload: Any) -> None:
        raise AssertionError("nothing is published")

    return type("Hears", (news.NewsSubscriber,), {"item_taken": item_taken})()


@pytest.mark.parametrize("url", WITHOUT)
def test_a_transport_without_events_is_refused_at_once(news: Any, url: str) -> None:
    """Neither a publisher nor an event server is made, and nothing is connected."""
    with pytest.raises(ConfigurationError, match=WITHOUT[url]):
        news.NewsPublisher(url)
    with pytest.raises(ConfigurationError, match=WITHOUT[url]):
        EventServer(url, subscribers=[subscriber(news)], group="readers")

    async def in_a_loop() -> None:
        news.AsyncNewsPublisher(url)

    with pytest.raises(ConfigurationError, match=WITHOUT[url]):
        asyncio.run(in_a_loop())


def test_a_publisher_of_the_other_world_is_refused(news: Any) -> None:
    """An event would be something to await, and go nowhere."""
    for publisher, transport in (
        (news.NewsPublisher, AsyncRecordingTransport()),
        (news.AsyncNewsPublisher, RecordingTransport()),
        (news.NewsPublisher, None),
    ):
        with pytest.raises(ConfigurationError, match=f"of type {type(transport).__name__}, expect"):
            publisher(transport)


def test_a_recording_transport_records_events(news: Any) -> None:
    """As casts, to a target that names the event."""
    transport = RecordingTransport()
    publisher = news.NewsPublisher(transport, source="test")
    with use_context(request_id="r1", fields={"user": "ann"}):
        publisher.item_taken(news.Item(name="screw"))
    (recorded,) = transport.messages
    assert recorded.target == Target("test", "news", event="item.taken")
    assert (recorded.kind, recorded.method, recorded.version) == ("cast", "item.taken", (1, 2))
    assert recorded.arguments == {"name": "screw"}
    assert recorded.context == {"user": "ann"}


def test_an_asyncio_one_does_too(news: Any) -> None:
    """The same in the other world."""
    transport = AsyncRecordingTransport()
    asyncio.run(news.AsyncNewsPublisher(transport).item_lost(news.Item(name="screw")))
    assert [each.method for each in transport.messages] == ["item.lost"]


def test_a_source_that_no_subscriber_would_read_is_refused(news: Any) -> None:
    """It has at most as many characters as other names on the wire."""
    with pytest.raises(ConfigurationError, match="source has 1025 characters"):
        news.NewsPublisher("memory://nowhere", source="x" * 1025)


@pytest.mark.parametrize("group", ["", "a/b", "\ud800", 5])
def test_a_group_that_cannot_be_named_is_refused(news: Any, group: Any) -> None:
    """Also what is no text at all."""
    with pytest.raises(ConfigurationError, match="group"):
        EventServer("memory://nowhere", subscribers=[subscriber(news)], group=group)


@pytest.mark.parametrize("source", ["\ud800", 5, None])
def test_a_source_that_cannot_travel_is_refused(news: Any, source: Any) -> None:
    """Where it is given, and not at each event."""
    with pytest.raises(ConfigurationError, match="source"):
        news.NewsPublisher("memory://nowhere", source=source)
