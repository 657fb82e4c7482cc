"""Who can be found at a URL: every endpoint that the matchmaker names is connected to and asked.

What a record says may be out of date, and an address of a list says nothing, so only a server's own WELCOME counts.
Knows nothing of waiting for FDs: it looks every few milliseconds, for as long as a tool may wait.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from rpcgen.runtime.drivers.zeromq.engine import Engine
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.matchmakers import ANY_EXCHANGE, Endpoint, find_matchmaker
from rpcgen.runtime.errors import AuthError
from rpcgen.runtime.peers import Found
from rpcgen.runtime.url import TransportUrl

_PAUSE: Final = 0.002


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """See `DriverModule.discover`."""
    module = find_matchmaker(url)
    options = url.options(module.Options)
    matchmaker = module.matchmaker(url, options)
    engine = Engine(matchmaker, options, _ignore, _ignore)
    try:
        began = time.monotonic()
        end = began + timeout
        while not matchmaker.settled(began) and time.monotonic() < end:
            time.sleep(_PAUSE)
        endpoints = engine.look()
        for endpoint in endpoints:
            engine.connect(endpoint)
        while time.monotonic() < end and _progress(engine):
            time.sleep(_PAUSE)
        ready = [link for link in engine.links.values() if link.state == "ready"]
        if not ready:
            _check_admitted(engine)
        answered = [
            Found(exchange, topic, link.name, link.endpoint.address)
            for link in ready
            for exchange, topic in link.serves
        ]
        return sorted([*answered, *_silent(engine, endpoints, timeout)])
    finally:
        engine.close()
        engine.end()


def _progress(engine: Engine) -> bool:
    """Do what can be done now; whether anything is still under way."""
    for link in list(engine.links.values()):
        engine.observe(link)
        if link.state != "lost":
            engine.receive(link)
    engine.tick(time.monotonic())
    return any(link.state == "connecting" for link in engine.links.values())


def _silent(engine: Engine, endpoints: Sequence[Endpoint], timeout: float) -> Iterator[Found]:
    """Those of whom the matchmaker knows, and who have not answered; not those of whom only something was left behind."""
    for endpoint in endpoints:
        link, history = engine.links.get(endpoint.key), engine.history(endpoint)
        if history.gone or (link is not None and link.state == "ready"):
            continue
        error = str(history.error or f"no answer within {timeout:g} s")
        for exchange, topic in endpoint.serves or {("", "")}:
            where = "" if exchange == ANY_EXCHANGE else exchange
            yield Found(where, topic, endpoint.server or "", endpoint.address, error)


def _check_admitted(engine: Engine) -> None:
    """Raise AuthError if a server is there and does not talk to us."""
    for history in engine.histories.values():
        if isinstance(history.error, AuthError):
            raise AuthError(f"a server in {engine.matchmaker.where} refused us: {history.error}")


def _ignore(link: Link) -> tuple[()]:
    return ()  # nothing is sent here
