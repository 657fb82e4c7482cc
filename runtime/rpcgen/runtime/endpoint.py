"""What a server serves: base classes of generated endpoints and subscribers, and how handlers of each kind are run."""

from __future__ import annotations

from abc import ABC
from typing import ClassVar, Literal

from rpcgen.runtime.descriptor import Interface

#: `threads`: a pool, one thread a running request (blocking endpoints). `inline`: on the thread that reads the
#: requests, for handlers that never wait (blocking endpoints). `tasks`: one asyncio task a request (async endpoints).
ExecutorName = Literal["threads", "inline", "tasks"]


class Served(ABC):
    """Whatever has handlers."""

    _interface: ClassVar[Interface]
    #: Its handlers are coroutine functions.
    _coroutines: ClassVar[bool] = False
    #: Answered at once by whoever reads the request, beside all limits; for the built-in interface, which never waits.
    _immediate: ClassVar[bool] = False


class Endpoint(Served):
    """Base of generated endpoints whose handlers are plain functions."""


class AsyncEndpoint(Served):
    """Base of generated endpoints whose handlers are coroutine functions."""

    _coroutines = True


class Subscriber(Served):
    """Base of generated subscribers whose handlers are plain functions."""


class AsyncSubscriber(Served):
    """Base of generated subscribers whose handlers are coroutine functions."""

    _coroutines = True


AnyEndpoint = Endpoint | AsyncEndpoint
AnySubscriber = Subscriber | AsyncSubscriber
