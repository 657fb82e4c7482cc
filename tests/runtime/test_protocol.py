"""PROTOCOL.md and the code say the same."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from rpcgen.runtime import bundles
from rpcgen.runtime.core import envelope
from rpcgen.runtime.core.answers import REFUSALS
from rpcgen.runtime.core.results import MAX_TEXT
from rpcgen.runtime.core.work import MIN_BEAT
from rpcgen.runtime.drivers.amqp import (
    desk,
    intake,
    junk,
    letters,
    mailbox,
    manner,
    marks,
    native,
    queues,
    track,
)
from rpcgen.runtime.drivers.amqp import options as amqp_options
from rpcgen.runtime.drivers.amqp.events import GROUPS
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.oslo import options as oslo_options
from rpcgen.runtime.drivers.amqp.oslo.manner import OsloManner
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.drivers.amqp.oslo.topology import Topology
from rpcgen.runtime.drivers.kombu import census, directory, search
from rpcgen.runtime.drivers.kombu import courier as kombu_courier
from rpcgen.runtime.drivers.kombu import desk as kombu_desk
from rpcgen.runtime.drivers.kombu import letters as kombu_letters
from rpcgen.runtime.drivers.kombu import names as kombu_names
from rpcgen.runtime.drivers.kombu.carriers.redis import EXPIRES
from rpcgen.runtime.drivers.kombu.options import PollingOptions, RedisOptions
from rpcgen.runtime.drivers.zeromq import bundles as zeromq_bundles
from rpcgen.runtime.drivers.zeromq import control, matchmakers
from rpcgen.runtime.drivers.zeromq import records as files
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import records as registrations
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import store
from rpcgen.runtime.outbox import options as outbox_options
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import parse_url

TEXT = (Path(__file__).parents[2] / "PROTOCOL.md").read_text()
FRAMES = {
    "Request": envelope.Request,
    "Reply": envelope.Reply,
    "Failure": envelope.Failure,
    "Fault": envelope.Fault,
    "Refusal": envelope.Refusal,
    "Beat": envelope.Beat,
    "Cancel": envelope.Cancel,
    "Event": envelope.Event,
}


def rows(section: str) -> list[list[str]]:
    """The cells of the tables of one section."""
    match = re.search(rf"^#+ {re.escape(section)}\b.*?(?=^#|\Z)", TEXT, re.M | re.S)
    assert match, f"no section {section}"
    lines = [line for line in match[0].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_version_is_that_of_the_code() -> None:
    """The title names the protocol version that the code speaks."""
    assert TEXT.startswith(f"# The rpcgen wire protocol, version {envelope.PROTOCOL}\n")


def test_the_table_of_kinds_is_complete() -> None:
    """Every frame has its number and its direction in section 2."""
    listed = {(row[1], int(row[0]), row[2]) for row in rows("2. Frames") if row[0].isdigit()}
    to_server = get_args(envelope.ToServer)
    to_client = get_args(envelope.ToClient)
    directions = {
        **dict.fromkeys(to_server, "to the server"),
        **dict.fromkeys(to_client, "to the client"),
        envelope.Event: "to a subscriber",
    }
    assert listed == {
        (name, cls.__struct_config__.tag, directions[cls]) for name, cls in FRAMES.items()
    }
    assert set(directions) == set(FRAMES.values())


@pytest.mark.parametrize("name", FRAMES)
def test_elements_stand_where_the_document_says(name: str) -> None:
    """Position and name of every element are the same in both, and nothing is left out."""
    section = re.search(rf"^### (3\.\d) {name}$", TEXT, re.M)
    assert section, f"no section for {name}"
    elements = [(int(row[0]), row[1]) for row in rows(section[1]) if row[0].isdigit()]
    fields: tuple[str, ...] = FRAMES[name].__struct_fields__
    assert elements == [(0, "kind"), *enumerate(fields, start=1)]
    (kind,) = (row for row in rows(section[1]) if row[1] == "kind")
    assert kind[3] == str(FRAMES[name].__struct_config__.tag)


def test_optional_elements_are_those_from_10_on() -> None:
    """A reader accepts a request that ends after the body."""
    fields = msgspec.structs.fields(envelope.Request)
    required = [field.name for field in fields if field.required]
    assert (len(required), required[-1]) == (9, "body")
    assert "Elements from 10 on MAY be absent" in TEXT


def test_refusal_codes_are_those_of_the_error_classes() -> None:
    """Section 3.5 lists every code, and no other."""
    documented = [row[0].strip("`") for row in rows("3.5") if row[0].startswith("`")]
    assert documented == sorted(documented, key=list(REFUSALS).index)
    assert set(documented) == set(REFUSALS)


def test_numbers_are_those_of_the_code() -> None:
    """Limits in the prose are the code's."""
    assert f"{envelope.ID_BYTES} random bytes" in TEXT
    assert f"first {envelope.FINGERPRINT_BYTES} bytes" in TEXT
    assert f"at most {MAX_TEXT:,} characters" in TEXT
    assert f"at most every {MIN_BEAT} seconds" in TEXT
    for code in (envelope.RAISED, envelope.BAD_RESULT, envelope.LOST):
        assert f"`{code}`" in TEXT
    assert f"{envelope.CALL}: a call" in TEXT
    assert f"{envelope.CAST}: a cast" in TEXT


