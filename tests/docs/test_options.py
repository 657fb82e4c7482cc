"""The options of `amqp://` URLs are those that the pages list, with their defaults."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.outbox.options import OutboxOptions

ROOT = Path(__file__).parents[2]


def defaults(options: type[msgspec.Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(options)}


NATIVE = defaults(AmqpOptions)
OSLO = {name: value for name, value in defaults(OsloOptions).items() if name not in NATIVE}


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The cells beside each option in the first table after a heading; a row may be of several."""
    text = (ROOT / page).read_text()
    section = text[text.index(f"\n{heading}\n") :]
    table = re.search(r"\n\n((?:\|.*\n)+)", section)
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
