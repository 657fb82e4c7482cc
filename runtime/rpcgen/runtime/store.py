"""What a durable store is to a server: where the effects of a handler are committed together with the id of its message.

A message that comes again, after what it asked for was committed, is acknowledged and not handled again. `dedup` marks
such a handler; programs bring the store of the database that they use, by `Store` or `AsyncStore`. This file knows no
database: `stores/sqlite.py` is an example, and knows one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from rpcgen.runtime.context import Context, held_by
from rpcgen.runtime.errors import ConfigurationError

T = TypeVar("T")
Handler = TypeVar("Handler", bound=Callable[..., object])

_MARK = "_rpcgen_dedup"


def dedup(handler: Handler) -> Handler:
    """Mark a handler: what it does by its server's store takes effect once for each message.

    It runs in a transaction, which it reaches by `store.connection(ctx)`; when it returns, the transaction is committed
    with the id of the message; when it raises, nothing of it remains. What it does by other means is not undone.
    """
    setattr(handler, _MARK, True)
    return handler


def is_marked(handler: object) -> bool:
    """Whether a handler runs in a transaction."""
    return getattr(handler, _MARK, False) is True


class BaseStore(ABC, Generic[T]):
    """What stores of both worlds share."""

    def connection(self, ctx: Context) -> T:
        """What the handler of `ctx` works with; only as long as it runs.

        Raises:
            ConfigurationError: the handler is not marked `dedup`, or its server has another store.
        """
        store, connection = held_by(ctx)
        if store is not self:
            raise ConfigurationError(
                f"{ctx.method or 'this'} does not run in a transaction of this store; expected a handler that is marked "
                "@dedup, while it runs, on a server that was given this store"
            )
        return cast("T", connection)


class Transaction(ABC, Generic[T]):
    """The transaction of one message. It is over after `commit` or `rollback`, also when those raise.

    Attributes:
        connection: what the handler gets.
    """

    connection: T

    @abstractmethod
    def commit(self, answer: bytes) -> None:
        """Make durable what was done by the connection, and the key with this answer: both or neither."""

    @abstractmethod
    def rollback(self) -> None:
        """Undo what was done by the connection; the key remains free."""


class Store(BaseStore[T]):
    """A store for plain handlers; used from several threads."""

    @abstractmethod
    def begin(self, key: bytes) -> Transaction[T] | bytes:
        """Begin the transaction of a message; or return the answer that was committed with its key before.

        If another one with this key is open, in any process that shares the store, wait until that has ended: a message
        that comes again must neither run beside the first nor be acknowledged before that is committed.

        Args:
            key: names the message, in at most 1,100 bytes. It has to be remembered for as long as copies may come.

        Raises:
            Exception: it cannot be begun now. The message is refused; one that is kept is tried again.
        """


class AsyncTransaction(ABC, Generic[T]):
    """As `Transaction`, for coroutine handlers. Whoever is cancelled while `commit` or `rollback` runs leaves none open."""

    connection: T

    @abstractmethod
    async def commit(self, answer: bytes) -> None:
        """See `Transaction.commit`."""

    @abstractmethod
    async def rollback(self) -> None:
        """See `Transaction.rollback`."""


class AsyncStore(BaseStore[T]):
    """A store for coroutine handlers; used in one loop."""

    @abstractmethod
    async def begin(self, key: bytes) -> AsyncTransaction[T] | bytes:
        """See `Store.begin`. Whoever is cancelled here leaves nothing open."""


AnyStore = Store[Any] | AsyncStore[Any]
