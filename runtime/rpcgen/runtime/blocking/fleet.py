"""Asking all running servers for their versions, for blocking clients with pin `auto`."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from rpcgen.runtime.core.call import Settings
from rpcgen.runtime.core.polling import DISCOVERY_TIMEOUT, Poll, spoken
from rpcgen.runtime.core.speaks import Fleet
from rpcgen.runtime.descriptor import Version
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.peers import Found

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport

#: Servers that are asked at the same time.
THREADS = 16


def ask_fleet(fleet: Fleet, transport: BlockingTransport, settings: Settings) -> None:
    """Ask the servers, and tell the fleet."""
    poll = Poll(fleet.interface, settings)
    servers = poll.concerned(transport.discover(DISCOVERY_TIMEOUT))

    def ask(found: Found) -> tuple[Version, ...]:
        call = poll.question(found, time.monotonic())
        try:
            transport.call(call)
            return spoken(fleet.interface, call.plan.outcome(call))
        except RpcgenError:  # gone, or too busy to say: believed to be as it was
            return ()

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        heard = list(pool.map(ask, servers))
    poll.tell(fleet, servers, heard, time.monotonic())
