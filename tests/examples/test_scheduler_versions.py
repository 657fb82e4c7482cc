"""nova's scheduler interface at every pin: an older form of a method, dropped and refused arguments, fanouts.

The tables are written by hand, from what nova's own services send and accept.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any
from uuid import UUID

import msgspec
import pytest
from rpcgen.runtime import Context, Server, Target
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST, Refusal, Reply
from rpcgen.runtime.testing import RecordingTransport

from tests.conformance.raw import RawClient, request
from tests.examples.cases import Case, Refused, Sent, as_it_travels, outcome, parse, pins, use
from tests.examples.packages import generated, opaque, plain

nova = generated("scheduler", "nova_scheduler")

SPEC = opaque("RequestSpec", count=1, ignore=["host1"])
RACK = opaque("Aggregate", name="rack-7")
INSTANCES = opaque("InstanceList", uuids=["a"])
UUID_TEXT = "5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10"
UUIDS = [UUID(UUID_TEXT)]

#: What `SPEC` is in messages before 4.3.
LEGACY: dict[str, Any] = {"request_spec": {"count": 1}, "filter_properties": {"ignore": ["host1"]}}
ALL_PINS = set(pins("none 4.0..4.5"))
RELEASES = {
    "kilo": "4.2",
    "liberty": "4.2",
    "mitaka": "4.3",
    "newton": "4.3",
    "ocata": "4.3",
    "pike": "4.4",
}

# The package is found at run time, so type checkers see no more of its classes than `Any`.
ClientConverters: Any = nova.SchedulerClientConverters
ServerConverters: Any = nova.SchedulerServerConverters


class OlderSchedulers(ClientConverters):  # type: ignore[misc]
    """One object becomes two dictionaries."""

    def down_select_destinations_until_4_3(self, args: Any) -> Any:
        return nova.SelectDestinationsUntil4x3Args(
            request_spec={"count": args.spec_obj.count},
            filter_properties={"ignore": args.spec_obj.ignore},
        )


class OlderClients(ServerConverters):  # type: ignore[misc]
    """Two dictionaries become one object."""

    def up_select_destinations_until_4_3(self, args: Any) -> Any:
        return nova.SelectDestinationsArgs(
            spec_obj=opaque(
                "RequestSpec",
                count=args.request_spec["count"],
                ignore=args.filter_properties["ignore"],
            )
        )


def select(given: dict[str, Any], said: dict[str, Sent | Refused]) -> Case:
    """A call to any scheduler."""
    return Case("select_destinations", given, said, kind="call")


def tell(method: str, since: str, before: str, given: Any, arguments: Any) -> Case:
    """A cast to every scheduler, which `since` has and `before` has not."""
    return Case(
        method,
        given,
        {
            before: Refused(since),
            f"{since}..4.5 none": Sent(since, "scheduler/all", arguments),
        },
    )


SPEC_4_3: dict[str, Any] = {"spec_obj": SPEC}
SPEC_4_4 = SPEC_4_3 | {"instance_uuids": [UUID_TEXT]}
SPEC_4_5 = SPEC_4_4 | {"return_objects": False, "return_alternates": False}

CASES = [
    select(
        {"spec_obj": SPEC, "instance_uuids": UUIDS},
        {
            "4.0..4.2": Sent("4.0", "scheduler/any", LEGACY),
            "4.3": Sent("4.3", "scheduler/any", SPEC_4_3),
            "4.4": Sent("4.4", "scheduler/any", SPEC_4_4),
            "4.5 none": Sent("4.5", "scheduler/any", SPEC_4_5),
        },
    ),
    select(
        {"spec_obj": SPEC},
        {
            "4.0..4.2": Sent("4.0", "scheduler/any", LEGACY),
            "4.3": Sent("4.3", "scheduler/any", SPEC_4_3),
            "4.4": Sent("4.4", "scheduler/any", SPEC_4_3 | {"instance_uuids": None}),
            "4.5 none": Sent("4.5", "scheduler/any", SPEC_4_5 | {"instance_uuids": None}),
        },
    ),
    select(
        {"spec_obj": SPEC, "instance_uuids": UUIDS, "return_objects": True},
        {
            "4.0..4.4": Refused("4.5", "return_objects"),
            "4.5 none": Sent("4.5", "scheduler/any", SPEC_4_5 | {"return_objects": True}),
        },
    ),
    select(
        {"spec_obj": SPEC, "instance_uuids": UUIDS, "return_alternates": True},
        {
            "4.0..4.4": Refused("4.5", "return_alternates"),
            "4.5 none": Sent("4.5", "scheduler/any", SPEC_4_5 | {"return_alternates": True}),
        },
    ),
    tell("update_aggregates", "4.1", "4.0", {"aggregates": [RACK]}, {"aggregates": [RACK]}),
    tell("delete_aggregate", "4.1", "4.0", {"aggregate": RACK}, {"aggregate": RACK}),
    tell(
        "update_instance_info",
        "4.2",
        "4.0 4.1",
        {"host_name": "host1", "instance_info": INSTANCES},
        {"host_name": "host1", "instance_info": INSTANCES},
    ),
    tell(
        "delete_instance_info",
        "4.2",
        "4.0 4.1",
        {"host_name": "host1", "instance_uuid": UUIDS[0]},
        {"host_name": "host1", "instance_uuid": UUID_TEXT},
    ),
]


def id_of(case: Case) -> str:
    """The method."""
    return case.method


@pytest.fixture
def transport() -> RecordingTransport:
    """A scheduler that chooses one host."""
    transport = RecordingTransport()
    transport.answer("select_destinations", ["host2"])
    return transport


@pytest.fixture
def client(transport: RecordingTransport) -> Any:
    """A client without a pin."""
    return nova.SchedulerClient(transport, converters=OlderSchedulers())


def test_tables_are_complete() -> None:
    """Every method has a case, and every case says what comes of every pin."""
    assert {case.method for case in CASES} == {method.name for method in nova.INTERFACE.methods}
    for case in CASES:
        assert sorted(pin for pin, _ in case.by_pin()) == sorted(ALL_PINS), case


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_messages(client: Any, transport: RecordingTransport, case: Case) -> None:
    """At each pin exactly that goes out, or that is refused."""
    for pin, said in case.by_pin():
        assert (pin, outcome(client, transport, case, pin)) == (pin, as_it_travels(said))


@pytest.mark.parametrize(("release", "version"), RELEASES.items())
def test_release_names(
    client: Any, transport: RecordingTransport, release: str, version: str
) -> None:
    """The name of a release is a pin like its number."""
    for case in CASES:
        said = as_it_travels(dict(case.by_pin())[version])
        assert outcome(client, transport, case, release) == said


def test_converters_are_missed_at_start(transport: RecordingTransport) -> None:
    """A form that needs a converter and has none is an error at start, not at the first call."""
    with pytest.raises(ValueError, match="SchedulerClientConverters"):
        nova.SchedulerClient(transport)
    worker = type("Scheduler", (nova.SchedulerEndpoint,), _handlers(SimpleQueue()))()
    with pytest.raises(ValueError, match="SchedulerServerConverters"):
        Server("memory://nobody", server="s", endpoints=[worker])


# --- the other side -------------------------------------------------------------------------------------------------

Received = SimpleQueue[tuple[Context, dict[str, Any]]]


def _handlers(received: Received) -> dict[str, Any]:
    def handler(self: object, ctx: Context, **arguments: Any) -> Any:
        received.put((ctx, arguments))
        return ["host2"] if ctx.method == "select_destinations" else None

    return {method.attribute: handler for method in nova.INTERFACE.methods}


@pytest.fixture(scope="module")
def received() -> Received:
    """What handlers got."""
    return SimpleQueue()


@pytest.fixture(scope="module")
def url(received: Received) -> Iterator[str]:
    """Where a scheduler listens."""
    worker = type("Scheduler", (nova.SchedulerEndpoint,), _handlers(received))()
    address = f"memory://{secrets.token_hex(4)}"
    with Server(address, server="s1", endpoints=[worker], converters=[OlderClients()]):
        yield address


@pytest.fixture(scope="module")
def raw(url: str) -> Iterator[RawClient]:
    """A client that sends whatever a test wants."""
    client = RawClient(url, Target("nova", "scheduler", server="s1"))
    yield client
    client.close()


def frame(method: str, version: str, arguments: Any, **changes: Any) -> Any:
    """One message of a version, by hand."""
    major, minor = parse(version)
    body = msgspec.Raw(MSGPACK.encode(plain(dict(arguments))))
    values = {"namespace": None, "major": major, "minor": minor, "reader": minor, "body": body}
    return request(method, **values, **changes)


#: version, message, what the handler gets
HEARD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("4.0", LEGACY, SPEC_4_5 | {"instance_uuids": None}),
    ("4.2", LEGACY, SPEC_4_5 | {"instance_uuids": None}),
    ("4.3", SPEC_4_3, SPEC_4_5 | {"instance_uuids": None}),
    ("4.4", SPEC_4_4, SPEC_4_5 | {"instance_uuids": UUIDS}),
    ("4.4", SPEC_4_3 | {"instance_uuids": None}, SPEC_4_5 | {"instance_uuids": None}),
    ("4.5", SPEC_4_3, SPEC_4_5 | {"instance_uuids": None}),
    ("4.5", SPEC_4_5, SPEC_4_5 | {"instance_uuids": UUIDS}),
    (
        "4.5",
        SPEC_4_5 | {"return_objects": True, "return_alternates": True},
        SPEC_4_3 | {"instance_uuids": UUIDS, "return_objects": True, "return_alternates": True},
    ),
]

#: version, message, code of the refusal, path
UNHEARD: list[tuple[str, dict[str, Any], str, str | None]] = [
    ("3.0", LEGACY, "unsupported_major", None),
    ("5.0", LEGACY, "unsupported_major", None),
    ("4.6", SPEC_4_5, "minor_too_new", None),
    ("4.2", SPEC_4_3, "unknown_argument", "spec_obj"),
    ("4.2", LEGACY | SPEC_4_3, "unknown_argument", "spec_obj"),
    ("4.2", {"request_spec": {}}, "missing_argument", "filter_properties"),
    ("4.3", LEGACY, "unknown_argument", "request_spec"),
    ("4.3", SPEC_4_4, "argument_not_in_version", "instance_uuids"),
    ("4.4", SPEC_4_4 | {"return_objects": False}, "argument_not_in_version", "return_objects"),
    ("4.5", SPEC_4_5 | {"filter_properties": {}}, "unknown_argument", "filter_properties"),
]


@pytest.mark.parametrize("case", CASES, ids=id_of)
def test_schedulers_take_every_message(url: str, received: Received, case: Case) -> None:
    """Whatever a client may send at a pin, a scheduler of today takes, as of the version that it names."""
    with nova.SchedulerClient(url, converters=OlderSchedulers()) as client:
        for pin, said in case.by_pin():
            if isinstance(said, Sent):
                use(client, case, pin)
                ctx, _ = received.get(timeout=5)
                reader = 5 if pin == "none" else parse(pin)[1]
                assert (ctx.method, ctx.needs, ctx.reader) == (
                    case.method,
                    parse(said.version),
                    reader,
                )
    assert received.empty()


@pytest.mark.parametrize(("version", "message", "arguments"), HEARD)
def test_handlers_see_the_newest_shape(
    raw: RawClient,
    received: Received,
    version: str,
    message: dict[str, Any],
    arguments: dict[str, Any],
) -> None:
    """Whatever it was asked with, the handler gets today's arguments."""
    assert isinstance(raw.ask(frame("select_destinations", version, message)), Reply)
    ctx, heard = received.get(timeout=5)
    assert heard == arguments
    assert ctx.needs == parse(version)


@pytest.mark.parametrize(("version", "message", "code", "path"), UNHEARD)
def test_refused_messages(
    raw: RawClient,
    received: Received,
    version: str,
    message: dict[str, Any],
    code: str,
    path: str | None,
) -> None:
    """Each form is taken at its own versions only."""
    refusal = raw.ask(frame("select_destinations", version, message))
    assert isinstance(refusal, Refusal), refusal
    assert (refusal.code, refusal.path) == (code, path)
    assert received.empty()


def test_methods_at_versions_that_lack_them(raw: RawClient, received: Received) -> None:
    """A cast of a version without the method is lost; the next one is heard."""
    old = frame("update_aggregates", "4.0", {"aggregates": []}, how=CAST)
    new = frame("update_aggregates", "4.1", {"aggregates": []}, how=CAST)
    raw.send(MSGPACK.encode(old))
    raw.send(MSGPACK.encode(new))
    ctx, arguments = received.get(timeout=5)
    assert (ctx.needs, arguments) == ((4, 1), {"aggregates": []})
    assert received.empty()
