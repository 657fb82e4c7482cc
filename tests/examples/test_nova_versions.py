"""nova's compute interface, method by method and pin by pin: what goes out, what arrives, what is refused.

The tables are written by hand, from what nova's own services send and accept.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from queue import SimpleQueue
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import Context, InvalidTarget, Rejected, Server, Target, VersionPinned
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CALL, CAST, Refusal, Reply, Request
from rpcgen.runtime.testing import AsyncRecordingTransport, RecordingTransport

from tests.conformance.raw import RawClient, request
from tests.examples.cases import Case, Sent, as_it_travels, async_outcome, outcome, parse, pins, use
from tests.examples.nova_changed import CHANGED
from tests.examples.nova_moved import MOVED
from tests.examples.nova_received import HEARD, UNHEARD, Heard, Unheard
from tests.examples.nova_unchanged import UNCHANGED
from tests.examples.nova_values import ANSWERS, INSTANCE, OlderClients, OlderWorkers, nova
from tests.examples.packages import generated, opaque, plain

CASES = [*UNCHANGED, *CHANGED, *MOVED]
ALL_PINS = set(pins("none 5.0..5.13 6.0..6.5"))
WORKERS = ("home", "named", "chosen", "source", "dest")

#: What each release understands.
RELEASES = {
    "queens": "5.0",
    "rocky": "5.0",
    "stein": "5.1",
    "train": "5.3",
    "ussuri": "5.11",
    "victoria": "5.12",
    "wallaby": "6.0",
    "xena": "6.0",
    "yoga": "6.0",
    "zed": "6.1",
    "antelope": "6.2",
    "bobcat": "6.2",
    "caracal": "6.3",
    "dalmatian": "6.3",
    "epoxy": "6.4",
    "flamingo": "6.4",
    "gazpacho": "6.5",
}

#: Calls that may take half an hour.
LONG = {
    "cache_images",
    "check_can_live_migrate_destination",
    "confirm_snapshot_based_resize_at_source",
    "finish_revert_snapshot_based_resize_at_source",
    "finish_snapshot_based_resize_at_dest",
    "pre_live_migration",
    "prep_snapshot_based_resize_at_dest",
    "prep_snapshot_based_resize_at_source",
    "reserve_block_device_name",
    "revert_snapshot_based_resize_at_dest",
    "set_host_enabled",
}


def id_of(case: Case | Heard | Unheard) -> str:
    """The method."""
    return case.method


@pytest.fixture
def transport() -> RecordingTransport:
    """Workers that answer what they would."""
    transport = RecordingTransport()
    for method, answer in ANSWERS.items():
        transport.answer(method, answer)
    return transport


@pytest.fixture
def client(transport: RecordingTransport) -> Any:
    """A client without a pin."""
    return nova.ComputeClient(transport, converters=OlderWorkers())


def test_tables_are_complete() -> None:
    """Every method has a case, and every case says what comes of every pin."""
    assert {case.method for case in CASES} == {method.name for method in nova.INTERFACE.methods}
    assert len(nova.INTERFACE.methods) == 44
    for case in CASES:
        said = [pin for pin, _ in case.by_pin()]
        assert sorted(said) == sorted(ALL_PINS), case


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_messages(client: Any, transport: RecordingTransport, case: Case) -> None:
    """At each pin exactly that goes out, or that is refused."""
    for pin, said in case.by_pin():
        assert (pin, outcome(client, transport, case, pin)) == (pin, as_it_travels(said))


async def test_messages_of_asyncio() -> None:
    """Clients of both worlds send the same."""
    transport = AsyncRecordingTransport()
    for method, answer in ANSWERS.items():
        transport.answer(method, answer)
    async with nova.AsyncComputeClient(transport, converters=OlderWorkers()) as client:
        for case in CASES:
            for pin, said in case.by_pin():
                assert await async_outcome(client, transport, case, pin) == as_it_travels(said)


@pytest.mark.parametrize(("release", "version"), RELEASES.items())
def test_release_names(
    client: Any, transport: RecordingTransport, release: str, version: str
) -> None:
    """The name of a release is a pin like its number."""
    assert nova.INTERFACE.releases == {name: parse(number) for name, number in RELEASES.items()}
    assert client.prepare(pin=release).version == parse(version)
    for case in CASES:
        by_name = outcome(client, transport, case, release)
        assert by_name == as_it_travels(dict(case.by_pin())[version])


def test_pin_of_the_constructor(transport: RecordingTransport) -> None:
    """A client may be pinned as a whole."""
    with nova.ComputeClient(transport, pin="victoria", converters=OlderWorkers()) as client:
        for case in CASES:
            said = as_it_travels(dict(case.by_pin())["5.12"])
            assert outcome(client, transport, case, "none") == said


@pytest.mark.parametrize(("pin", "shape"), [("5.14", "5.13"), ("5.99", "5.13"), ("6.6", "6.5")])
def test_newer_peers(client: Any, transport: RecordingTransport, pin: str, shape: str) -> None:
    """A peer that is newer than all we know of its major gets the last that we know."""
    for case in CASES:
        said = as_it_travels(dict(case.by_pin())[shape])
        assert outcome(client, transport, case, pin) == said


@pytest.mark.parametrize("pin", ["4.22", "7.0"])
def test_unserved_majors(client: Any, transport: RecordingTransport, pin: str) -> None:
    """To a major that is not served, nothing can be said at all."""
    for case in CASES:
        with pytest.raises(VersionPinned):
            use(client, case, pin)
    assert transport.messages == []


def test_refusals_are_errors_of_the_interface(client: Any) -> None:
    """The one exception is both the library's and nova's, and says what was asked, what it needs and what the pin is."""
    with pytest.raises(nova.UnsupportedRPCVersion) as caught:
        client.prepare(pin="zed").allow_share(instance=INSTANCE, share_mapping=INSTANCE)
    error: VersionPinned = caught.value
    assert isinstance(error, VersionPinned)
    assert (error.method, error.argument, error.needs, error.pin) == (
        "allow_share",
        None,
        (6, 4),
        (6, 1),
    )
    assert (caught.value.needed, caught.value.pinned) == ("6.4", "6.1")
    assert str(error) == "allow_share needs 6.4, and the pin is 6.1"


@pytest.mark.parametrize("pin", ["5.0", "5.13", "6.0", "6.5"])
def test_null_destinations(client: Any, transport: RecordingTransport, pin: str) -> None:
    """A message whose destination is null is refused, where nova would send it to any worker."""
    nowhere = opaque("Instance", uuid="6f70", host=None)
    pinned = client.prepare(pin=pin)
    with pytest.raises(InvalidTarget, match=r"instance\.host"):
        pinned.start_instance(instance=nowhere)
    with pytest.raises(InvalidTarget, match=r"prepare\(server="):
        pinned.get_host_uptime()
    with pytest.raises(InvalidTarget, match=r"instances\[0\]\.host"):
        pinned.external_instance_event(instances=[], events=[])
    assert transport.messages == []


@pytest.mark.parametrize("case", [case for case in CASES if case.kind == "call"], ids=id_of)
def test_long_calls(client: Any, transport: RecordingTransport, case: Case) -> None:
    """Calls of the profile `long` wait for half an hour, the others for a minute."""
    use(client, case, "none")
    (message,) = transport.messages
    assert message.timeout == pytest.approx(1800 if case.method in LONG else 60, abs=5)


#: pin, method, argument, whether it may be sent
QUESTIONS = [
    ("none", "rebuild_instance", "target_state", True),
    ("6.2", "rebuild_instance", "target_state", True),
    ("6.1", "rebuild_instance", "target_state", False),
    ("6.1", "rebuild_instance", "reimage_boot_volume", True),
    ("5.13", "rebuild_instance", "reimage_boot_volume", False),
    ("5.13", "rebuild_instance", "accel_uuids", True),
    ("5.11", "rebuild_instance", "accel_uuids", False),
    ("5.13", "shelve_instance", "accel_uuids", True),
    ("5.12", "shelve_instance", "accel_uuids", False),
    ("6.3", "remove_volume_connection", "delete_attachment", True),
    ("6.2", "remove_volume_connection", "delete_attachment", False),
    ("5.1", "resize_instance", "request_spec", False),
    ("5.0", "rebuild_instance", None, True),
    ("5.3", "cache_images", None, False),
    ("5.4", "cache_images", None, True),
    ("6.3", "allow_share", None, False),
    ("6.4", "allow_share", None, True),
    ("4.22", "start_instance", None, False),
]


def test_base_api() -> None:
    """The second interface of every worker has versions of its own."""
    transport = RecordingTransport()
    transport.answer("ping", {})
    transport.answer("get_backdoor_port", None)
    host = generated("nova_compute", "baseapi").BaseapiClient(transport).prepare(server="home")
    said = {
        "none": ("1.0", "1.1"),
        "1.1": ("1.0", "1.1"),
        "1.0": ("1.0", None),
    }
    for pin, (ping, port) in said.items():
        pinned = host if pin == "none" else host.prepare(pin=pin)
        transport.clear()
        pinned.ping(arg="x")
        if port is None:
            with pytest.raises(VersionPinned, match=r"get_backdoor_port needs 1\.1"):
                pinned.get_backdoor_port()
        else:
            pinned.get_backdoor_port()
        versions = [f"{m.version[0]}.{m.version[1]}" for m in transport.messages]
        assert versions == [version for version in (ping, port) if version]
        assert {(m.namespace, str(m.target)) for m in transport.messages} == {
            ("baseapi", str(Target("nova", "compute", server="home")))
        }


@pytest.mark.parametrize(("pin", "method", "argument", "answer"), QUESTIONS)
def test_questions(client: Any, pin: str, method: str, argument: str | None, answer: bool) -> None:
    """Programs can ask first, by name or typed."""
    pinned = client if pin == "none" else client.prepare(pin=pin)
    assert pinned.can_send(method, argument) is answer
    arguments = () if argument is None else (argument,)
    assert getattr(pinned.supports, method)(*arguments) is answer


# --- the other side -------------------------------------------------------------------------------------------------

Received = SimpleQueue[tuple[Context, dict[str, Any]]]


@pytest.fixture(scope="module")
def received() -> Received:
    """What handlers got."""
    return SimpleQueue()


@pytest.fixture(scope="module")
def url(received: Received) -> Iterator[str]:
    """Where some workers listen, all with one set of handlers."""

    def handler(self: object, ctx: Context, **arguments: Any) -> Any:
        received.put((ctx, arguments))
        return ANSWERS.get(ctx.method)

    handlers = {method.attribute: handler for method in nova.INTERFACE.methods}
    worker = type("Worker", (nova.ComputeEndpoint,), handlers)()
    address = f"memory://{secrets.token_hex(4)}"
    with ExitStack() as stack:
        for name in WORKERS:
            server = Server(address, server=name, endpoints=[worker], converters=[OlderClients()])
            stack.enter_context(server)
        yield address


@pytest.fixture(scope="module")
def connected(url: str) -> Iterator[Any]:
    """A client of these workers."""
    with nova.ComputeClient(url, converters=OlderWorkers()) as client:
        yield client


@pytest.fixture(scope="module")
def raw(url: str) -> Iterator[RawClient]:
    """A client that sends whatever a test wants."""
    client = RawClient(url, Target("nova", "compute", server="home"))
    yield client
    client.close()


@pytest.fixture
def refusals() -> Iterator[SimpleQueue[Rejected]]:
    """Why casts were refused: their senders never hear of it, but the server's log does."""
    heard: SimpleQueue[Rejected] = SimpleQueue()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told = record.args if isinstance(record.args, tuple) else ()
            for each in told:
                if isinstance(each, Rejected):
                    heard.put(each)

    listener = Listener()
    logger = logging.getLogger("rpcgen.server")
    level = logger.level
    logger.setLevel(logging.DEBUG)  # where every one is told, however alike they are
    logger.addHandler(listener)
    yield heard
    logger.removeHandler(listener)
    logger.setLevel(level)


