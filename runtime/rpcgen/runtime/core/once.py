"""Handlers that run in a transaction of the server's store (`store.py`): which may, and what the message is called there.

The shells begin, handle and commit, because waiting is theirs; the order is the same in both: what is answered is written
before the transaction is committed, and sent after it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from rpcgen.runtime.context import hold
from rpcgen.runtime.core.handled import Handled
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.descriptor import Method
from rpcgen.runtime.errors import ConfigurationError, Rejected
from rpcgen.runtime.store import (
    AnyStore,
    AsyncStore,
    AsyncTransaction,
    BaseStore,
    Store,
    Transaction,
)

AnyTransaction = Transaction[Any] | AsyncTransaction[Any]

#: Seconds after which a store that could not be used is worth another attempt.
RETRY_AFTER = 1.0

log = logging.getLogger("rpcgen.server")


class Setting(Struct, frozen=True):
    """What the handlers of one server run in.

    Attributes:
        inline: plain handlers run where requests are read.
        wires: the names of those that are spoken.
        alone: it hears events that it shares with nobody.
    """

    store: AnyStore | None
    inline: bool
    wires: frozenset[str]
    alone: bool


def check_marked(handled: Sequence[Handled], setting: Setting) -> None:
    """Raise ConfigurationError, with all there is to say, if a handler's mark cannot be kept here."""
    marked = [each for each in handled if each.marked]
    if setting.store is not None and not isinstance(setting.store, Store | AsyncStore):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        raise ConfigurationError(f"store is {setting.store!r}, expected a Store or an AsyncStore")
    if setting.store is not None and not marked:
        raise ConfigurationError("there is a store, and no handler is marked @dedup")
    said = [
        f"{each} is marked @dedup, and {problem}"
        for each in marked
        if (problem := _problem(each, setting))
    ]
    if said:
        raise ConfigurationError("; ".join(said))


def _problem(handled: Handled, setting: Setting) -> str:
    """Why one mark cannot be kept; empty if it can."""
    if setting.store is None:
        return "there is no store; give the server one (store=...)"
    wanted = AsyncStore if handled.coroutine else Store
    if isinstance(setting.store, AsyncStore) != handled.coroutine:
        kind = "a coroutine function" if handled.coroutine else "a plain function"
        return (
            f"is {kind}, which needs {_named(wanted)}; this store is {_named(type(setting.store))}"
        )
    if setting.inline and not handled.coroutine:
        return "waits for the store; executor='inline' is for handlers that never wait"
    if setting.wires != frozenset(["native"]):
        return "messages of wire=oslo have no ids of their own to be known by"
    if setting.alone:
        return "hears without a group; what comes again, comes to members of groups"
    if any(route.to == "fanout" for route in _routes(handled.method)):
        return f"{handled.method.name} can be cast to all servers, so that its copies are not repeats of each other"
    return ""


def _named(cls: type[BaseStore[Any]]) -> str:
    name = cls.__name__
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name}"


def _routes(method: Method[Any, Any]) -> list[Any]:
    """Of every version."""
    return [*method.routes, *(route for form in method.forms for route in form.routes)]


def unavailable(job: Job, repeats: Repeats, error: Exception) -> Rejected:
    """A transaction could not be begun: what the caller is told; the log says why."""
    held = repeats.worth(job.arrived, "store")
    if held is not None:
        log.error("%s cannot use the store%s", job.request.method, more(held), exc_info=error)
    return Rejected("this server cannot use its store now", retry_after=RETRY_AFTER)


def enter(job: Job, store: BaseStore[Any], transaction: AnyTransaction) -> None:
    """Let the handler reach its transaction."""
    hold(job.context, store, transaction.connection)


def leave(job: Job) -> None:
    """It cannot any more."""
    hold(job.context, None, None)


def written(job: Job, value: Any) -> bytes:
    """What a handler answered, to be committed, and sent now and to whoever asks again; raises BadResult."""
    return job.reply(value) if job.wants_reply else b""


def handle(job: Job, arguments: msgspec.Struct, transaction: Transaction[Any]) -> bytes:
    """Run a plain handler and commit; what to answer. If anything is raised, nothing was committed, as far as is known."""
    try:
        value = job.entry.call(job.context, arguments)
        answer = written(job, value)
    except BaseException:
        transaction.rollback()
        raise
    finally:
        leave(job)
    transaction.commit(answer)
    return answer
