"""Interceptors, the built-in interface, executors, and what a program sees when it holds a server wrong."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, Token
from types import ModuleType
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import (
    BadUrl,
    ConfigurationError,
    Context,
    Interceptor,
    InterfaceClash,
    InvalidTarget,
    Rejected,
    Unauthenticated,
)
from rpcgen.runtime import rpcgen_meta as meta_package

from tests.conformance.conftest import Lab
from tests.conformance.lab import async_endpoint, endpoint
from tests.conformance.waiting import eventually


class Trail(Interceptor):
    """Notes what passes."""

    def __init__(self, name: str, trail: list[str]) -> None:
        self._name = name
        self._trail = trail

    def before_send(self, call: Any) -> None:
        self._trail.append(f"{self._name} before_send {call.method}")
        call.fields = {**call.fields, "seen_by": self._name}

    def after_send(self, call: Any, error: Exception | None) -> None:
        self._trail.append(f"{self._name} after_send {type(error).__name__}")

    def before_handle(self, ctx: Context, arguments: msgspec.Struct) -> None:
        self._trail.append(f"{self._name} before_handle {ctx.method}")
        if ctx.fields.get("user") == "mallory":
            raise Unauthenticated("nobody knows mallory")

    def after_handle(self, ctx: Context, error: BaseException | None) -> None:
        self._trail.append(f"{self._name} after_handle {type(error).__name__}")


def test_interceptors_surround_messages_on_both_sides(labs: Lab) -> None:
    """Hooks run in order before and in reverse after, see errors, and may change the context."""
    trail: list[str] = []
    client = labs.open(
        client={"interceptors": [Trail("a", trail), Trail("b", trail)]},
        interceptors=[Trail("s", trail)],
    )
    assert client.report().fields == {"seen_by": "b"}
    assert trail == [
        "a before_send report",
        "b before_send report",
        "s before_handle report",
        "s after_handle NoneType",
        "b after_send NoneType",
        "a after_send NoneType",
    ]
    trail.clear()
    with pytest.raises(labs.package.Broken):
        client.fail(how="declared")
    assert trail[2:] == [
        "s before_handle fail",
        "s after_handle Broken",
        "b after_send Broken",
        "a after_send Broken",
    ]


def test_interceptors_do_not_meet_the_built_in_interface(labs: Lab) -> None:
    """Neither before its requests nor after them: who may ask what a server is, is not the program's to say."""
    trail: list[str] = []
    labs.open(interceptors=[Trail("s", trail)])
    meta_client(labs).describe()
    assert trail == []


def test_a_server_interceptor_may_refuse(labs: Lab) -> None:
    """A Rejected raised before the handler reaches the caller as its own class, and the handler does not run."""
    client = labs.open(interceptors=[Trail("s", [])])
    with pytest.raises(Unauthenticated, match="mallory"):
        client.prepare(context={"user": "mallory"}).both(text="x")
    client.prepare(context={"user": "ann"}).both(text="y")
    assert labs.bench.wait_for_notes(1) == ["y"]
    assert labs.servers[0].serving.counters.rejected == 1


#: Set for one request, and reset after it; and one that is forgotten there.
SPAN: ContextVar[str] = ContextVar("SPAN", default="unset")
LEFT: ContextVar[str] = ContextVar("LEFT", default="unset")


class Spans(Interceptor):
    """Sets variables round the requests of some users, as one does that traces them."""

    def __init__(self) -> None:
        self._tokens: dict[str, Token[str]] = {}
        self.seen: list[tuple[str, str]] = []

    def before_handle(self, ctx: Context, arguments: msgspec.Struct) -> None:
        self.seen.append((SPAN.get(), LEFT.get()))
        if user := ctx.fields.get("user"):
            self._tokens[user] = SPAN.set(user)
            LEFT.set(user)

    def after_handle(self, ctx: Context, error: BaseException | None) -> None:
        if user := ctx.fields.get("user"):
            self.seen.append((SPAN.get(), LEFT.get()))
            SPAN.reset(self._tokens.pop(user))
            self.seen.append((SPAN.get(), LEFT.get()))


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize("executor", [None, "inline"])
def test_what_an_interceptor_sets_is_one_requests_own(
    labs: Lab, executor: str | None, waits: bool
) -> None:
    """It finds after a handler what it set before, and can reset it; the next request finds nothing."""
    spans = Spans()
    options = {} if executor is None else {"executor": executor}
    if executor is not None and labs.worlds.server_world == "asyncio":
        pytest.skip("coroutines are never run inline")
    client = labs.open(interceptors=[spans], **options)
    ann = client.prepare(context={"user": "ann"})
    for _ in range(3):
        if waits:
            ann.nap(seconds=0.02)
        else:
            ann.report()
        client.report()
    unset = ("unset", "unset")
    assert spans.seen == [unset, ("ann", "ann"), ("unset", "ann"), unset] * 3