def test_control_frames_of_zeromq_are_the_examples() -> None:
    """Section 5 shows the bytes of every control frame, and names every kind."""
    examples = {
        "HELLO": control.Hello(control.PROTOCOL),
        "WELCOME of server `h`, exchange `e`, topic `t`": control.Welcome(
            control.PROTOCOL, "h", [("e", "t")], False
        ),
        "BYE": control.Bye(control.PROTOCOL),
        "END": control.End(control.PROTOCOL),
        "CUT": control.Cut(control.PROTOCOL),
    }
    shown = dict(re.findall(r"^\| ([^|]+) \| `((?:[0-9A-F]{2} ?)+)` \|$", TEXT, re.M))
    bundle = "bundle of the frames `01` and `02 03` (no frames that mean anything)"
    [(message, _)] = zeromq_bundles.pack([b"\x01", b"\x02\x03"])
    assert shown == {
        **{name: control.encode(frame).hex(" ").upper() for name, frame in examples.items()},
        bundle: message.hex(" ").upper(),
    }
    kinds = dict(re.findall(r"^\| `0x(\d\d)` \| (\w+) \|", TEXT, re.M))
    assert kinds == {
        f"{code:02}": name
        for name, code in {
            "HELLO": control.HELLO,
            "WELCOME": control.WELCOME,
            "BYE": control.BYE,
            "END": control.END,
            "CUT": control.CUT,
            "BUNDLE": zeromq_bundles.BUNDLE,
        }.items()
    }


def test_options_of_zeromq_urls_are_the_documented_ones() -> None:
    """Section 5 lists every option of a `zmq+...` URL with its default."""
    section = TEXT[TEXT.index("### URL options") : TEXT.index("### Counters")]
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M))
    known: dict[str, object] = {}
    for module in pkgutil.iter_modules(matchmakers.__path__):
        kind = matchmakers.find_matchmaker(parse_url(f"zmq+{module.name}:///x")).Options
        known |= {name: getattr(kind(), name) for name in kind.__struct_fields__}
    shown = {name: default.strip("` ") for name, default in documented.items()}
    assert shown == {name: "" if value is None else str(value) for name, value in known.items()}


@pytest.mark.parametrize(
    ("matchmaker", "record"), [("ipc", files.Record), ("redis", registrations.Record)]
)
def test_records_of_servers_are_like_those_shown(
    matchmaker: str, record: type[msgspec.Struct]
) -> None:
    """Section 5 shows what servers write about themselves, and it can be read."""
    section = TEXT[TEXT.index(f"### `zmq+{matchmaker}:") :]
    match = re.search(r"^```json\n(.+)\n```$", section, re.M)
    assert match
    shown = msgspec.json.decode(match[1], type=record)
    assert msgspec.json.decode(match[1]) == msgspec.json.decode(msgspec.json.encode(shown))


