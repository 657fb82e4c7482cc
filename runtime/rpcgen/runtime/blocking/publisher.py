"""Base of generated blocking publishers."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.core.publishing import Publication
from rpcgen.runtime.descriptor import Event, Payload
from rpcgen.runtime.outlet import Outlet
from rpcgen.runtime.proxy import Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport, World


class Publisher(Outlet["BlockingTransport"]):
    """A publisher for threads; any number of threads may use one. Generated subclasses add a method for each event.

    After using it: you must call `close()`, or use it as a context manager.
    """

    __slots__ = ()

    _world: ClassVar[World] = "blocking"

    def _open(self, url: str) -> BlockingTransport:
        return Transport(url)

    def _publish(self, event: Event[Payload], payload: Payload) -> Sent:
        publication = self._new_publication(event, payload)
        if self._interceptors:
            return self._intercepted(publication)
        return self._transport.cast(publication)

    def _intercepted(self, publication: Publication) -> Sent:
        for interceptor in self._interceptors:
            interceptor.before_send(publication)
        failed: Exception | None = None
        try:
            return self._transport.cast(publication)
        except Exception as error:
            failed = error
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(publication, failed)

    def close(self) -> None:
        """Close the connections, unless they belong to a transport that was passed in. Idempotent."""
        if self._owns_transport:
            self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
