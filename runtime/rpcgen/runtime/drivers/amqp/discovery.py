"""Who is there: a question to all servers, and what they answer within a while."""

from __future__ import annotations

from time import monotonic
from typing import Final

import msgspec
from rpcgen.runtime.core.codec import DECODE_ERRORS
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.lane import LaneClosed
from rpcgen.runtime.drivers.amqp.link import Link, LinkLost, soon
from rpcgen.runtime.drivers.amqp.message import Exchange, Message
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.errors import AuthError, ConfigurationError, InvalidTarget, NotSent
from rpcgen.runtime.peers import Found
from rpcgen.runtime.target import Target

#: Seconds of silence after which nobody else is expected to answer.
QUIET: Final = 0.25

#: Topics of one server, and servers, that are believed.
_MOST: Final = 4096

_REFUSED: Final = 403
_HERE = msgspec.msgpack.Decoder(tuple[str, list[tuple[str, str]]])


def discover(broker: Broker, timeout: float) -> list[Found]:
    """As `DriverModule.discover`.

    Raises:
        ConfigurationError: on this wire servers do not say who they are.
        NotSent: the broker does not answer in time, or does not let us in.
    """
    if isinstance(broker.options, OsloOptions):
        raise ConfigurationError(f"{broker.text}: with wire=oslo servers do not say who they are")
    error: LinkLost | LaneClosed | None = None
    end = monotonic() + timeout
    for host in broker.hosts:
        patience = min(broker.options.connect_timeout, max(0.01, end - monotonic()))
        try:
            link = Link(broker, host, "discovery", soon(patience))
        except (LinkLost, LaneClosed) as failure:
            error = failure
            continue
        try:
            return _ask(link, Names(broker.options.prefix), host, end)
        except (LinkLost, LaneClosed) as failure:
            error = failure
        finally:
            link.close(soon(0.5))
    refused = error is not None and error.code == _REFUSED
    raise (AuthError if refused else NotSent)(f"{broker.text}: {error}")


def _ask(link: Link, names: Names, host: object, end: float) -> list[Found]:
    found: set[Found] = set()
    last = monotonic()

    def came(message: Message) -> None:
        nonlocal last
        last = monotonic()
        if letters.is_ours(message, letters.HERE) and len(found) < _MOST:
            found.update(_read(message.body, str(host)))

    link.answer_by(max(end, soon(0.5)))
    lane = link.lane()
    queue, exchange = names.reply(), names.directory()
    lane.declare_queue(queue, exclusive=True, auto_delete=True)
    lane.declare_exchange(Exchange(exchange, "fanout"))
    lane.take(queue, "found", came, lambda tag: None, acknowledged=False)
    lane.publish(exchange, "", b"", letters.who(queue), mandatory=False)
    link.flush()
    last = monotonic()
    while (until := min(end, last + QUIET)) > monotonic():
        link.line.pause(until)
        link.receive()
    return sorted(found)


def _read(body: bytes, host: str) -> list[Found]:
    try:
        server, topics = _HERE.decode(body)
        targets = [Target(*topic, server) for topic in topics[:_MOST]]
    except (*DECODE_ERRORS, InvalidTarget):
        return []
    return [Found(target.exchange, target.topic, server, host) for target in targets]