def test_keys_in_redis_are_those_shown() -> None:
    """Section 5 names them."""
    assert re.findall(r"^\| `(rpcgen:\w+)(?::ID)?` \|", TEXT, re.M) == [
        store.INDEX,
        store.RECORD.rstrip(":"),
    ]


def test_options_of_amqp_urls_are_the_documented_ones() -> None:
    """Section 6.6 lists every option with its default."""
    section = TEXT[TEXT.index("### 6.6") : TEXT.index("### 6.7")]
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M))
    shown = {name: default.strip("` ") for name, default in documented.items()}
    known = {name: getattr(AmqpOptions(), name) for name in AmqpOptions.__struct_fields__}
    assert shown == {name: "" if value is None else str(value) for name, value in known.items()}


@pytest.mark.parametrize(
    ("section", "bounds"),
    [
        ("### 6.6 URL options", amqp_options._BOUNDS),
        ("### 6.9 Outboxes", outbox_options._BOUNDS),
        ("### 7.8 URL options", {name: (0, most) for name, most in oslo_options._MOST.items()}),
    ],
)
def test_bounds_of_amqp_options_are_the_documented_ones(
    section: str, bounds: dict[str, tuple[float, float]]
) -> None:
    """The smallest and the largest value of each that is a number."""
    listed = TEXT[TEXT.index(section) :].partition("\n#")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| *([\d.]+, [^|]+?) *\|", listed, re.M))
    known = {name: ", ".join(f"{each:.16g}" for each in pair) for name, pair in bounds.items()}
    units = {"1 GiB": str(2**30), "1 TiB": f"{2**40:.16g}"}
    assert {
        name: re.sub(r"1 [GT]iB", lambda unit: units[unit[0]], shown)
        for name, shown in documented.items()
    } == known


def test_options_of_outboxes_are_the_documented_ones() -> None:
    """Section 6.9 lists every option with its default."""
    section = TEXT[TEXT.index("### 6.9") : TEXT.index("## 7. ")]
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M))
    shown = {name: default.strip("` ") for name, default in documented.items()}
    known = outbox_options.OutboxOptions("folder")
    assert shown.pop("outbox") == ""
    assert shown == {name: str(getattr(known, name)) for name in known.__struct_fields__[1:]}


def test_names_in_amqp_are_those_of_the_code() -> None:
    """Section 6.1 names every exchange and queue."""
    names, target = Names("P"), Target("E", "T")
    shown = {row[1].strip("`") for row in rows("6.1 Names") if row[1].startswith("`")}
    made = {
        names.calls(),
        names.call(target),
        names.call(Target("E", "T", "S")),
        names.keep(target),
        names.keep(Target("E", "T", "S")),
        names.call_ordered(target),
        names.keep_ordered(target),
        names.dead(target),
        names.junk(target),
        names.fanout(target),
        names.stream(target),
        names.directory(),
        re.sub(r"[0-9a-f]{16}$", "RANDOM", names.own("S")),
        re.sub(r"/.*$", "/HOST.PID.RANDOM", names.reply()),
    }
    assert shown == made


