"""Base of generated blocking clients."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.descriptor import Args, Method, Result
from rpcgen.runtime.descriptors import explained
from rpcgen.runtime.errors import NotSent, VersionRejected
from rpcgen.runtime.proxy import Proxy, Sent

if TYPE_CHECKING:
    from rpcgen.runtime.core.fleet import Fleet
    from rpcgen.runtime.transports import BlockingTransport, World


class Client(Proxy["BlockingTransport"]):
    """A client for threads; any number of threads may use one. Generated subclasses add the interface's methods.

    After using it: you must call `close()`, or use it as a context manager.
    """

    __slots__ = ()

    _world: ClassVar[World] = "blocking"

    def _open(self, url: str) -> BlockingTransport:
        return Transport(url)

    def _call(
        self,
        method: Method[Args, Result],
        arguments: Args,
        gone: Mapping[str, Any] | None = None,
    ) -> Result:
        result: Result
        if self._speaks.auto:
            result = self._call_auto(method, arguments, gone)
            return result
        call = self._new_call(method, "call", arguments, gone)
        if self._interceptors or call.crosses:
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
        begun = self._learn() if self._speaks.auto else None
        call = self._new_call(method, "cast", arguments, gone, begun)
        if self._interceptors or call.crosses:
            sent: Sent = self._intercepted(call)
            return sent
        return self._transport.cast(call)

    def _call_auto(
        self, method: Method[Any, Any], arguments: Any, gone: Mapping[str, Any] | None
    ) -> Any:
        """A call that a server refuses for its version was run by nobody: ask the servers, and write it anew."""
        begun = self._learn()
        shape = self._speaks.shape
        call = self._new_call(method, "call", arguments, gone, begun)
        try:
            return self._intercepted(call)
        except VersionRejected:
            self._learn(anew=True)
            if self._speaks.shape is shape:
                raise
        return self._intercepted(self._new_call(method, "call", arguments, gone, begun))

    def _intercepted(self, call: Call) -> Any:
        for interceptor in self._interceptors:
            interceptor.before_send(call)
        failed: Exception | None = None
        try:
            return self._send(call)
        except Exception as error:
            failed = error
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

    def _learn(self, *, anew: bool = False) -> float:
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
                from rpcgen.runtime.blocking.fleet import learn
            except OSError as error:  # it is loaded with the first question
                raise NotSent(f"the servers cannot be asked: {explained(error)}") from error

            patience = self._patience()
            learn(fleet, self._transport, self._settings, patience, anew=anew)
        return begun

    def can_send(self, method: str, argument: str | None = None) -> bool:
        """Whether messages of this client's version can hold a method, and an argument of it.

        Args:
            method: its name.
            argument: the name of an argument; None asks for the method alone.

        Raises:
            ConfigurationError: there is no such method or argument.
            NotSent: with pin `auto`, the servers have not said in time which versions they serve.
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