def frame(how: int, method: str, version: str, arguments: Any) -> Request:
    """One message of a version, by hand."""
    major, minor = parse(version)
    body = msgspec.Raw(MSGPACK.encode(plain(dict(arguments))))
    return request(
        method, how=how, namespace=None, major=major, minor=minor, reader=minor, body=body
    )


def how(method: str) -> int:
    """The kind in which a method is sent first."""
    known = {each.name: each.routes[0].kind for each in nova.INTERFACE.methods}
    return CAST if known.get(method) == "cast" else CALL


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_workers_take_every_message(connected: Any, received: Received, case: Case) -> None:
    """Whatever a client may send at a pin, a worker of today takes, as of the version that it names."""
    for pin, said in case.by_pin():
        if isinstance(said, Sent):
            use(connected, case, pin)
            ctx, _ = received.get(timeout=5)
            reader = 5 if pin == "none" else parse(pin)[1]
            assert (ctx.method, ctx.needs, ctx.reader) == (
                case.method,
                parse(said.version),
                reader,
            )
    assert received.empty()


@pytest.mark.parametrize("heard", HEARD, ids=id_of)
def test_handlers_see_the_newest_shape(raw: RawClient, received: Received, heard: Heard) -> None:
    """Names, dropped arguments, defaults and older forms are dealt with before the handler."""
    for version in pins(heard.versions):
        message = frame(how(heard.method), heard.method, version, heard.message)
        if message.how == CALL:
            assert isinstance(raw.ask(message), Reply)
        else:
            raw.send(MSGPACK.encode(message))
        ctx, arguments = received.get(timeout=5)
        assert arguments == heard.arguments
        assert (ctx.method, ctx.needs) == (heard.method, parse(version))


@pytest.mark.parametrize("unheard", UNHEARD, ids=id_of)
def test_refused_messages(
    raw: RawClient, received: Received, refusals: SimpleQueue[Rejected], unheard: Unheard
) -> None:
    """What a version does not have is refused before any handler."""
    message = frame(how(unheard.method), unheard.method, unheard.version, unheard.message)
    refusal: Refusal | Rejected
    if message.how == CALL:
        refusal = raw.ask(message)
        assert isinstance(refusal, Refusal), refusal
    else:
        raw.send(MSGPACK.encode(message))
        refusal = refusals.get(timeout=5)
    assert (refusal.code, refusal.path) == (unheard.code, unheard.path)
    assert received.empty()