def test_numbers_of_amqp_are_those_of_the_code() -> None:
    """Section 6 says what the driver does."""
    section = TEXT[TEXT.index("## 6. AMQP") :]
    assert f"| `content_type` | `{letters.CONTENT_TYPE}` |" in section
    assert f"| `type` | `{letters.REQUEST}` | `{letters.ANSWER}` |" in section
    assert f"type `{letters.WHO}`" in section
    assert f"| `{letters.ATTEMPT}` |" in section
    assert f"| `{letters.FIRST}`, `{letters.LAST}` |" in section
    assert f"at most {letters.MAX_REASON:,} characters" in section
    assert f"| `app_id` | `{letters.BUNDLES}`, if" in section
    assert f"Its `type` is `{letters.ANSWERS}`" in section
    assert f"{desk.PAUSE} s before the second" in section
    assert f"After {desk.MAX_ATTEMPTS} attempts" in section
    assert f"type `{letters.HERE}`" in section
    limits = ", ".join(f"`{name}` {value}" for name, value in queues.JUNK.items())
    assert f"| durable, {limits};" in section
    assert f"| `{letters.SIZE}` |" in section
    assert f"the first {junk.LARGEST // 1024} KiB of its body" in section
    assert f"at most {junk.MOST:,} such messages in {junk.PERIOD:g} s" in section
    assert f"at least {junk.FEWEST_OPEN} and at most {junk.MOST_OPEN}" in section
    assert f"gives up one that cannot leave within {junk.LIFE:g} s" in section
    assert f"then it tries none for {junk.REST:g} s" in section
    assert f"expires after {native.REPLY_EXPIRES} s" in section
    assert f"come back after {mailbox.GRACE} s" in section
    assert f"`concurrency` + `queue` + {intake.MARGIN} + {manner.TOGETHER}" in section
    assert f"Up to {manner.TOGETHER} of them are acknowledged" in section
    assert f"after {marks.PERIOD} s without one" in section
    assert f"behind each {marks.MOST}th" in section
    assert f"more than {track.LARGE // 1024} KiB" in section
    assert f"after {intake.ACKNOWLEDGE / 60:g} minutes" in section
    assert f"again {intake.LOOK_AGAIN:g} s after its start" in section
    assert f"then every {intake.LOOK_ALWAYS:g} s" in section


@pytest.mark.parametrize("section", ["## 5. ZeroMQ", "## 6. AMQP"])
def test_bundles_are_as_large_as_shown(section: str) -> None:
    """On both transports: how many frames, of how many bytes."""
    text = TEXT.partition(f"{section}\n")[2].partition("\n## ")[0]
    assert f"A bundle has 2 to {bundles.MAX_FRAMES} frames" in text
    assert f"frames of at most {bundles.MAX_BYTES // 1024} KiB" in text


def test_the_bundle_that_is_shown_for_amqp_is_read() -> None:
    """Its bytes are the two frames that are named."""
    section = TEXT[TEXT.index("## 6. AMQP") :]
    match = re.search(
        r"body of a bundle of the frames `01` and `02 03` .* is `([0-9A-F ]+)`\.", section
    )
    assert match
    assert bundles.unpack(bytes.fromhex(match[1])) == [b"\x01", b"\x02\x03"]


def test_options_of_the_oslo_wire_are_the_documented_ones() -> None:
    """Section 7.8 lists every option that the native wire has not, with its default, and 7.6 says what it changes."""
    section = TEXT[TEXT.index("### 7.8") : TEXT.index("## 8. kombu")]
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M))
    shown = {name: default.strip("` ") for name, default in documented.items()}
    own = [
        name for name in OsloOptions.__struct_fields__ if name not in AmqpOptions.__struct_fields__
    ]
    assert f"`{OsloOptions().confirms}` as the default of `confirms`" in section
    assert shown == {name: str(getattr(OsloOptions(), name)) for name in own}
    explained = re.findall(
        r"^\| `(\w+)` \|", TEXT[TEXT.index("### 7.6") : TEXT.index("### 7.7")], re.M
    )
    beside = {
        "quorum_delivery_limit",
        "quorum_max_memory_length",
        "quorum_max_memory_bytes",
        "qos_prefetch_count",
    }
    assert {*explained, *beside} == {*own, "stream_fanout"}


def test_numbers_of_the_oslo_wire_are_those_of_the_code() -> None:
    """Section 7.7 says how patient a server is."""
    tries, pause = OsloManner.answer_tries, desk.ANSWER_PAUSE
    assert f"{tries} times, {pause} s apart" in " ".join(TEXT[TEXT.index("### 7.7") :].split())


