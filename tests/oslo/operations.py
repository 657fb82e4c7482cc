"""Operations that either kind of client can ask either kind of server for, and what has to become of them.

An outcome is a list: `["result", value]`, or what was raised, in words that are the same for both kinds of clients.
"""

from __future__ import annotations

import random
import string
from typing import Any

from rpcgen.runtime import RemoteError, UnknownMethod, VersionRejected, use_context

SERVERS = ("host1", "host2")

Operation = dict[str, Any]
Outcome = list[Any]


def operations(count: int, seed: int) -> list[Operation]:
    """So many, mixed."""
    rng = random.Random(seed)
    weights = {each: weight for each, (weight, _) in _KINDS.items()}
    kinds = rng.choices(list(weights), weights=list(weights.values()), k=count)
    return [{"id": number, **_KINDS[kind][1](rng, number)} for number, kind in enumerate(kinds)]


def _echo(rng: random.Random, number: int) -> Operation:
    value = _value(rng, 3)
    where = {"server": rng.choice(SERVERS)} if rng.random() < 0.3 else {}
    return {
        "how": "call",
        "method": "echo",
        "args": {"arg": value},
        "prepare": where,
        "expected": ["result", value],
    }


def _nothing(rng: random.Random, number: int) -> Operation:
    return {"how": "call", "method": "nothing", "expected": ["result", None]}


def _where(rng: random.Random, number: int) -> Operation:
    name = rng.choice(SERVERS)
    return {
        "how": "call",
        "method": "where",
        "prepare": {"server": name},
        "expected": ["result", name],
    }


def _context(rng: random.Random, number: int) -> Operation:
    context = {_word(rng): _value(rng, 1) for _ in range(rng.randrange(4))}
    context["request_id"] = f"req-{number}"
    return {"how": "call", "method": "context", "context": context, "expected": ["result", context]}


def _newer(rng: random.Random, number: int) -> Operation:
    more = rng.choice([None, _word(rng)])
    version = "2.2" if more is None else "2.3"
    args = {} if more is None else {"more": more}
    return {
        "how": "call",
        "method": "newer",
        "args": args,
        "prepare": {"version": version},
        "expected": ["result", f"newer {more}"],
    }


_FAILURES: dict[str, Outcome] = {
    "declared": ["NotFound", "no such thing", {"instance_id": "abc"}],
    "picky": ["Picky", "1 and 2"],
    "bug": ["KeyError", "'x'"],
}


def _fail(rng: random.Random, number: int) -> Operation:
    how = rng.choice(list(_FAILURES))
    return {"how": "call", "method": "fail", "args": {"how": how}, "expected": _FAILURES[how]}


def _refused(rng: random.Random, number: int) -> Operation:
    if rng.random() < 0.5:
        return {
            "how": "call",
            "method": "newest",
            "prepare": {"version": "2.4"},
            "expected": ["version"],
        }
    return {"how": "call", "method": "missing", "expected": ["method"]}


def _note(rng: random.Random, number: int) -> Operation:
    prepare = rng.choice([{}, {"server": rng.choice(SERVERS)}, {"fanout": True}])
    return {
        "how": "cast",
        "method": "note",
        "args": {"text": f"note-{number}"},
        "prepare": prepare,
        "expected": ["result", None],
    }


_KINDS: dict[str, Any] = {
    "echo": (50, _echo),
    "nothing": (5, _nothing),
    "where": (8, _where),
    "context": (8, _context),
    "newer": (6, _newer),
    "fail": (10, _fail),
    "refused": (5, _refused),
    "note": (20, _note),
}


def _word(rng: random.Random) -> str:
    return "".join(rng.choices(string.ascii_lowercase, k=6))


def _value(rng: random.Random, depth: int) -> Any:
    leaves: list[Any] = [
        None,
        True,
        False,
        rng.randrange(-(2**53), 2**53),
        rng.random() * 1e6,
        _word(rng),
        '\xe9\u4e16\U0001f600\n"\\',
        "",
    ]
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(leaves)
    inside = [_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return (
        inside
        if rng.random() < 0.5
        else {f"{_word(rng)}{place}": each for place, each in enumerate(inside)}
    )


# --- asked by our client ----------------------------------------------------------------------------------------------


def ask(client: Any, operation: Operation) -> Outcome:
    """What becomes of an operation that our generated client asks for."""
    prepare = dict(operation.get("prepare", {}))
    prepare.pop("version", None)  # it is found in what is asked
    prepared = client.prepare(**prepare) if prepare else client
    context = dict(operation.get("context", {}))
    try:
        with use_context(request_id=context.pop("request_id", ""), fields=context):
            result = getattr(prepared, operation["method"])(**operation.get("args", {}))
    except UnknownMethod:
        return ["method"]
    except VersionRejected:
        return ["version"]
    except RemoteError as error:
        told = [error.type_name, error.message]
        return (
            [*told, {"instance_id": error.instance_id}] if hasattr(error, "instance_id") else told
        )
    return ["result", None if operation["how"] == "cast" else result]


# --- asked by theirs --------------------------------------------------------------------------------------------------


def their_outcome(told: dict[str, Any]) -> Outcome:
    """What programs/ask.py said of an operation."""
    if "error" not in told:
        return ["result", told["result"]]
    kind, text = told["error"], told["text"]
    if kind == "NotFound_Remote":
        return ["NotFound", text, told["kwargs"]]
    if kind != "RemoteError":
        return [kind, text]
    refusals = {"NoSuchMethod": ["method"], "UnsupportedVersion": ["version"]}
    return refusals.get(told["exc_type"], [told["exc_type"], told["value"]])


def journal_mistakes(asked: list[Operation], noted: list[tuple[str, str]]) -> list[str]:
    """Which notes ran too often, too seldom, or where they were not sent: `noted` are text and server of each run."""
    runs: dict[str, list[str]] = {}
    for text, server in noted:
        runs.setdefault(text, []).append(server)
    mistakes: list[str] = []
    for operation in asked:
        if operation["method"] != "note":
            continue
        ran = sorted(runs.pop(operation["args"]["text"], []))
        prepare = operation["prepare"]
        if "fanout" in prepare:
            fits = ran == sorted(SERVERS)
        elif "server" in prepare:
            fits = ran == [prepare["server"]]
        else:
            fits = len(ran) == 1
        if not fits:
            mistakes.append(f"{operation} ran at {ran}")
    return mistakes + [f"{text} was never sent" for text in runs]
