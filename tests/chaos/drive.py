"""One client of a campaign, as a process with many callers: `python -m tests.chaos.drive ORDERS`, until stdin ends.

The orders are JSON. Every call is written down before it is made, and when it has ended.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rpcgen.runtime import (
    NotSent,
    Rejected,
    RemoteError,
    Unknown,
    VersionPinned,
    VersionRejected,
)

from tests.chaos.asks import SCENARIOS, Ask
from tests.chaos.journal import Began, Ended, Journal, Version
from tests.packages import import_from

#: Seconds that a call may take: a hang becomes an outcome.
TIMEOUT = 10.0

#: The first that fits.
OUTCOMES: tuple[tuple[type[Exception], str], ...] = (
    (VersionPinned, "pinned"),
    (VersionRejected, "version"),
    (Rejected, "rejected"),
    (NotSent, "not_sent"),
    (Unknown, "unknown"),
    (RemoteError, "remote"),
    (Exception, "error"),
)


class Orders(Struct, frozen=True):
    """What a client is told.

    Attributes:
        pin: a version or the name of a release, `auto`, or nothing.
        newest: whether to use now and then what only the newest release has.
        pace: seconds between the calls of one caller.
    """

    scenario: str
    release: str
    directory: str
    url: str
    client: str
    world: str
    journal: str
    pin: str | None
    newest: bool
    callers: int
    pace: float


class Caller:
    """What callers of both worlds do before and after a call."""

    def __init__(self, orders: Orders, package: Any, client: Any, journal: Journal) -> None:
        self._orders = orders
        self._scenario = SCENARIOS[orders.scenario]
        self._release = self._scenario.releases[orders.release]
        self._package = package
        self._client = client
        self._journal = journal

    def begin(self, caller: int, number: int) -> tuple[Callable[[], Any], Callable[..., None]]:
        """The next call, and what is to be told its result, or its exception."""
        orders = self._orders
        ticket = f"{orders.client}-{caller}-{number}"
        newest = orders.newest and number % 3 == 2
        ask = self._release.ask(self._package, ticket, number, newest)
        if newest and orders.pin == "auto" and not self._can_send(ask):
            ask = self._release.ask(self._package, ticket, number, False)
        began = self._began(ask, ticket, newest)
        self._journal.write(began)

        def end(result: Any = None, error: Exception | None = None) -> None:
            self._journal.write(self._ended(began, result, error))

        method = getattr(self._client, ask.method)
        return lambda: method(**ask.arguments), end

    def _can_send(self, ask: Ask) -> bool:
        version: Version | None = self._client.version
        return version is not None and version >= ask.least

    def _began(self, ask: Ask, ticket: str, newest: bool) -> Began:
        pin = self._orders.pin
        unpinned, fixed = pin is None, self._scenario.oldest.version
        lost = ask.loses if not unpinned else []
        return Began(
            ticket,
            self._orders.client,
            ask.method,
            ask.cast,
            ask.expect,
            [name for name in self._scenario.canonical(ask.arguments) if name not in lost],
            self._may(ask, newest),
            time.monotonic(),
            least=ask.least if unpinned else None,
            pin=None if unpinned or pin == "auto" else fixed,
            reader=self._release.version if unpinned else None if pin == "auto" else fixed,
        )

    def _may(self, ask: Ask, newest: bool) -> list[str]:
        pin = self._orders.pin
        if pin == "auto":
            return ["ok"]
        if pin is not None:
            return ["ok"] if not newest or ask.sayable else ["pinned"]
        oldest = self._scenario.oldest.serves
        taken = any(major == ask.least[0] and minor >= ask.least[1] for major, minor in oldest)
        return ["ok"] if taken else ["ok", "version"]

    def _ended(self, began: Began, result: Any, error: Exception | None) -> Ended:
        now = time.monotonic()
        took = now - began.at
        if error is not None:
            outcome = next(name for cls, name in OUTCOMES if isinstance(error, cls))
            return Ended(began.ticket, outcome, now, took, f"{type(error).__name__}: {error}")
        got = {} if began.cast else self._scenario.canonical(result)
        return Ended(began.ticket, "ok", now, took, got=got)


def main(text: str) -> None:
    """Call."""
    orders = msgspec.json.decode(text, type=Orders)
    scenario = SCENARIOS[orders.scenario]
    package: Any = import_from(Path(orders.directory) / orders.release, scenario.package)
    journal = Journal(Path(orders.journal))
    if orders.world == "blocking":
        _drive(orders, package, journal)
    else:
        asyncio.run(_drive_async(orders, package, journal))


def _drive(orders: Orders, package: Any, journal: Journal) -> None:
    stop = threading.Event()
    scenario = SCENARIOS[orders.scenario]
    with getattr(package, f"{scenario.stem}Client")(
        orders.url, pin=orders.pin, timeout=TIMEOUT
    ) as client:
        caller = Caller(orders, package, client, journal)

        def run(which: int) -> None:
            number = 0
            while not stop.wait(orders.pace):
                call, end = caller.begin(which, number)
                number += 1
                try:
                    end(call())
                except Exception as error:
                    end(error=error)

        threads = [threading.Thread(target=run, args=(n,)) for n in range(orders.callers)]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        stop.set()
        for thread in threads:
            thread.join()


async def _drive_async(orders: Orders, package: Any, journal: Journal) -> None:
    stopped = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    scenario = SCENARIOS[orders.scenario]
    async with getattr(package, f"Async{scenario.stem}Client")(
        orders.url, pin=orders.pin, timeout=TIMEOUT
    ) as client:
        caller = Caller(orders, package, client, journal)

        async def run(which: int) -> None:
            number = 0
            while not (await asyncio.wait([stopped], timeout=orders.pace))[0]:
                call, end = caller.begin(which, number)
                number += 1
                try:
                    end(await call())
                except Exception as error:
                    end(error=error)

        await asyncio.gather(*(run(n) for n in range(orders.callers)))


if __name__ == "__main__":
    main(*sys.argv[1:])
