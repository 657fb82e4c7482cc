"""Base of generated blocking clients."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.speaks import Fleet
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.errors import VersionRejected
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.transports import BlockingTransport


class Client(Proxy["BlockingTransport"]):
    """A client for threads; any number of threads may use one. Generated subclasses add the interface's methods.

    After using it: you must call `close()`, or use it as a context manager.
    """

    __slots__ = ()
    _gate = staticmethod(threading.Lock)

    def _open(self, url: str) -> BlockingTransport:
        return Transport(url)

    def _call(
        self,
        method: Method[Args, Result],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Result:
        if self._speaks.auto:
            self._learn()
        call = self._new_call(method, "call", arguments, gone)
        result: Result
        if self._interceptors or call.crosses or self._speaks.auto:
            result = self._intercepted(call)
        else:
            self._transport.call(call)
            result = call.plan.outcome(call)
        return result

    def _cast(
        self,
        method: Method[Args, Any],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Sent:
        if self._speaks.auto:
            self._learn()
        call = self._new_cast(method, arguments, gone)
        if self._interceptors or call.crosses or self._speaks.auto:
            sent: Sent = self._intercepted(call)
            return sent
        return self._transport.cast(call)

    def _intercepted(self, call: Call) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            return self._send(call)
        except Exception as error:
            failed = error
            if isinstance(error, VersionRejected):
                self._speaks.doubt()
            raise
        finally:
            for interceptor in reversed(self._interceptors):
                interceptor.after_send(call, failed)

    def _send(self, call: Call) -> Any:
        if call.kind == "cast":
            sent = self._transport.cast(call)
            return call.plan.crossed(None) if call.crosses else sent
        self._transport.call(call)
        outcome = call.plan.outcome(call)
        if not call.crosses:
            return outcome
        call.plan.crossed(outcome)
        return Sent(call.id, (call.peer.name if call.peer is not None else str(call.target),))

    def _learn(self) -> None:
        """With pin `auto`: know what all running servers understand."""
        fleet = self._speaks
        if not isinstance(fleet, Fleet) or not fleet.due(time.monotonic()):
            return
        if fleet.learned and fleet.gate.locked():
            return  # somebody asks already, and what was known will do
        with fleet.gate:
            if not fleet.due(time.monotonic()):
                return
            from rpcgen.runtime.blocking.fleet import ask_fleet

            ask_fleet(fleet, self._transport, self._settings)

    def can_send(self, method: str, argument: str | None = None) -> bool:
        """Whether messages of this client's version can hold a method, and an argument of it.

        Args:
            method: its name.
            argument: the name of an argument; None asks for the method alone.

        Raises:
            ConfigurationError: there is no such method or argument.
        """
        found = self._method_named(method)
        return self._supports(found, () if argument is None else (argument,))

    def _supports(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        if self._speaks.auto:
            self._learn()
        return self._understands(method, arguments)

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


class Supports:
    """Base of generated questions: what the servers that a client writes for understand."""

    __slots__ = ("_client",)

    def __init__(self, client: Client) -> None:
        self._client = client

    def _supports(self, method: Method[Any, Any], arguments: Sequence[str]) -> bool:
        return self._client._supports(method, arguments)  # pyright: ignore[reportPrivateUsage]