def test_names_of_the_oslo_wire_are_those_of_the_code() -> None:
    """Section 7.6 names every exchange and queue."""
    topology, target = Topology(OsloOptions()), Target("E", "T")
    made = {
        "E",
        "T",
        "T.S",
        *(q.name for q in topology.queues(target, "S")),
        topology.reply_queue().name,
    }
    made |= {topology.exchange(each).name for each in (target, Target("E", "T", fanout=True))}
    shown = {row[1].replace("`", "") for row in rows("7.6") if len(row) == 3 and row[0] != "what"}
    assert {re.sub("[0-9a-f]{32}", "R", name) for name in made} == {
        name for name in shown if name[0] != "-"
    }


def test_options_of_kombu_urls_are_the_documented_ones() -> None:
    """Section 8.6 lists every option with its default."""
    section = TEXT[TEXT.index("### 8.6") : TEXT.index("### 8.7")]
    documented = dict(re.findall(r"^\| `(\w+)` \|([^|]*)\|", section, re.M))
    shown = {name: default.strip("` ") for name, default in documented.items()}
    known = {
        name: getattr(kind(), name)
        for kind in (RedisOptions, PollingOptions)
        for name in kind.__struct_fields__
    }
    assert shown == {name: "" if value is None else str(value) for name, value in known.items()}


def test_names_over_kombu_are_those_of_the_code() -> None:
    """Section 8.1 names every exchange and queue."""
    names = kombu_names.Names("P")
    token = re.sub(r"^.*$", "HOST.PID.RANDOM", kombu_names.new_token())
    made = {names.directory(), names.ear(token), names.server(token), names.reply(token)}
    assert {row[1].strip("`") for row in rows("8.1 Names") if row[1].startswith("`")} == made


def test_names_of_events_on_the_broker_are_those_of_the_code() -> None:
    """Section 6.8 names what publishers and subscribers have."""
    names, target = Names("P"), Target("E", "T", event="N")
    made = {names.event(target), re.sub("[0-9a-f]{16}", "RANDOM", names.own("S"))}
    for kind in (*GROUPS.values(), "group-dead", "junk"):
        made.add(names.group(kind, target, "I", "G"))
    assert {row[1].strip("`") for row in rows("6.8 Events") if row[1].startswith("`")} == made


def test_names_of_events_over_kombu_are_those_of_the_code() -> None:
    """Section 8.8 names what subscribers have."""
    names, target = kombu_names.Names("P"), Target("E", "T", event="N")
    group = re.sub("[0-9a-f]{16}$", "DIGEST", names.group(target, "I", "G"))
    made = {names.events(), group, names.member("HOST.PID.RANDOM")}
    assert {row[1].strip("`") for row in rows("8.8 Events") if row[1].startswith("`")} == made
    assert names.event(target) == "E/T/N"
    assert f"by each `{names.event(target)}`" in TEXT


def test_numbers_over_kombu_are_those_of_the_code() -> None:
    """Section 8 says what the driver does."""
    section = " ".join(TEXT[TEXT.index("## 8. kombu") :].split())
    kinds = {row[0].strip("`") for row in rows("8.2 Messages") if len(row) == 4}
    assert {*kinds} - {"type", "---"} == {
        kombu_letters.REQUEST,
        kombu_letters.ANSWER,
        kombu_letters.EVENT,
        kombu_letters.WHO,
        kombu_letters.HERE,
        kombu_letters.END,
        kombu_letters.BYE,
        kombu_letters.HELLO,
        kombu_letters.WAKE,
    }
    assert f"`content_type` is `{kombu_letters.CONTENT_TYPE}`" in section
    assert f"again every {search.AGAIN} s" in section
    assert f"the last {directory.FRESH} s" in section
    assert f"when {search.WINDOW} s have passed" in section
    assert f"more than {census.MISSED} questions, for longer than {census.DOUBTFUL:g} s" in section
    assert f"within the last {kombu_courier.LATELY:g} s" in section
    assert kombu_courier.BEAT == 1.0
    assert f"silent for {directory.SILENCE:g} s" in section
    assert f"at least {directory.ASKED} times" in section
    assert f"binds its queue every {kombu_desk.BIND:g} s" in section
    assert f"not heard a client for {kombu_desk.SILENT:g} s" in section
    assert f"gives it {EXPIRES} s" in section
