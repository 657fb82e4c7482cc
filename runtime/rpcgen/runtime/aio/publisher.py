"""Base of generated asyncio publishers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from rpcgen.runtime.aio.transport import AsyncTransport
from rpcgen.runtime.core.publishing import Publication
from rpcgen.runtime.descriptor import Event, Payload
from rpcgen.runtime.outlet import Outlet
from rpcgen.runtime.proxy import Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import CoroutineTransport, World


class AsyncPublisher(Outlet["CoroutineTransport"]):
    """A publisher for asyncio; any number of tasks of one loop may use one. Generated subclasses add a method for each event.

    After using it: you must await `close()`, or use it as a context manager.
    """

    __slots__ = ()

    _world: ClassVar[World] = "asyncio"

    def _open(self, url: str) -> CoroutineTransport:
        return AsyncTransport(url)

    async def _publish(self, event: Event[Payload], payload: Payload) -> Sent:
        publication = self._new_publication(event, payload)
        if self._interceptors:
            return await self._intercepted(publication)
        return await self._transport.cast(publication)

    async def _intercepted(self, publication: Publication) -> Sent:
        for interceptor in self._interceptors:
            interceptor.before_send(publication)
        failed: Exception | None = None
        try:
            return await self._transport.cast(publication)
        except Exception as error:
            failed = error
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(publication, failed)

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
