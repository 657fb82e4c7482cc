"""The subscriber's side for threads."""

from __future__ import annotations

from rpcgen.runtime.blocking.server import BlockingLife
from rpcgen.runtime.driver import Listener
from rpcgen.runtime.endpoint import Subscriber
from rpcgen.runtime.event_server import BaseEventServer
from rpcgen.runtime.transport import Opened


class EventServer(BlockingLife, BaseEventServer[Subscriber, Listener]):
    """Runs blocking subscribers.

    `start()` begins, `stop()` drains and ends, `wait()` does the latter on SIGTERM or SIGINT; as a context manager
    it starts on entry and stops on exit.
    """

    WORLD = (Subscriber,)

    def _listen(self, opened: Opened) -> Listener:
        return opened.events().subscribe(opened.url, self._subscription)
