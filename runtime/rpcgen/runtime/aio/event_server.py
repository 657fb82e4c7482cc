"""The subscriber's side for asyncio."""

from __future__ import annotations

from rpcgen.runtime.aio.server import AsyncLife
from rpcgen.runtime.driver import AsyncListener
from rpcgen.runtime.endpoint import AnySubscriber, AsyncSubscriber, Subscriber
from rpcgen.runtime.event_server import BaseEventServer
from rpcgen.runtime.transport import Opened


class AsyncEventServer(AsyncLife, BaseEventServer[AnySubscriber, AsyncListener]):
    """Runs async subscribers on a pool of tasks, and blocking ones on threads or inline, as `AsyncServer` does.

    `start()` begins, `stop()` drains and ends, `wait()` does the latter on SIGTERM or SIGINT; as an async context
    manager it starts on entry and stops on exit.
    """

    WORLD = (AsyncSubscriber, Subscriber)

    def _listen(self, opened: Opened) -> AsyncListener:
        return opened.events().subscribe_async(opened.url, self._subscription)
