"""What passes a RabbitMQ node, as its own tracer copies it; and the same once more, published again.

Knows no message of ours: what is published again is what came, but for a mark that keeps it from coming again.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import amqp

from tests.rabbitd import RabbitServer

_TRACER = "amq.rabbitmq.trace"
#: What is published again says so by a property that nobody else uses.
_MARK, _REPLAYED = "cluster_id", "replayed"
#: Properties as the tracer lists them, where they have another name than py-amqp's.
_NAMES = {"headers": "application_headers"}


class Tap:
    """Sees everything that is published on a node's first virtual host.

    Args:
        broker: the node.
        replays: whether to publish everything a second time.

    Attributes:
        published: how often, by routing key.
    """

    def __init__(self, broker: RabbitServer, *, replays: bool = False) -> None:
        self.published: Counter[str] = Counter()
        self._broker = broker
        self._replays = replays
        self._came_by: deque[tuple[Any, str, str]] = deque()
        self._connection = broker.connect()
        self._channel = self._connection.channel()
        name, _, _ = self._channel.queue_declare(exclusive=True)
        self._channel.queue_bind(name, _TRACER, "publish.#")
        self._channel.basic_consume(name, no_ack=True, callback=self._came)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)

    def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):  # nothing came: look whether this is the end
                self._connection.drain_events(timeout=0.1)
            while self._came_by:
                self._channel.basic_publish(*self._came_by.popleft())

    def _came(self, traced: Any) -> None:
        told = traced.properties["application_headers"]
        [key] = told["routing_keys"]
        properties = told["properties"]
        if properties.get(_MARK) == _REPLAYED:
            return
        self.published[key] += 1
        if (
            self._replays
        ):  # later: to publish is to read what has come, and that would call this again
            named = {_NAMES.get(name, name): value for name, value in properties.items()}
            again = amqp.Message(traced.body, **named, **{_MARK: _REPLAYED})
            self._came_by.append((again, told["exchange_name"], key))

    def __enter__(self) -> Self:
        self._broker.evaluate('ok = rabbit_trace:start(<<"/">>).')
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._broker.evaluate('ok = rabbit_trace:stop(<<"/">>).')
        self._ended.set()
        self._thread.join(5.0)
        self._connection.close()
