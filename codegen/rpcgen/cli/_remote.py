"""What the commands that talk to servers share: whom to ask, how they are found, and the interface that answers.

Imports the runtime only inside functions.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click
from rpcgen.cli._exit import Exit, Failure, nearest
from rpcgen.cli._seconds import Seconds

if TYPE_CHECKING:
    from rpcgen.cli._contract import Contract
    from rpcgen.runtime.peers import Found
    from rpcgen.runtime.rpcgen_meta import MetaClient
    from rpcgen.runtime.url import TransportUrl

#: Seconds that a command waits, unless it is told otherwise.
TIMEOUT = 10.0

#: Servers that do not answer whose reasons an error gives.
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Where:
    """Whom to ask: a URL, and which of the servers behind it."""

    url: str
    server: str | None = None
    exchange: str | None = None
    topic: str | None = None
    timeout: float = TIMEOUT

    def found(self) -> Sequence[Found]:
        """The servers and topics that the options do not exclude.

        Raises:
            Failure: there is none.
        """
        return [one for one in self.known() if not one.error]

    def known(self) -> Sequence[Found]:
        """The same, and those that should be there and do not answer.

        Raises:
            Failure: there is none that answers.
        """
        from rpcgen.runtime.transport import find_driver

        opened = find_driver(self.url)
        listed = opened.driver.discover(opened.url, self.timeout)
        found = [one for one in listed if self._admits(one)]
        if all(one.error for one in found):
            raise self._nobody(opened.url, found, [one for one in listed if not one.error])
        return found

    def _nobody(
        self, url: TransportUrl, silent: Sequence[Found], others: Sequence[Found]
    ) -> Failure:
        """What to raise if none answers: which were asked for, why those that are known are silent, and who is there."""
        wanted = [
            f"{what} {name!r}"
            for what, name in (
                ("server", self.server),
                ("topic", self.topic),
                ("exchange", self.exchange),
            )
            if name is not None
        ]
        text = " ".join(["nobody serves", *wanted, "at", str(url)])
        if silent:
            reasons = dict.fromkeys(f"{_name(one)}: {one.error}" for one in silent)
            text = f"{text} ({'; '.join([*reasons][:_SHOWN])})"
        if others:
            names = sorted({f"{one.server} ({one.topic})" for one in others})
            text = f"{text}; found: {', '.join(names)}"
        if url.scheme == "memory":
            text = f"{text}; memory:// reaches servers of the same process only"
        return Failure(text, Exit.UNREACHABLE)

    def _admits(self, found: Found) -> bool:
        pairs = (
            (self.server, found.server),
            (self.topic, found.topic),
            (self.exchange, found.exchange),
        )
        return all(wanted is None or is_ in (wanted, "") for wanted, is_ in pairs)

    def narrowed(self) -> Where:
        """The same with exchange and topic filled in, from what is found."""
        if self.exchange is not None and self.topic is not None:
            return self
        first = self.found()[0]
        return replace(self, exchange=first.exchange, topic=first.topic)

    def served(self) -> list[ServedInterface]:
        """The interfaces that are served, by name, the newest version of each; one server is asked for each topic.

        Raises:
            Failure: nobody serves, or nobody tells what.
        """
        import json

        from rpcgen.cli._contract import read_contract

        newest: dict[str, tuple[tuple[int, ...], ServedInterface]] = {}
        secret: set[str] = set()
        for exchange, topic in sorted({(one.exchange, one.topic) for one in self.found()}):
            with replace(self, exchange=exchange, topic=topic).meta() as meta:
                for served in meta.describe():
                    if served.contract is None:
                        secret.add(served.name)
                        continue
                    version = tuple(map(int, served.version.split(".")))
                    if served.name not in newest or newest[served.name][0] < version:
                        contract = read_contract(json.loads(served.contract))
                        fingerprint = bytes.fromhex(served.fingerprint)
                        newest[served.name] = (version, ServedInterface(contract, fingerprint))
        if not newest:
            raise Failure(
                f"the servers do not tell what {', '.join(sorted(secret))} has", Exit.NEGATIVE
            )
        return [newest[name][1] for name in sorted(newest)]

    def interface(self, name: str) -> ServedInterface:
        """One interface that is served.

        Raises:
            Failure: nobody serves it.
        """
        served = {one.contract.name: one for one in self.served()}
        if name not in served:
            advice = nearest(name, served) or f"; served: {', '.join(served)}"
            raise Failure(f"nobody serves {name!r} there{advice}")
        return served[name]

    @contextmanager
    def meta(self) -> Generator[MetaClient, None, None]:
        """A client of rpcgen.meta for the server, and with the time, that the options say."""
        from rpcgen.runtime.rpcgen_meta import MetaClient

        where = self.narrowed()
        with MetaClient(where.url, exchange=where.exchange, topic=where.topic) as client:
            yield client.prepare(server=where.server, timeout=where.timeout)


@dataclass(frozen=True, slots=True)
class ServedInterface:
    """An interface that a server told us of."""

    contract: Contract
    fingerprint: bytes


def topics_by_server(found: Iterable[Found]) -> dict[str, list[Found]]:
    """What was found, by server name, or by the address if that is all that is known, each with its topics."""
    servers: dict[str, list[Found]] = {}
    for one in found:
        servers.setdefault(_name(one), []).append(one)
    return servers


def _name(found: Found) -> str:
    return found.server or found.address


def where_options(function: Callable[..., None]) -> Callable[..., None]:
    """Add URL, --server, --topic, --exchange and --timeout; the command gets them as `where`."""

    @click.argument("url")
    @click.option("--server", metavar="NAME", help="Ask this server, not any.")
    @click.option("--topic", metavar="NAME", help="Ask servers of this topic only.")
    @click.option("--exchange", metavar="NAME", help="Ask servers of this exchange only.")
    @timeout_option
    @functools.wraps(function)
    def wrapper(
        url: str,
        server: str | None,
        topic: str | None,
        exchange: str | None,
        timeout: float,
        **others: Any,
    ) -> None:
        function(where=Where(url, server, exchange, topic, timeout), **others)

    return wrapper


timeout_option = click.option(
    "--timeout",
    type=Seconds(min=0.0, min_open=True),
    default=TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for an answer.",
)
