"""Asking all running servers for their versions, for asyncio clients with pin `auto`.

The questions are asked in a task of their own, so that a caller who gives up gives up for itself alone: a client that
knows something goes on with that, and one that knows nothing yet waits as long as its caller would.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from rpcgen.runtime.core.call import Settings
from rpcgen.runtime.core.fleet import Fleet
from rpcgen.runtime.core.polling import DISCOVERY_TIMEOUT, PATIENCE, UNHEARD, Poll, spoken
from rpcgen.runtime.descriptor import Version
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError
from rpcgen.runtime.peers import Found

if TYPE_CHECKING:
    from rpcgen.runtime.transports import CoroutineTransport

log = logging.getLogger("rpcgen.client")

#: Servers that are asked at the same time.
TASKS = 64


async def learn(
    fleet: Fleet,
    transport: CoroutineTransport,
    settings: Settings,
    patience: float,
    *,
    anew: bool = False,
) -> None:
    """As in the blocking world: make sure that something is known, and ask again when that is due."""
    round_: asyncio.Task[Exception | None] | None = fleet.round
    if round_ is None:
        if not fleet.due(time.monotonic()):
            return
        round_ = fleet.round = asyncio.create_task(_run(fleet, transport, settings))
    if fleet.learned and not anew:
        return
    done, _ = await asyncio.wait([round_], timeout=min(patience, PATIENCE))
    if fleet.learned:
        return
    error = round_.result() if done and not round_.cancelled() else None
    if isinstance(error, AuthError | ConfigurationError):
        raise error
    raise NotSent(UNHEARD if error is None else f"{UNHEARD}: {error}") from error


async def _run(fleet: Fleet, transport: CoroutineTransport, settings: Settings) -> Exception | None:
    """One round; the reason for which it failed, if it did."""
    try:
        await _ask_all(fleet, transport, settings)
    except Exception as error:
        if fleet.learned:
            log.warning("could not ask the servers for their versions: %s", error)
            fleet.keep(time.monotonic())
        return error
    finally:
        fleet.round = None
    return None


async def _ask_all(fleet: Fleet, transport: CoroutineTransport, settings: Settings) -> None:
    poll = Poll(fleet.interface, settings)
    servers = poll.concerned(await transport.discover(DISCOVERY_TIMEOUT))
    heard: dict[str, tuple[Version, ...] | None] = dict.fromkeys(each.server for each in servers)
    limit = asyncio.Semaphore(TASKS)

    async def ask(found: Found) -> None:
        async with limit:
            call = poll.question(found, time.monotonic())
            try:
                await transport.call(call)
                heard[found.server] = spoken(fleet.interface, call.plan.outcome(call))
            except RpcgenError:  # gone, or too busy to say: believed to be as it was
                pass

    async with asyncio.TaskGroup() as tasks:
        for found in servers:
            tasks.create_task(ask(found))
    fleet.learn(heard, time.monotonic())
