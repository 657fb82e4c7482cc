"""Which handlers may be marked, on which server; and what becomes of a message that comes again, without a broker."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import (
    AsyncServer,
    AsyncSqliteStore,
    AsyncStore,
    AsyncTransaction,
    BadResult,
    ConfigurationError,
    EventServer,
    Interceptor,
    Rejected,
    Server,
    SqliteStore,
    Store,
    Transaction,
    current_context,
    dedup,
)
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.target import Target

from tests.conformance.raw import Asking, RawClient, request, result_of
from tests.conformance.waiting import eventually
from tests.dedup.bank import Runs, async_endpoint, booked
from tests.ports import free_port

URL = "memory://marks"


class Broken(Store[None]):
    """A store that cannot be used."""

    def begin(self, key: bytes) -> Transaction[None] | bytes:
        raise OSError("the disk with the secrets is gone")


def nothing(_: object, ctx: Any, **arguments: Any) -> None:
    """A handler that nobody calls."""
    raise AssertionError


@pytest.fixture
def socket_url() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        yield f"zmq+ipc://{directory}/s"


# --- marks that cannot be kept ----------------------------------------------------------------------------------------


def test_a_server_without_a_store_does_not_start(served: Any) -> None:
    """All handlers are named at once."""
    with pytest.raises(ConfigurationError) as caught:
        Server(URL, endpoints=[served])
    assert str(caught.value) == (
        "Bank.pay is marked @dedup, and there is no store; give the server one (store=...); "
        "Bank.balance is marked @dedup, and there is no store; give the server one (store=...)"
    )


def test_a_store_that_nobody_uses_is_a_mistake(bank: Any, store: SqliteStore) -> None:
    """Somebody forgot the marks."""

    methods: dict[str, Any] = dict.fromkeys(("pay", "balance", "tell"), nothing)
    plain = type("Plain", (bank.BankEndpoint,), methods)()
    with pytest.raises(ConfigurationError, match="no handler is marked @dedup"):
        Server(URL, endpoints=[plain], store=store)


def test_what_is_no_store_is_refused(served: Any) -> None:
    """Such as the name of a file."""
    with pytest.raises(ConfigurationError, match=r"store is 's\.db', expected a Store"):
        Server(URL, endpoints=[served], store="s.db")  # type: ignore[arg-type]


async def test_each_kind_of_handler_needs_its_kind_of_store(
    bank: Any, store: SqliteStore, served: Any, folder: Path
) -> None:
    """A coroutine must not wait for a disk, and a plain function cannot await."""
    async_store = AsyncSqliteStore(folder / "s.db")
    coroutines = async_endpoint(bank, async_store, Runs(folder / "runs"), "s1")
    said = r"a coroutine function, which needs an AsyncStore; this store is a SqliteStore"
    with pytest.raises(ConfigurationError, match=said):
        AsyncServer(URL, endpoints=[coroutines], store=store)
    said = r"a plain function, which needs a Store; this store is an AsyncSqliteStore"
    with pytest.raises(ConfigurationError, match=said):
        AsyncServer(URL, endpoints=[served], store=async_store)


def test_handlers_that_wait_do_not_run_where_requests_are_read(
    served: Any, store: SqliteStore
) -> None:
    """Nothing else would be read meanwhile."""
    with pytest.raises(ConfigurationError, match="for handlers that never wait"):
        Server(URL, endpoints=[served], store=store, executor="inline")


def test_a_fanout_is_not_a_repeat(bank: Any, store: SqliteStore) -> None:
    """Its copies have one id, and every server is to run one."""

    @dedup
    def tell(_: object, ctx: Any, **arguments: Any) -> None: ...

    methods: dict[str, Any] = dict.fromkeys(("pay", "balance"), nothing)
    fans = type("Fans", (bank.BankEndpoint,), {**methods, "tell": tell})()
    with pytest.raises(ConfigurationError, match=r"Fans\.tell .* can be cast to all servers"):
        Server(URL, endpoints=[fans], store=store)


def test_messages_without_ids_cannot_be_told_apart(served: Any, store: SqliteStore) -> None:
    """Some programs of oslo.messaging send none."""
    with pytest.raises(ConfigurationError, match="wire=oslo have no ids of their own"):
        Server("amqp://localhost/?wire=oslo", endpoints=[served], store=store)


def test_who_hears_alone_gets_nothing_again(bank: Any, store: SqliteStore) -> None:
    """Only groups have copies that are kept."""

    @dedup
    def paid(_: object, ctx: Any, payload: Any) -> None: ...

    hears = type("Hears", (bank.BankSubscriber,), {"paid": paid})()
    with pytest.raises(ConfigurationError, match="hears without a group"):
        EventServer(URL, subscribers=[hears], store=store)
    EventServer(URL, subscribers=[hears], store=store, group="bills")


# --- what comes again -------------------------------------------------------------------------------------------------


def test_another_attempt_has_the_answer_of_the_first(
    served: Any, store: SqliteStore, folder: Path, socket_url: str
) -> None:
    """Its handler does not run again; the same attempt, which is a copy, is not answered at all."""
    with Server(socket_url, endpoints=[served], store=store) as server, ExitStack() as opened:
        client = opened.enter_context(closing(RawClient(socket_url, Target("test", "bank"))))
        first = request("balance", {"ticket": "a"}, namespace="test.bank", minor=0, reader=0)
        other = request("balance", {"ticket": "b"}, namespace="test.bank", minor=0, reader=0)
        answers: list[Any] = []
        for asked in (first, other, _attempt(first, 2), _attempt(first, 3)):
            answers.append(client.ask(asked))
            eventually(lambda: server.serving.work.held == 0)
        client.send(MSGPACK.encode(_attempt(first, 3)))
        assert [result_of(each) for each in answers] == [1, 2, 1, 1]
        counters = server.serving.counters
        eventually(lambda: counters.repeated == 1)
        assert (counters.received, counters.handled, counters.committed) == (5, 2, 2)
    assert Runs(folder / "runs").read() == [("s1", "a", 1), ("s1", "b", 1)]
    assert booked(folder / "s.db") == ["a", "b"]


def _attempt(asked: Any, attempt: int) -> Any:
    """What its client would send when it tries again."""
    return msgspec.structs.replace(asked, attempt=attempt)


#: What a store has that keeps its transaction in a context variable.
SESSION: ContextVar[str] = ContextVar("SESSION", default="none")


class Session(AsyncTransaction[str]):
    def __init__(self, store: Sessions) -> None:
        self.connection = SESSION.get()
        self._store = store

    async def commit(self, answer: bytes) -> None:
        self._store.ended.append((self.connection, SESSION.get()))

    async def rollback(self) -> None:
        raise AssertionError


class Sessions(AsyncStore[str]):
    """Notes what it found when a transaction began, and when it ended."""

    def __init__(self, *, waits: bool) -> None:
        self._waits = waits
        self.found: list[str] = []
        self.ended: list[tuple[str, str]] = []

    async def begin(self, key: bytes) -> Session:
        if self._waits:
            await asyncio.sleep(0)
        self.found.append(SESSION.get())
        SESSION.set(key.hex())
        return Session(self)


class Spans(Interceptor):
    """Notes whose context surrounds it."""

    def __init__(self) -> None:
        self.notes: list[bool] = []

    def before_handle(self, ctx: Any, arguments: Any) -> None:
        self.notes.append(current_context() is ctx)

    def after_handle(self, ctx: Any, error: BaseException | None) -> None:
        self.notes.append(current_context() is ctx)


@pytest.mark.parametrize("waits", [False, True])
async def test_a_session_in_a_variable_is_one_requests_own(bank: Any, waits: bool) -> None:
    """From its begin to its commit, also of those that run on one task."""
    store, spans = Sessions(waits=waits), Spans()

    @dedup
    async def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        return int(store.connection(ctx) == SESSION.get())

    methods: dict[str, Any] = dict.fromkeys(("pay", "tell"), nothing)
    served = type("Own", (bank.AsyncBankEndpoint,), {**methods, "balance": balance})()
    asked = [
        request("balance", {"ticket": f"{n}"}, namespace="test.bank", minor=0, reader=0)
        for n in range(20)
    ]

    def ask(address: str) -> dict[bytes, Any]:
        with Asking(address) as client:
            client.ask(*asked)
            return client.answers(len(asked))

    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    async with AsyncServer(url, endpoints=[served], store=store, interceptors=[spans]) as server:
        answers = await asyncio.to_thread(ask, server.addresses[0])
    assert [result_of(answers[each.id]) for each in asked] == [1] * 20
    assert store.found == ["none"] * 20
    assert len(store.ended) == 20
    assert all(begun == ended != "none" for begun, ended in store.ended)
    assert spans.notes == [True] * 40


def test_what_cannot_be_answered_is_not_committed(
    bank: Any, store: SqliteStore, folder: Path
) -> None:
    """The caller is told that it failed, so it has."""

    @dedup
    def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> Any:
        store.connection(ctx).execute("INSERT INTO booked VALUES (?, '')", (ticket,))
        return "no number"

    methods: dict[str, Any] = dict.fromkeys(("pay", "tell"), nothing)
    liar = type("Liar", (bank.BankEndpoint,), {**methods, "balance": balance})()
    with (
        Server(URL, endpoints=[liar], store=store),
        bank.BankClient(URL) as client,
        pytest.raises(BadResult),
    ):
        client.balance(ticket="a")
    assert booked(folder / "s.db") == []


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
async def test_a_store_that_fails_is_said_to_whoever_waits(
    bank: Any, served: Any, caplog: pytest.LogCaptureFixture, world: str
) -> None:
    """That nothing ran, and not why; the log says that."""
    client = bank.BankClient(URL)
    if world == "blocking":
        with Server(URL, endpoints=[served], store=Broken()), client:
            _is_refused(client)
    else:
        async with AsyncServer(URL, endpoints=[served], store=Broken()):
            with client:
                await asyncio.to_thread(_is_refused, client)
    assert "the disk with the secrets is gone" in caplog.text


def _is_refused(client: Any) -> None:
    with pytest.raises(Rejected) as caught:
        client.prepare(timeout=1.0).balance(ticket="a")
    assert str(caught.value) == "this server cannot use its store now"
    assert caught.value.retry_after == 1.0


def test_a_handler_is_told_when_it_has_no_transaction(bank: Any, store: SqliteStore) -> None:
    """It is not marked, or it has ended."""
    contexts: list[Any] = []

    @dedup
    def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        contexts.append(ctx)
        assert store.connection(ctx) is not None
        return 0

    def tell(_: object, ctx: Any, *, ticket: str) -> None:
        contexts.append(ctx)

    methods = {"pay": nothing, "balance": balance, "tell": tell}
    served = type("Curious", (bank.BankEndpoint,), methods)()
    with Server(URL, endpoints=[served], store=store), bank.BankClient(URL) as client:
        client.balance(ticket="a")
        client.tell(ticket="a")
        eventually(lambda: len(contexts) == 2)
    for ctx, method in zip(contexts, ("balance", "tell"), strict=True):
        with pytest.raises(ConfigurationError, match=f"{method} does not run in a transaction"):
            store.connection(ctx)


def test_what_waited_for_too_long_is_not_run(
    served: Any, bank: Any, store: SqliteStore, folder: Path
) -> None:
    """Its time was over before its turn came."""
    other = SqliteStore(folder / "s.db")
    in_the_way = other.begin(b"0")
    assert not isinstance(in_the_way, bytes)
    with Server(URL, endpoints=[served], store=store) as server, bank.BankClient(URL) as client:
        with pytest.raises(Exception, match=r"deadline|time"):
            client.prepare(timeout=0.2).balance(ticket="late")
        threading.Event().wait(0.1)
        in_the_way.rollback()
        eventually(lambda: server.serving.work.held == 0)
    assert booked(folder / "s.db") == []
