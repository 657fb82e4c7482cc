"""Steps that only a new major may take, while the one before is still served."""

from __future__ import annotations

from tests.versions.histories.draft import Draft, Node, is_required, value_of
from tests.versions.histories.steps import STEPS, StepOf


def end_argument(draft: Draft) -> bool:
    """An argument goes; a client gives it for as long as the older major wants it."""
    name = draft.random.choice(draft.living(draft.methods))
    args = draft.methods[name]["args"]
    found = [arg for arg in draft.living(args) if not _is_new(draft, args[arg])]
    if not found:
        return False
    args[draft.random.choice(found)]["until"] = draft.now
    return True


def fix_argument(draft: Draft) -> bool:
    """An argument goes; messages of the older major always carry the same value."""
    name = draft.random.choice(draft.living(draft.methods))
    args = draft.methods[name]["args"]
    for arg in draft.living(args):
        member = args[arg]
        value = value_of(draft, member["type"])
        if value is None or "was_type" in member or "constant" in member or _is_new(draft, member):
            continue
        for key in ("default", "older", "send", "max"):
            member.pop(key, None)
        member |= {"constant": value, "until": draft.now}
        return True
    return False


def end_field(draft: Draft) -> bool:
    """A field goes that could be left out."""
    fields = draft.types[draft.random.choice(["Box", "ReqBox", "ResBox"])]["fields"]
    found = [
        name
        for name in draft.living(fields)
        if not is_required(fields[name]) and not _is_new(draft, fields[name])
    ]
    if not found:
        return False
    fields[draft.random.choice(found)]["until"] = draft.now
    return True


def end_method(draft: Draft) -> bool:
    """A method goes."""
    found = [
        name for name in draft.living(draft.methods) if not _is_new(draft, draft.methods[name])
    ]
    if len(found) < 2:
        return False
    draft.methods[draft.random.choice(found)]["until"] = draft.now
    return True


def end_value(draft: Draft) -> bool:
    """A value of an enum of requests goes."""
    enum = draft.types["ReqKind"]["enum"]
    found = [name for name in draft.living(enum) if not _is_new(draft, enum[name])]
    if len(found) < 2:
        return False
    enum[draft.random.choice(found)]["until"] = draft.now
    return True


def add_required(draft: Draft) -> bool:
    """An argument that says what messages of the older major mean for it."""
    each = draft.methods[draft.random.choice(draft.living(draft.methods))]
    if draft.now in each.get("was", {}):
        return False
    each["args"][draft.name()] = {"type": "string", "default": "usual", "since": draft.now}
    return True


def _is_new(draft: Draft, node: Node) -> bool:
    """Whether a step of this release made or changed it."""
    return draft.now in str(node)


MAJOR_STEPS: tuple[StepOf, ...] = (
    end_argument,
    end_argument,
    fix_argument,
    end_field,
    end_field,
    end_method,
    end_value,
    add_required,
    *STEPS[::3],
)
