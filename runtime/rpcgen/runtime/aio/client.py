"""Base of generated asyncio clients."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rpcgen.runtime.aio.transport import AsyncTransport
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import CoroutineTransport


class AsyncClient(Proxy["CoroutineTransport"]):
    """A client for asyncio; any number of tasks of one loop may use one. Generated subclasses add the methods.

    After using it: you must await `close()`, or use it as a context manager.
    """

    __slots__ = ()

    def _open(self, url: str) -> CoroutineTransport:
        return AsyncTransport(url)

    async def _call(self, method: Method[Args, Result], arguments: Args) -> Result:
        call = Call(
            self._plan(method),
            "call",
            arguments,
            self._options,
            current_context(),
            time.monotonic(),
        )
        result: Result
        if self._interceptors:
            result = await self._intercepted(call, self._transport.call)
        else:
            await self._transport.call(call)
            result = call.plan.outcome(call)
        return result

    async def _cast(self, method: Method[Args, Any], arguments: Args) -> Sent:
        call = Call(
            self._plan(method),
            "cast",
            arguments,
            self._options,
            current_context(),
            time.monotonic(),
        )
        if self._interceptors:
            sent: Sent = await self._intercepted(call, self._transport.cast)
            return sent
        return await self._transport.cast(call)

    async def _intercepted(self, call: Call, send: Callable[[Call], Awaitable[Any]]) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            sent = await send(call)
            return sent if call.kind == "cast" else call.plan.outcome(call)
        except Exception as error:
            failed = error
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(call, failed)

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
