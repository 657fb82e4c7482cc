"""Base of generated asyncio clients."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from rpcgen.runtime.aio.transport import AsyncTransport
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.descriptors import explained
from rpcgen.runtime.errors import NotSent, VersionRejected
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.core.fleet import Fleet
    from rpcgen.runtime.transports import CoroutineTransport, World


class AsyncClient(Proxy["CoroutineTransport"]):
    """A client for asyncio; any number of tasks of one loop may use one. Generated subclasses add the methods.

    After using it: you must await `close()`, or use it as a context manager.
    """

    __slots__ = ()

    _world: ClassVar[World] = "asyncio"

    def _open(self, url: str) -> CoroutineTransport:
        return AsyncTransport(url)

    async def _call(
        self,
        method: Method[Args, Result],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Result:
        result: Result
        if self._speaks.auto:
            result = await self._call_auto(method, arguments, gone)
            return result
        call = self._new_call(method, "call", arguments, gone)
        if self._interceptors or call.crosses:
            result = await self._intercepted(call)
        else:
            await self._transport.call(call)
            result = call.plan.outcome(call)
        return result

    def _cast(
        self,
        method: Method[Args, Any],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Awaitable[Sent]:
        if self._speaks.auto:
            return self._cast_auto(method, arguments, gone)
        call = self._new_call(method, "cast", arguments, gone)
        if self._interceptors or call.crosses:
            return self._intercepted(call)
        return self._transport.cast(call)

    async def _cast_auto(
        self, method: Method[Any, Any], arguments: Any, gone: Mapping[str, Any] | None
    ) -> Sent:
        begun = await self._learn()
        sent: Sent = await self._intercepted(self._new_call(method, "cast", arguments, gone, begun))
        return sent

    async def _call_auto(
        self, method: Method[Any, Any], arguments: Any, gone: Mapping[str, Any] | None
    ) -> Any:
        """A call that a server refuses for its version was run by nobody: ask the servers, and write it anew."""
        begun = await self._learn()
        shape = self._speaks.shape
        call = self._new_call(method, "call", arguments, gone, begun)
        try:
            return await self._intercepted(call)
        except VersionRejected:
            await self._learn(anew=True)
            if self._speaks.shape is shape:
                raise
        return await self._intercepted(self._new_call(method, "call", arguments, gone, begun))

    async def _intercepted(self, call: Call) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            return await self._send(call)
        except Exception as error:
            failed = error
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

    async def _learn(self, *, anew: bool = False) -> float:
        """With pin `auto`: know what all running servers understand. When the caller began to wait.

        Args:
            anew: what is known turned out to be wrong.
        """
        begun = time.monotonic()
        fleet = cast("Fleet", self._speaks)
        if anew:
            fleet.doubt()
        if anew or fleet.due(begun):
            try:
                from rpcgen.runtime.aio.fleet import learn
            except OSError as error:  # it is loaded with the first question
                raise NotSent(f"the servers cannot be asked: {explained(error)}") from error

            patience = self._patience()
            await learn(fleet, self._transport, self._settings, patience, anew=anew)
        return begun

    async def can_send(self, method: str, argument: str | None = None) -> bool:
        """Whether messages of this client's version can hold a method, and an argument of it.

        Args:
            method: its name.
            argument: the name of an argument; None asks for the method alone.

        Raises:
            ConfigurationError: there is no such method or argument.
            NotSent: with pin `auto`, the servers have not said in time which versions they serve.
        """
        found = self._method_named(method)
        return await self._supports(found, () if argument is None else (argument,))

    async def _supports(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        if self._speaks.auto:
            await self._learn()
        return self._understands(method, arguments)

    async def close(self) -> None:
        """Close the connections, unless they belong to a transport that was passed in. Idempotent."""
        if self._speaks.round is not None:
            self._speaks.round.cancel()
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
