from __future__ import annotations

from typing import assert_type

from case_events import (
    AsyncEventsPublisher,
    AsyncEventsSubscriber,
    EventsPublisher,
    EventsSubscriber,
    Line,
    Moved,
    Step,
)
from rpcgen.runtime import AsyncEventServer, EventContext, EventServer, Sent


class Hears(EventsSubscriber):
    def step_made(self, ctx: EventContext, payload: Step) -> None:
        assert_type(payload.line, Line | None)
        assert_type(ctx.source, str)


class HearsLater(AsyncEventsSubscriber):
    async def moved(self, ctx: EventContext, payload: Moved) -> None:
        assert_type(payload.host, str | None)


def publish(publisher: EventsPublisher, step: Step) -> EventServer:
    assert_type(publisher.step_made(step), Sent)
    assert_type(publisher.prepare(require_route=True).close_(step), Sent)
    return EventServer("memory://shop", subscribers=[Hears()], group="readers")


async def publish_async(publisher: AsyncEventsPublisher, step: Step) -> AsyncEventServer:
    assert_type(await publisher.step_made(step), Sent)
    return AsyncEventServer("memory://shop", subscribers=[Hears(), HearsLater()])


def mistakes(publisher: EventsPublisher, step: Step) -> None:
    publisher.step_made()  # wrong
    publisher.step_made(Line(name="a"))  # wrong
    publisher.moved(step)  # wrong
    publisher.missing(step)  # wrong
    EventServer("memory://shop", subscribers=[HearsLater()])  # wrong


class Wrong(EventsSubscriber):
    def step_made(self, ctx: EventContext, payload: Moved) -> None: ...  # wrong
