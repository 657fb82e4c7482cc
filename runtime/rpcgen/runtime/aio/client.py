"""Base of generated asyncio clients."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rpcgen.runtime.aio.transport import AsyncTransport
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.speaks import Fleet
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.errors import VersionRejected
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import CoroutineTransport


class AsyncClient(Proxy["CoroutineTransport"]):
    """A client for asyncio; any number of tasks of one loop may use one. Generated subclasses add the methods.

    After using it: you must await `close()`, or use it as a context manager.
    """

    __slots__ = ()
    _gate = staticmethod(asyncio.Lock)

    def _open(self, url: str) -> CoroutineTransport:
        return AsyncTransport(url)

    async def _call(
        self,
        method: Method[Args, Result],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Result:
        if self._speaks.auto:
            await self._learn()
        call = self._new_call(method, "call", arguments, gone)
        result: Result
        if self._interceptors or call.crosses or self._speaks.auto:
            result = await self._intercepted(call)
        else:
            await self._transport.call(call)
            result = call.plan.outcome(call)
        return result

    async def _cast(
        self,
        method: Method[Args, Any],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Sent:
        if self._speaks.auto:
            await self._learn()
        call = self._new_cast(method, arguments, gone)
        if self._interceptors or call.crosses or self._speaks.auto:
            sent: Sent = await self._intercepted(call)
            return sent
        return await self._transport.cast(call)

    async def _intercepted(self, call: Call) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            return await self._send(call)
        except Exception as error:
            failed = error
            if isinstance(error, VersionRejected):
                self._speaks.doubt()
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(call, failed)

    async def _send(self, call: Call) -> Any:
        if call.kind == "cast":
            sent = await self._transport.cast(call)
            return call.plan.crossed(None) if call.crosses else sent
        await self._transport.call(call)
        outcome = call.plan.outcome(call)
        if not call.crosses:
            return outcome
        call.plan.crossed(outcome)
        return Sent(call.id, (call.peer.name if call.peer is not None else str(call.target),))

    async def _learn(self) -> None:
        """With pin `auto`: know what all running servers understand."""
        fleet = self._speaks
        if not isinstance(fleet, Fleet) or not fleet.due(time.monotonic()):
            return
        if fleet.learned and fleet.gate.locked():
            return  # somebody asks already, and what was known will do
        async with fleet.gate:
            if not fleet.due(time.monotonic()):
                return
            from rpcgen.runtime.aio.fleet import ask_fleet

            await ask_fleet(fleet, self._transport, self._settings)

    async def can_send(self, method: str, argument: str | None = None) -> bool:
        """Whether messages of this client's version can hold a method, and an argument of it.

        Args:
            method: its name.
            argument: the name of an argument; None asks for the method alone.

        Raises:
            ConfigurationError: there is no such method or argument.
        """
        found = self._method_named(method)
        return await self._supports(found, () if argument is None else (argument,))

    async def _supports(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        if self._speaks.auto:
            await self._learn()
        return self._understands(method, arguments)

    async def close(self) -> None:
        """Close the connections, unless they belong to a transport that was passed in. Idempotent."""
        if self._owns_transport:
            await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


class AsyncSupports:
    """Base of generated questions: what the servers that a client writes for understand."""

    __slots__ = ("_client",)

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def _supports(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        return await self._client._supports(method, arguments)  # pyright: ignore[reportPrivateUsage]
