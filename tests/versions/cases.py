"""Cases of the version rules, worked out by hand from compute.yaml: what is written, taken, read and told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rpcgen.idl import load, render
from rpcgen.idl.model import Interface, Kind
from rpcgen.idl.version import Version, parse_version

from tests.versions.reference import (
    Converter,
    Message,
    Refusal,
    Step,
    write,
)

CONVERTERS = {
    Step("prep_resize.spec", Version(5, 1)): Converter(str, int),
    Step("select", Version(5, 3)): Converter(
        lambda args: {"properties": {"spec": args["spec"]}},
        lambda args: {"spec": args["properties"]["spec"]},
    ),
    Step("size()", Version(6, 3)): Converter(str, int),
}
BOX = {"uuid": "u", "host": "h"}
#: What `BOX` is at each version: with everything that is always sent.
BOX_NOW = {"uuid": "u", "host": "h", "label": "none"}
BOX_6_0 = {"uuid": "u", "host": "h", "title": "none"}
BOX_5 = {"uuid": "u", "host": "h", "title": "none", "shard": 0}
NEWEST = {"uuid": "u", "host": "h", "tags": None, "label": "none"}


def load_compute() -> Interface:
    """The interface of all cases."""
    loaded = load(Path(__file__).with_name("compute.yaml"))
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


COMPUTE = load_compute()


def at(text: str | None) -> Version | None:
    """A version."""
    return None if text is None else parse_version(text, bare_major=True)


def sent(method: str, pin: str | None, args: dict[str, Any], kind: Kind = "call") -> Any:
    """A message, in short: name, version, arguments; or the reasons of a refusal."""
    written = write(COMPUTE, method, args, at(pin), kind, converters=CONVERTERS)
    if isinstance(written, Refusal):
        return [
            (reason.argument, reason.needed and str(reason.needed)) for reason in written.reasons
        ]
    return written.name, str(written.version), written.args


def message(name: str, version: str, args: dict[str, Any], kind: Kind = "call") -> Message:
    """A message from anybody."""
    needs = at(version)
    assert needs is not None
    return Message(name, needs, needs.minor, "compute", kind, "any", args)


WRITTEN: list[tuple[str, str | None, dict[str, Any], Any]] = [
    # V1: a message needs what it uses, not what the client knows.
    ("get_console_output", None, {"instance": BOX}, ("get_console_output", "6.1", {"instance": BOX_NOW, "tail_length": None})),
    ("get_console_output", "6.0", {"instance": BOX}, ("get_console_output", "6.0", {"instance": BOX_6_0, "tail_length": None})),
    ("get_console_output", "5.3", {"instance": BOX, "tail_length": 0}, ("get_console_output", "5.0", {"instance": BOX_5, "tail_length": 0})),
    # V4, V7: newer fields and arguments, unset and set, inside and outside.
    ("get_console_output", None, {"instance": {**BOX, "tags": ["a"]}}, ("get_console_output", "6.2", {"instance": {**BOX_NOW, "tags": ["a"]}, "tail_length": None})),
    ("get_console_output", "6.1", {"instance": {**BOX, "tags": ["a"]}}, [("instance.tags", "6.2")]),
    ("get_console_output", "6.1", {"instance": {**BOX, "tags": []}}, ("get_console_output", "6.1", {"instance": BOX_NOW, "tail_length": None})),
    ("rebuild", None, {"instance": BOX}, ("rebuild", "6.1", {"instance": BOX_NOW})),
    ("rebuild", None, {"instance": BOX, "accel_uuids": ["x"]}, ("rebuild", "6.1", {"instance": BOX_NOW, "accel_uuids": ["x"]})),
    ("rebuild", "5.11", {"instance": BOX, "accel_uuids": ["x"]}, ("rebuild", "5.0", {"instance": BOX_5, "node": None})),
    ("rebuild", "5.12", {"instance": BOX, "accel_uuids": ["x"]}, ("rebuild", "5.12", {"instance": BOX_5, "accel_uuids": ["x"], "node": None})),
    ("rebuild", "6.0", {"instance": BOX, "reimage": True}, [("reimage", "6.1")]),
    ("rebuild", "6.0", {"instance": BOX, "reimage": False}, ("rebuild", "6.0", {"instance": BOX_6_0})),
    ("rebuild", "5.13", {"instance": BOX, "reimage": True, "target_state": "x"}, [("reimage", "6.1"), ("target_state", "6.2")]),
    ("rebuild", "6.2", {"instance": BOX, "reason": ""}, [("reason", "6.3")]),
    ("rebuild", "6.2", {"instance": BOX, "reason": None}, ("rebuild", "6.1", {"instance": BOX_NOW})),
    ("rebuild", None, {"instance": BOX, "reason": ""}, ("rebuild", "6.1", {"instance": BOX_NOW})),
    ("rebuild", "6.1", {"instance": BOX, "count": 0}, [("count", "6.2")]),
    ("rebuild", None, {"instance": BOX, "count": 0}, ("rebuild", "6.2", {"instance": BOX_NOW, "count": 0})),
    # `since` for each major.
    ("rebuild", "5.12", {"instance": BOX, "both": "x"}, [("both", "5.13")]),
    ("rebuild", "5.13", {"instance": BOX, "both": "x"}, ("rebuild", "5.13", {"instance": BOX_5, "both": "x", "node": None})),
    ("rebuild", "6.3", {"instance": BOX, "both": "x"}, [("both", "6.4")]),
    ("rebuild", None, {"instance": BOX, "both": "x"}, ("rebuild", "6.4", {"instance": BOX_NOW, "both": "x"})),
    # `until` without constant: a keyword for as long as a served version requires it.
    ("rebuild", "5.2", {"instance": BOX, "node": "n"}, ("rebuild", "5.0", {"instance": BOX_5, "node": "n"})),
    ("rebuild", "6.1", {"instance": BOX, "node": "n"}, ("rebuild", "6.1", {"instance": BOX_NOW})),
    ("before", "5.2", {"host": "h", "force": True}, ("before", "5.0", {"host": "h", "force": True})),
    ("before", None, {"host": "h", "force": True}, ("before", "6.0", {"host": "h"})),
    # Names and types of the shape version; what it cannot hold is refused.
    ("prep_resize", None, {"flavor": "f", "spec": 3}, ("prep_resize", "6.4", {"flavor": "f", "spec": 3, "ratio": 1.5, "note": None, "limit": 1, "clean": True})),
    ("prep_resize", None, {"flavor": "f", "spec": 3, "ratio": 2, "note": "n"}, ("prep_resize", "6.0", {"flavor": "f", "spec": 3, "ratio": 2, "note": "n", "limit": 1, "clean": True})),
    ("prep_resize", None, {"flavor": "f", "spec": 3, "ratio": 2, "note": "n", "limit": 50}, ("prep_resize", "6.2", {"flavor": "f", "spec": 3, "ratio": 2, "note": "n", "limit": 50, "clean": True})),
    ("prep_resize", "6.2", {"flavor": "f", "spec": 3, "note": "n"}, [("ratio", "6.3")]),
    ("prep_resize", "6.1", {"flavor": "f", "spec": 3, "ratio": 2, "limit": 11}, [("note", "6.4"), ("limit", "6.2")]),
    ("prep_resize", "5.1", {"flavor": "f", "spec": 3, "ratio": 2, "note": "n"}, ("prep_resize", "5.1", {"instance_type": "f", "spec": 3, "ratio": 2, "note": "n", "limit": 1, "clean": True})),
    ("prep_resize", "5.0", {"flavor": "f", "spec": 3, "ratio": 2, "note": "n"}, ("prep_resize", "5.0", {"instance_type": "f", "spec": "3", "ratio": 2, "note": "n", "limit": 1, "clean": True})),
    # Constants go out in every version where they exist.
    ("pre_live", None, {}, ("pre_live", "6.3", {"mode": "fast"})),
    ("pre_live", "6.2", {}, ("pre_live", "6.0", {})),
    ("pre_live", "5.2", {}, ("pre_live", "5.0", {"block": None})),
    # Enum values, open and closed, and union members.
    ("attach", "6.1", {"source": {"image": "i"}}, [(None, "6.2")]),
    ("attach", None, {"source": {"image": "i"}}, ("attach", "6.2", {"source": {"image": "i"}, "state": "running"})),
    ("attach", None, {"source": {"volume": {"id": "v", "size": 2}}}, ("attach", "6.3", {"source": {"volume": {"id": "v", "size": 2}}, "state": "running"})),
    ("attach", "6.2", {"source": {"volume": {"id": "v", "size": 2}}}, ("attach", "6.2", {"source": {"volume": {"id": "v"}}, "state": "running"})),
    ("attach", "6.3", {"source": {"image": "i"}, "state": "shelved"}, [("state", "6.4")]),
    ("attach", "6.3", {"source": {"image": "i"}, "state": "unheard"}, ("attach", "6.2", {"source": {"image": "i"}, "state": "unheard"})),
    # Forms of whole methods, and methods that come and go.
    ("select", None, {"spec": "s"}, ("select", "6.0", {"spec": "s"})),
    ("select", "5.3", {"spec": "s", "uuids": ["u"]}, ("select", "5.3", {"spec": "s"})),
    ("select", "5.2", {"spec": "s", "uuids": ["u"]}, ("select", "5.0", {"properties": {"spec": "s"}})),
    ("select", "5.2", {"spec": "s", "limit": 3}, [("limit", "6.2")]),
    ("old_method", None, {"a": 1}, [(None, None)]),
    ("old_method", "5.13", {"a": 1}, ("old_method", "5.0", {"a": 1})),
    ("get_console_output", "7.0", {"instance": BOX}, [(None, None)]),
]  # fmt: skip

CAST: list[tuple[str, str | None, dict[str, Any], Any]] = [
    ("reboot", None, {"instance": BOX, "reboot_type": "HARD"}, ("reboot", "6.1", {"instance": BOX_NOW, "reboot_type": "HARD", "colour": "red"})),
    ("reboot", None, {"instance": BOX, "reboot_type": "FORCED"}, ("reboot", "6.3", {"instance": BOX_NOW, "reboot_type": "FORCED", "colour": "red"})),
    ("reboot", "6.2", {"instance": BOX, "reboot_type": "FORCED"}, [("reboot_type", "6.3")]),
    ("reboot", None, {"instance": BOX, "reboot_type": "HARD", "colour": "blue"}, ("reboot", "6.2", {"instance": BOX_NOW, "reboot_type": "HARD", "colour": "blue"})),
    ("reboot", "6.1", {"instance": BOX, "reboot_type": "HARD", "colour": "blue"}, [("colour", "6.2")]),
    ("failover", "5.7", {}, ("failover_host", "5.0", {})),
    ("failover", "5.8", {}, ("failover", "5.8", {})),
    ("failover", None, {}, ("failover", "6.0", {})),
]  # fmt: skip

GATE: list[tuple[Message, set[str]]] = [
    (message("failover", "6.5", {}, "cast"), set()),
    (message("failover", "6.6", {}, "cast"), {"minor_too_new"}),
    (message("failover", "5.14", {}, "cast"), {"minor_too_new"}),
    (message("failover", "7.0", {}, "cast"), {"unsupported_major"}),
    (message("nothing", "7.0", {}, "cast"), {"unsupported_major"}),
    (message("nothing", "6.0", {}, "cast"), {"unknown_method"}),
    (message("failover", "5.7", {}, "cast"), {"method_not_in_version"}),
    (message("failover_host", "5.7", {}, "cast"), set()),
    (message("failover_host", "6.0", {}, "cast"), {"method_not_in_version"}),
    (message("attach", "6.1", {"source": {"image": "i"}}), {"method_not_in_version"}),
    (message("old_method", "6.0", {"a": 1}), {"method_not_in_version"}),
    (message("failover", "6.0", {}), {"wrong_kind"}),
    (message("before", "6.0", {"host": "h"}), set()),
    (message("before", "6.0", {"host": "h", "force": True}), {"unknown_argument", "argument_not_in_version"}),
    (message("before", "5.0", {"host": "h"}), {"missing_argument"}),
    (message("before", "5.0", {"host": "h", "force": 0}), {"mistyped_argument"}),
    (message("before", "6.0", {"host": "h", "what": 1}), {"unknown_argument"}),
    (message("before", "6.0", {"host": "h", "what": 1, "force": True}), {"unknown_argument", "argument_not_in_version"}),
    (message("pre_live", "6.3", {}), set()),
    (message("pre_live", "5.0", {"block": 9}), set()),
    (message("pre_live", "6.0", {"block": None}), {"unknown_argument", "argument_not_in_version"}),
    (message("attach", "6.4", {"source": {"image": "i"}, "state": "shelved"}), set()),
    (message("attach", "6.3", {"source": {"image": "i"}, "state": "shelved"}), {"argument_not_in_version"}),
    (message("attach", "6.3", {"source": {"image": "i"}, "state": "unheard"}), set()),
    (message("attach", "6.3", {"source": {"volume": {"id": "v"}}}), set()),
    (message("attach", "6.2", {"source": {"volume": {"id": "v", "size": 1}}}), {"argument_not_in_version"}),
    (message("attach", "6.5", {"source": {"unheard": 1}}), {"unknown_argument"}),
    (message("attach", "6.5", {"source": {}}), {"mistyped_argument"}),
    (message("select", "5.2", {"properties": {}}), set()),
    (message("select", "5.3", {"properties": {}}), {"unknown_argument", "missing_argument"}),
    (message("get_console_output", "6.0", {"instance": {"uuid": "u", "title": "t"}}), set()),
    (message("get_console_output", "6.1", {"instance": {"uuid": "u", "title": "t"}}), {"unknown_argument", "argument_not_in_version"}),
    (message("get_console_output", "6.1", {"instance": {"uuid": "u", "title": "t", "label": "l"}}), {"unknown_argument", "argument_not_in_version"}),
    (message("reboot", "6.1", {"instance": BOX_NOW, "reboot_type": "HARD", "colour": "blue"}, "cast"), {"mistyped_argument", "argument_not_in_version"}),
]  # fmt: skip

READ: list[tuple[Message, dict[str, Any]]] = [
    (message("get_console_output", "5.0", {"instance": {**BOX_5, "title": "t", "shard": 3}}), {"instance": {**NEWEST, "label": "t"}, "tail_length": None}),
    (message("before", "5.0", {"host": "h", "force": True}), {"host": "h"}),
    (message("prep_resize", "5.0", {"instance_type": "f", "spec": "3", "ratio": 2, "note": "n", "limit": 5}), {"flavor": "f", "spec": 3, "ratio": 2, "note": "n", "limit": 5, "clean": True}),
    (message("rebuild", "6.0", {"instance": BOX_6_0}), {"instance": NEWEST, "accel_uuids": None, "reimage": False, "target_state": None, "count": None, "reason": None, "both": None}),
    (message("pre_live", "5.0", {"block": None}), {"mode": "fast"}),
    (message("select", "5.0", {"properties": {"spec": "s"}}), {"spec": "s", "uuids": None, "limit": None}),
    (message("old_method", "5.13", {"a": 1}), {"a": 1}),
    (message("attach", "6.3", {"source": {"volume": {"id": "v"}}, "state": None}), {"source": {"volume": {"id": "v", "size": 1}}, "state": "running"}),
]  # fmt: skip

REPORT = {"state": "resting", "power": "shelved", "name": "n", "load": 0.5}
TOLD: list[tuple[str, dict[str, Any]]] = [
    ("6.5", {"state": "resting", "power": "shelved", "name": "n", "load": 0.5}),
    ("6.9", {"state": "resting", "power": "shelved", "name": "n", "load": 0.5}),
    ("6.4", {"state": "parking", "power": "shelved", "name": "n", "load": 0.5}),
    ("6.3", {"state": "moving", "power": "shelved", "name": "n", "load": 0.5}),
    ("6.2", {"state": "moving", "power": "shelved", "name": "n"}),
    ("6.1", {"state": "moving", "power": "shelved", "title": "n"}),
    ("5.2", {"state": "moving", "power": "shelved", "title": "n", "old": 7}),
]
