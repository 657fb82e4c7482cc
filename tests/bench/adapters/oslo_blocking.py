"""oslo.messaging over RabbitMQ with threads, as it comes: every publication is confirmed, every message acknowledged.

Arguments are plain dicts, which it writes as JSON; its pool has as many connections as there are threads.
"""

from __future__ import annotations

from typing import Any

import oslo_messaging
from oslo_config import cfg

from tests.bench import sample
from tests.bench.adapter import OUTSTANDING, Calls, Spot, Tally
from tests.bench.load import BlockingLoad
from tests.rabbitd import PASSWORD, USER

COLD = """
import oslo_messaging
from oslo_config import cfg

transport = oslo_messaging.get_rpc_transport(cfg.CONF, url={url!r})
target = oslo_messaging.Target(topic="bench", version="1.0")
client = oslo_messaging.get_rpc_client(transport, target)
assert client.call({{}}, "add", a=1, b=2) == 3
transport.cleanup()
"""


def url(spot: Spot) -> str:
    where = f"{USER}:{PASSWORD}@127.0.0.1:{spot.port}/{spot.vhost}"
    return f"rabbit://{where}?rpc_conn_pool_size={OUTSTANDING + 1}"


def transport(spot: Spot) -> Any:
    return oslo_messaging.get_rpc_transport(cfg.CONF, url=url(spot))


class Bench:
    """The same service as a hand-written one."""

    target = oslo_messaging.Target(version="1.0")

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def add(self, ctxt: object, a: int, b: int) -> int:
        return a + b

    def echo(self, ctxt: object, instance: Any) -> Any:
        return instance

    def note(self, ctxt: object, number: int, word: str) -> None:
        self._tally.add()

    def handled(self, ctxt: object) -> int:
        return self._tally.handled


def serve(spot: Spot, tally: Tally) -> None:
    target = oslo_messaging.Target(topic="bench", server="bench")
    server = oslo_messaging.get_rpc_server(
        transport(spot), target, [Bench(tally)], executor="threading"
    )
    server.start()
    tally.ready()
    server.wait()


def load(spot: Spot) -> BlockingLoad:
    target = oslo_messaging.Target(topic="bench", version="1.0")
    client = oslo_messaging.get_rpc_client(transport(spot), target)
    instance = sample.instance()

    def cast() -> bool:
        client.cast({}, "note", number=sample.NOTE_NUMBER, word=sample.NOTE_WORD)
        return True

    calls: Calls[Any] = Calls(
        small=lambda: client.call({}, "add", a=1, b=2),
        echo=lambda: client.call({}, "echo", instance=instance),
        cast=cast,
        handled=lambda: client.call({}, "handled"),
    )
    return BlockingLoad(lambda: calls, expected_echo=instance, on_close=lambda: None)


def cold(spot: Spot) -> str:
    return COLD.format(url=url(spot))
