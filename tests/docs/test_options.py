"""The options of URLs are those that the pages list, with their defaults."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from typing import Any

import msgspec
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.drivers.kombu.options import PollingOptions, RedisOptions
from rpcgen.runtime.drivers.zeromq import matchmakers
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.outbox.options import OutboxOptions
from rpcgen.runtime.url import parse_url

ROOT = Path(__file__).parents[2]


def defaults(options: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(options)}


NATIVE = defaults(AmqpOptions)
OSLO = {name: value for name, value in defaults(OsloOptions).items() if name not in NATIVE}


def rows(page: str, heading: str, first: str = "|") -> dict[str, list[str]]:
    """The cells beside each option in the first table after a heading that begins so; a row may be of several."""
    text = (ROOT / page).read_text()
    section = text[text.index(f"\n{heading}\n") :]
    table = re.search(rf"\n\n({re.escape(first)}.*\n(?:\|.*\n)+)", section)
    assert table is not None
    found: dict[str, list[str]] = {}
    for line in table[1].splitlines()[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        found |= dict.fromkeys(re.findall(r"`(\w+)`", cells[0]), cells[1:])
    return found


def test_the_how_to_lists_every_option() -> None:
    """In the words of its readers: yes for True."""
    listed = rows("docs/how-to/run-over-rabbitmq.md", "## The URL")
    assert listed.keys() == NATIVE.keys()
    for name, default in NATIVE.items():
        told = listed[name][0]
        if isinstance(default, bool):
            assert told == ("yes" if default else "no"), name
        elif default not in (None, ""):
            assert (
                float(told) == default
                if isinstance(default, (int, float))
                else told == f"`{default}`"
            ), name


def test_the_how_to_lists_every_option_of_an_outbox() -> None:
    """With its default."""
    listed = rows("docs/how-to/run-over-rabbitmq.md", "## While the broker is away")
    known = OutboxOptions("folder")
    assert listed.keys() == set(known.__struct_fields__)
    assert listed.pop("outbox")[0] == "none"
    assert {name: float(told) for name, (told, _) in listed.items()} == {
        name: getattr(known, name) for name in listed
    }


def test_the_move_lists_every_option_of_the_oslo_wire() -> None:
    """Beside the option of oslo.messaging that it stands for."""
    text = (ROOT / "docs/how-to/move-from-oslo-messaging.md").read_text()
    assert [name for name in OSLO if f"`{name}=" not in text] == []


def test_the_reference_lists_every_option_of_zeromq_urls() -> None:
    """With its default, and, of those that not every matchmaker has, the matchmakers that have it."""
    every = defaults(ZmqOptions)
    own: dict[str, dict[str, Any]] = {}
    for module in pkgutil.iter_modules(matchmakers.__path__):
        found = matchmakers.find_matchmaker(parse_url(f"zmq+{module.name}:///x")).Options
        for name, default in defaults(found).items():
            if name not in every:
                own.setdefault(name, {})[module.name] = default
    listed = rows("docs/programs.md", "## Transport URLs", "| option |")
    assert listed.pop("codec")[0] == "`msgpack`"
    assert listed.keys() == every.keys() | own.keys()
    for name, (_, meaning) in listed.items():
        where = re.search(r"\(([a-z, ]+)\)$", meaning)
        assert set(where[1].split(", ") if where else ()) == own.get(name, {}).keys(), name
    told = {name: cells[0].strip("`") for name, cells in listed.items()}
    assert told.pop("heartbeat") == told.pop("heartbeat_timeout") == "2, 6"
    assert (every.pop("heartbeat"), every.pop("heartbeat_timeout")) == (2, 6)
    assert told.pop("tls") == told.pop("ca") == "no, the system's"
    for name, text in told.items():
        (default,) = {every[name]} if name in every else set(own[name].values())
        assert text == {None: "", True: "yes", False: "no"}.get(
            default, f"{default:g}" if isinstance(default, float) else str(default)
        ), name


def test_the_how_to_names_every_option_of_kombus_transports() -> None:
    """Of those that are looked at again and again, and of redis."""
    text = (ROOT / "docs/how-to/run-over-kombu.md").read_text()
    known = {*defaults(PollingOptions), *defaults(RedisOptions)}
    assert [name for name in known if f"`{name}`" not in text and f"`{name}=" not in text] == []
