"""What servers and event servers of both worlds share before they start: settings, URLs, and the names in their logs."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Generic, Literal, TypeVar

from rpcgen.runtime import forks
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.core.handled import Handled, check_handlers
from rpcgen.runtime.core.once import Setting, check_marked
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.driver import AsyncListener, Listener
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.transport import Opened, find_driver

T = TypeVar("T")
ListenerT = TypeVar("ListenerT", Listener, AsyncListener)


#: What the log says of a transport that fails while a server stops; it is closed nevertheless.
CANNOT_WITHDRAW = "%s cannot withdraw at %s"


def listed(name: str, given: Iterable[T]) -> list[T]:
    """All of them; raises ConfigurationError for what is no list: callers without a type checker."""
    if isinstance(given, (str, bytes)) or not hasattr(given, "__iter__"):
        raise ConfigurationError(f"{name} is of type {type(given).__name__}, expected a list")
    return list(given)


class Life(Generic[ListenerT]):
    """Something that takes messages until it is stopped; `blocking/server.py` and `aio/server.py` have the rest of it.

    Attributes:
        server: its name.
    """

    server: str
    _serving: Serving
    #: Of what generation the process was that started it.
    _born: int

    def _begin(
        self,
        urls: str | Sequence[str],
        serving: Serving,
        executor: Literal["threads", "inline"],
        handled: Sequence[Handled],
        *,
        alone: bool = False,
    ) -> None:
        """Prepare; nothing is bound yet. Raises ConfigurationError."""
        self._serving = serving
        check_handlers(handled)
        several = [urls] if isinstance(urls, str) else listed("urls", urls)
        self._opened = [find_driver(url) for url in several]
        if not self._opened:
            raise ConfigurationError("a server needs at least one URL")
        if executor not in ("threads", "inline"):
            raise ConfigurationError(f"executor is {executor!r}, expected 'threads' or 'inline'")
        self._inline = executor == "inline"
        wires = frozenset(self._wire(opened).name for opened in self._opened)
        check_marked(handled, Setting(serving.settings.store, self._inline, wires, alone))
        self._listeners: list[ListenerT] = []
        self._prepare()

    def _prepare(self) -> None:
        """Make what the life of this kind of server needs."""
        raise NotImplementedError

    def _listen(self, opened: Opened) -> ListenerT:
        """Listen at one URL."""
        raise NotImplementedError

    def _wire(self, opened: Opened) -> Wire:
        """What messages look like there."""
        return opened.wire

    @property
    def _is_the_parents(self) -> bool:
        """Whether it was started before a fork: then stopping it is not for this process."""
        return bool(self._listeners) and forks.is_child(self._born)

    @property
    def _summary(self) -> str:
        """What it does, for a log line."""
        raise NotImplementedError

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, once it was started."""
        return tuple(address for listener in self._listeners for address in listener.addresses)

    @property
    def serving(self) -> Serving:
        """Counters and the state of the work."""
        return self._serving


def answer(source: Source, caller: Caller, frame: bytes) -> bool:
    """Answer by the way that a request came."""
    sent: bool = source.listener.send(caller, frame)
    return sent


@contextmanager
def stop_signals(handler: Callable[[int, FrameType | None], None]) -> Generator[None]:
    """Handle SIGTERM and SIGINT in a `with` block; elsewhere than on the main thread, signals are not ours to take."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
