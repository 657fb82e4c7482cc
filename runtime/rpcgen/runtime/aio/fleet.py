"""Asking all running servers for their versions, for asyncio clients with pin `auto`."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from rpcgen.runtime.core.call import Settings
from rpcgen.runtime.core.polling import DISCOVERY_TIMEOUT, Poll, spoken
from rpcgen.runtime.core.speaks import Fleet
from rpcgen.runtime.descriptor import Version
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.peers import Found

if TYPE_CHECKING:
    from rpcgen.runtime.transports import CoroutineTransport

#: Servers that are asked at the same time.
TASKS = 64


async def ask_fleet(fleet: Fleet, transport: CoroutineTransport, settings: Settings) -> None:
    """Ask the servers, and tell the fleet."""
    poll = Poll(fleet.interface, settings)
    servers = poll.concerned(await transport.discover(DISCOVERY_TIMEOUT))
    limit = asyncio.Semaphore(TASKS)

    async def ask(found: Found) -> tuple[Version, ...]:
        async with limit:
            call = poll.question(found, time.monotonic())
            try:
                await transport.call(call)
                return spoken(fleet.interface, call.plan.outcome(call))
            except RpcgenError:  # gone, or too busy to say: believed to be as it was
                return ()

    heard = await asyncio.gather(*map(ask, servers))
    poll.tell(fleet, servers, heard, time.monotonic())
