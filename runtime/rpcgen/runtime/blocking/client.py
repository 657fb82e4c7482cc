"""Base of generated blocking clients."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport


class Client(Proxy["BlockingTransport"]):
    """A client for threads; any number of threads may use one. Generated subclasses add the interface's methods.

    After using it: you must call `close()`, or use it as a context manager.
    """

    __slots__ = ()

    def _open(self, url: str) -> BlockingTransport:
        return Transport(url)

    def _call(self, method: Method[Args, Result], arguments: Args) -> Result:
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
            result = self._intercepted(call, self._transport.call)
        else:
            self._transport.call(call)
            result = call.plan.outcome(call)
        return result

    def _cast(self, method: Method[Args, Any], arguments: Args) -> Sent:
        call = Call(
            self._plan(method),
            "cast",
            arguments,
            self._options,
            current_context(),
            time.monotonic(),
        )
        if self._interceptors:
            sent: Sent = self._intercepted(call, self._transport.cast)
            return sent
        return self._transport.cast(call)

    def _intercepted(self, call: Call, send: Any) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            sent = send(call)
            return sent if call.kind == "cast" else call.plan.outcome(call)
        except Exception as error:
            failed = error
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(call, failed)

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