class Quitting(Interceptor):
    """Does what ends a program, or a task, after each handler."""

    def after_handle(self, ctx: Context, error: BaseException | None) -> None:
        raise SystemExit(3) if ctx.method == "report" else asyncio.CancelledError


def test_an_interceptor_that_quits_ends_nothing(
    labs: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    """Its request is answered, also if its handler failed, and those that come next find a server that is all there."""
    client = labs.open(interceptors=[Quitting()], concurrency=2)
    for _ in range(5):
        client.report()
        assert client.add(a=1) == 2
        with pytest.raises(labs.package.Broken):
            client.fail(how="declared")
    eventually(lambda: labs.servers[0].serving.work.held == 0)  # answers leave before
    said = [
        record.getMessage() for record in caplog.records if "interceptor" in record.getMessage()
    ]
    assert said == [f"an interceptor failed after {name}" for name in ("report", "add", "fail")] * 5


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_plain_handlers_see_what_interceptors_set(labs: Lab, executor: str) -> None:
    """Wherever they run, and in either world."""

    def greet(self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any) -> str:
        SPAN.set(f"{SPAN.get()} {name}")
        return SPAN.get()

    spans = Spans()
    labs.open(servers=0)
    plain = type(endpoint(labs.package, labs.bench, "s1"))
    labs.worlds.server(
        labs.urls[0],
        server="s1",
        endpoints=[type("Seeing", (plain,), {"greet": greet})()],
        executor=executor,
        interceptors=[spans],
    )
    for _ in range(3):
        assert labs.client.prepare(context={"user": "ann"}).greet(name="x") == "ann x"
        assert labs.client.greet(name="y") == "unset y"
    before, after, next_one = spans.seen[::4], spans.seen[2::4], spans.seen[3::4]
    assert before == next_one == [("unset", "unset")] * 3
    assert after == [("unset", "ann")] * 3  # it could be reset


@pytest.mark.parametrize("executor", ["inline", "threads", "tasks"])
def test_what_comes_meanwhile_finds_nothing_of_another_request(labs: Lab, executor: str) -> None:
    """Whatever brings it: perhaps a callback that was begun by what another handler did."""
    if executor == "tasks" and labs.worlds.server_world != "asyncio":
        pytest.skip("for asyncio servers")

    def handle(name: str) -> str:
        found = SPAN.get()
        SPAN.set(name)
        time.sleep(0.02)  # what comes meanwhile lies there until we are done
        return found

    def greet(self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any) -> str:
        return handle(name)

    async def greet_in_coroutine(
        self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any
    ) -> str:
        return handle(name)

    class Leaving(Interceptor):
        def before_handle(self, ctx: Context, arguments: msgspec.Struct) -> None:
            seen.append(LEFT.get())
            LEFT.set(ctx.request_id)

    seen: list[str] = []
    labs.open(servers=0)
    served: Any = (async_endpoint if executor == "tasks" else endpoint)(
        labs.package, labs.bench, "s1"
    )
    greets = greet_in_coroutine if executor == "tasks" else greet
    options = {} if executor == "tasks" else {"executor": executor}
    labs.worlds.server(
        labs.urls[0],
        server="s1",
        endpoints=[type("Leaves", (type(served),), {"greet": greets})()],
        interceptors=[Leaving()],
        **options,
    )
    clients = [labs.client, labs.worlds.client(labs.package, "Lab", labs.urls[0])]
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(clients[n % 2].greet, name=f"n{n}") for n in range(12)]
        found = {each.result(10.0) for each in asked}
    assert found == {"unset"}
    assert set(seen) == {"unset"}


def test_a_client_interceptor_may_stop_a_message(labs: Lab) -> None:
    """What before_send raises goes to the caller, and nothing is sent."""

    class Stop(Interceptor):
        def before_send(self, call: Any) -> None:
            raise PermissionError("not today")

    client = labs.open(client={"interceptors": [Stop()]})
    with pytest.raises(PermissionError):
        client.add(a=1)
    assert labs.servers[0].serving.counters.received == 0


def meta_client(labs: Lab) -> Any:
    return labs.worlds.client(meta_package, "Meta", labs.urls[-1], exchange="test", topic="lab")


def test_every_server_describes_itself(labs: Lab) -> None:
    """rpcgen.meta tells the interfaces, their versions and contracts, on the program's own topic."""
    labs.open()
    (served,) = meta_client(labs).describe()
    assert (served.name, served.namespace, served.version) == ("test.lab", "test.lab", "1.3")
    assert served.fingerprint == labs.package.INTERFACE.fingerprint.hex()
    assert "add" in json.loads(served.contract)["methods"]


def test_introspection_can_be_switched_off(labs: Lab) -> None:
    """A server that does not tell still says which interfaces and versions it serves."""
    labs.open(introspection=False)
    (served,) = meta_client(labs).describe()
    assert (served.name, served.contract) == ("test.lab", None)


def test_health_and_counters_answer_even_under_overload(labs: Lab) -> None:
    """The built-in interface is beside all limits."""
    client = labs.open(concurrency=1, queue=0)
    meta = meta_client(labs)
    assert (meta.health().state, meta.health().running) == ("ok", 0)
    napping = threading.Thread(target=lambda: client.nap(seconds=20.0))
    napping.start()
    assert labs.bench.started.wait(5.0)
    health = meta.health()
    assert (health.server, health.state, health.running, health.queued) == (
        "s1",
        "overloaded",
        1,
        0,
    )
    labs.bench.release.set()
    napping.join(5.0)
    assert meta.stats().counters["handled"] >= 1


def test_a_server_serves_several_interfaces_and_namespaces(labs: Lab, side: ModuleType) -> None:
    """Two interfaces share a topic; the namespace tells their methods of one name apart."""
    labs.open(servers=0)
    methods = {
        "ping": lambda self, ctx, *, text: f"pong {text}",
        "add": lambda self, ctx, *, a, b: a + b,
    }
    second = type("Side", (side.SideEndpoint,), methods)()
    first = labs.endpoint("s1")
    labs.worlds.server(labs.urls[0], server="s1", endpoints=[first, second])
    assert labs.client.add(a=1, b=2) == 3
    other = labs.worlds.client(side, "Side", labs.urls[-1])
    assert other.add(a="1", b="2") == "12"
    assert other.ping(text="x") == "pong x"
    described = {served.name: served.version for served in meta_client(labs).describe()}
    assert described == {"test.lab": "1.3", "test.side": "2.1"}


def test_plain_handlers_may_run_inline(labs: Lab) -> None:
    """With executor="inline" handlers of a blocking endpoint run where the requests are read."""
    if labs.worlds.server_world == "asyncio":
        pytest.skip("the blocking endpoint on an asyncio server has its own test")
    client = labs.open(executor="inline")
    assert [client.add(a=n) for n in range(20)] == list(range(1, 21))


@pytest.mark.parametrize("executor", ["inline", "threads"])
def test_asyncio_servers_run_plain_handlers(labs: Lab, executor: str) -> None:
    """An asyncio server serves a blocking endpoint, on threads or inline."""
    if labs.worlds.server_world != "asyncio":
        pytest.skip("for asyncio servers")
    labs.open(servers=0)
    labs.worlds.server(
        labs.urls[0],
        server="s1",
        endpoints=[endpoint(labs.package, labs.bench, "s1")],
        executor=executor,
    )
    assert [labs.client.add(a=n) for n in range(20)] == list(range(1, 21))
    with pytest.raises(labs.package.Broken):
        labs.client.fail(how="declared")
    if executor == "threads":
        assert labs.client.nap(seconds=0.05) is True


def test_blocking_servers_refuse_coroutine_endpoints(labs: Lab, lab: ModuleType) -> None:
    """An endpoint of the other world is an error that says which server runs it."""
    if labs.worlds.server_world != "blocking":
        pytest.skip("for blocking servers")
    labs.open(servers=0)
    with pytest.raises(ConfigurationError, match="AsyncServer"):
        labs.worlds.raw_server(labs.urls[0], endpoints=[async_endpoint(lab, labs.bench, "s1")])


def test_mistakes_at_construction_are_named(labs: Lab, lab: ModuleType) -> None:
    """Wrong URLs, names, limits and classes are errors where they are made."""
    labs.open(servers=0)
    good = labs.endpoint("s1")
    make = labs.worlds.raw_server
    url = labs.urls[0]
    with pytest.raises(BadUrl, match="did you mean"):
        make(url[0] + url, endpoints=[good])
    with pytest.raises(BadUrl, match=r"hwmm|unknown option"):
        make(url + ("&" if "?" in url else "?") + "hwmm=1", endpoints=[good]).start()
    with pytest.raises(InvalidTarget, match="wildcards"):
        make(url, server="a*", endpoints=[good])
    with pytest.raises(ConfigurationError, match="at least one endpoint"):
        make(url, endpoints=[])
    with pytest.raises(ConfigurationError, match="instance"):
        make(url, endpoints=[type(good)])
    with pytest.raises(ConfigurationError, match="concurrency"):
        make(url, endpoints=[good], concurrency=0)
    with pytest.raises(ConfigurationError, match="executor"):
        make(url, endpoints=[good], executor="fibres")
    with pytest.raises(TypeError, match="abstract"):
        type(good).__mro__[1]()
    assert issubclass(InterfaceClash, ConfigurationError)
    assert issubclass(Rejected, Exception)
