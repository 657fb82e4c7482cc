"""Legal steps from one minor version to the next: each changes the draft, or says that it does not apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rpcgen.idl.version import Version, parse_version

from tests.versions.histories.base import any_type, argument_types, method
from tests.versions.histories.draft import SCALARS, SHARED, Draft, Node, copy, is_required, value_of

StepOf = Callable[[Draft], bool]


def add_argument(draft: Draft) -> bool:
    """An argument that can be left out."""
    each = _some_method(draft)
    if _is_formed_now(draft, each):
        return False
    each["args"][draft.name()] = _newer(draft, argument_types(), request=True)
    return True


def add_field(draft: Draft) -> bool:
    """A field; in results alone it may be required."""
    name = draft.random.choice(["Box", "ReqBox", "ResBox"])
    fields = draft.types[name]["fields"]
    if name == "ResBox":
        fields[draft.name()] = {
            "type": any_type(draft, (*SCALARS, *SHARED[:2])),
            "since": draft.now,
        }
    else:
        types = (*SCALARS, "OpenKind", "Status", *(["ReqKind", "Box"] if name == "ReqBox" else []))
        fields[draft.name()] = _newer(draft, types, request=name == "ReqBox")
    return True


def _newer(draft: Draft, types: tuple[str, ...], *, request: bool) -> Node:
    made: Node = {"type": any_type(draft, types)}
    value = value_of(draft, made["type"])
    if value is not None and draft.chance(0.6):
        made["default"] = value
    elif request and value is not None and draft.chance(0.2):
        made["constant"] = value
    elif not made["type"].endswith("?"):
        made["type"] += "?"
    made["since"] = draft.now
    if "constant" not in made and draft.chance(0.4):
        made["older"] = draft.random.choice(["drop", "refuse", "refuse_if_set"])
    if "constant" not in made and draft.chance(0.1):
        made["send"] = "always"
    return made


def backport_argument(draft: Draft) -> bool:
    """An argument that the newest two majors get at the same time."""
    serves: list[str] = draft.document.get("serves", [])
    before = [name for name, each in draft.methods.items() if _spans(draft, each)]
    if not serves or not before:
        return False
    last = version(serves[-1])
    serves[-1] = str(Version(last.major, last.minor + 1))
    args = draft.methods[draft.random.choice(before)]["args"]
    args[name := draft.name()] = _newer(draft, (*SCALARS, "OpenKind"), request=True)
    args[name]["since"] = [serves[-1], draft.now]
    return True


def _spans(draft: Draft, each: Node) -> bool:
    return "until" not in each and "since" not in each and "was" not in each


def add_method(draft: Draft) -> bool:
    """A method."""
    draft.methods[draft.name()] = {**method(draft), "since": draft.now}
    return len(draft.methods) < 7


def add_enum_value(draft: Draft) -> bool:
    """A value; readers of results that are older than it are told another, or keep it."""
    name = draft.random.choice(["ReqKind", "OpenKind", "Status"])
    enum = draft.types[name]["enum"]
    value = f"{name[0].lower()}{len(enum)}"
    if name == "Status":
        told = draft.random.choice(
            [each["value"] for each in enum.values() if each.get("since") != draft.now]
        )
        draft.types[name].setdefault("fallback", {})[value] = told
    enum[value.upper()] = {"value": value, "since": draft.now}
    return True


def add_union_member(draft: Draft) -> bool:
    """A member."""
    name = draft.random.choice(["ReqChoice", "OpenChoice"])
    union = draft.types[name]["union"]
    type_ = draft.random.choice(["string", "int", "list[int]", "Box"])
    union[f"t{len(union)}"] = {"type": type_, "since": draft.now}
    return True


def open_type(draft: Draft) -> bool:
    """A closed enum or union of requests opens."""
    name = draft.random.choice(["ReqKind", "ReqChoice"])
    if "open" in draft.types[name]:
        return False
    draft.types[name]["open"] = {"since": draft.now}
    return True


def rename_member(draft: Draft) -> bool:
    """An argument or a field gets another name."""
    members, name = _some_member(draft)
    if name is None or draft.now in members[name].get("was", {}):
        return False
    later = draft.renamed(name)
    if any(later in (key, *each.get("was", {}).values()) for key, each in members.items()):
        return False
    replaced = {(later if key == name else key): each for key, each in members.items()}
    replaced[later].setdefault("was", {})[draft.now] = name
    members.clear()
    members.update(replaced)
    return True


def rename_method(draft: Draft) -> bool:
    """A method gets another name."""
    name = _some_method_name(draft)
    later = draft.renamed(name)
    known = set(draft.methods) | {
        form.get("name", "")
        for each in draft.methods.values()
        for form in each.get("was", {}).values()
    }
    if later in known or _began_now(draft, draft.methods[name]):
        return False
    change_form(draft, draft.methods[name], "name", name)
    draft.document["methods"] = {
        (later if key == name else key): each for key, each in draft.methods.items()
    }
    return True


def change_form(draft: Draft, each: Node, key: str, older: Any) -> None:
    """Note what a method was until now: in the forms from before, too, where they left it out as unchanged."""
    forms: Node = each.setdefault("was", {})
    forms.setdefault(draft.now, {})
    began = Version(0, 0)
    for until in sorted(map(version, forms)):
        form = forms[str(until)]
        form.setdefault(key, between(older, began, until) if key == "args" else older)
        began = until


def between(args: Node, began: Version, until: Version) -> Node:
    """Arguments as they were until a version, without what happened before the form began, and after it ended."""
    return dict(
        _between(name, copy(member), began, until)
        for name, member in args.items()
        if not _dates(member.get("since", [])) or min(_dates(member["since"])) < until
    )


def _between(name: str, member: Node, began: Version, until: Version) -> tuple[str, Node]:
    if _dates(member.get("since", [])) and max(_dates(member["since"])) <= began:
        for key in ("since", "older"):
            member.pop(key, None)
    if _dates(member.get("until", [])) and min(_dates(member["until"])) >= until:
        del member["until"]
    for key in ("was", "was_type"):
        history = member.pop(key, {})
        later = sorted(
            ((version(b), what) for b, what in history.items()), key=lambda each: each[0]
        )
        undone = [what for bound, what in later if bound >= until]
        if undone and key == "was":
            name = undone[0]
        elif undone:
            member = {k: v for k, v in member.items() if k not in ("type", "default", "max")}
            member |= undone[0]
        if kept := {str(bound): what for bound, what in later if began < bound < until}:
            member[key] = kept
    return name, member


def _dates(dates: str | list[str]) -> list[Version]:
    return [version(each) for each in ([dates] if isinstance(dates, str) else dates)]


def new_form(draft: Draft) -> bool:
    """A method takes other arguments; the program converts."""
    each = _some_method(draft)
    if _began_now(draft, each) or _has_form(each, "args") or not each["args"]:
        return False
    if draft.now in str(each["args"]) or "until" in str(each["args"]):
        return False
    change_form(draft, each, "args", each["args"])
    each["args"] = {draft.name(): {"type": "string"}}
    return True


def new_returns(draft: Draft) -> bool:
    """A method answers another type; the program converts."""
    each = _some_method(draft)
    if _began_now(draft, each) or draft.now in each.get("was", {}):
        return False
    if each.get("returns") not in ("int", "string") or _has_form(each, "returns"):
        return False
    change_form(draft, each, "returns", each["returns"])
    each["returns"] = "string" if each["returns"] == "int" else "int"
    return True


def convert_member(draft: Draft) -> bool:
    """An argument or field becomes another type; the program converts."""
    members, name = _some_member(draft)
    if name is None or members[name]["type"] not in ("int", "string"):
        return False
    member = members[name]
    if draft.now in member.get("was_type", {}) or not is_required(member):
        return False
    member.setdefault("was_type", {})[draft.now] = _type_of(member)
    member["type"] = "string" if member["type"] == "int" else "int"
    member.pop("max", None)
    return True


def widen(draft: Draft) -> bool:
    """An argument, or a field of requests, takes more than before."""
    members, name = _some_member(draft, request=True)
    if name is None or draft.now in members[name].get("was_type", {}):
        return False
    member = members[name]
    older, type_ = _type_of(member), member["type"]
    choices: list[Node] = []
    if is_required(member):
        choices.append({"type": f"{type_}?"})
        if (value := value_of(draft, type_)) is not None and member.get("max", 10) >= 3:
            choices.append({"default": value})
    if type_ == "int" and "max" not in member:
        choices.append({"type": "float"})
    if "max" in member:
        choices.append({"max": member["max"] + 40})
    if type_ == "ReqKind":
        choices.append({"type": "string"})
    if not choices:
        return False
    member.update(draft.random.choice(choices))
    member.setdefault("was_type", {})[draft.now] = older
    return True


def _type_of(member: Node) -> Node:
    return {key: copy(member[key]) for key in ("type", "default", "max") if key in member}


def add_kind(draft: Draft) -> bool:
    """A call beside a cast, or a cast beside a call."""
    each = _some_method(draft)
    if "call" in each and "cast" in each:
        return False
    if _began_now(draft, each) or "until" in each:
        return False
    kinds: Node = {key: each.pop(key) for key in ("call", "cast") if key in each}
    kinds.setdefault("cast", f"any since {draft.now}")
    kinds.setdefault("call", f"any since {draft.now}")
    each.update(kinds)
    return True


def new_topic(draft: Draft) -> bool:
    """Another topic, for the interface or for one method."""
    target, each = draft.document["target"], _some_method(draft)
    if draft.chance(0.5) and "topic" not in each:
        each["topic"] = {"name": f"alt-{draft.version.minor}", "since": draft.now}
        return not _began_now(draft, each)
    if isinstance(target["topic"], str):
        target["topic"], target["also"] = {"name": "new", "since": draft.now}, [target["topic"]]
        return True
    return False


def version(text: str) -> Version:
    """A version of the file."""
    found = parse_version(text)
    assert found is not None
    return found


def _began_now(draft: Draft, node: Node) -> bool:
    return node.get("since") == draft.now


def _is_formed_now(draft: Draft, each: Node) -> bool:
    """Whether it takes other arguments since this very version: they have no history yet."""
    return "args" in each.get("was", {}).get(draft.now, {})


def _has_form(each: Node, key: str) -> bool:
    return any(key in form for form in each.get("was", {}).values())


def _some_method_name(draft: Draft) -> str:
    return draft.random.choice(draft.living(draft.methods))


def _some_method(draft: Draft) -> Node:
    each: Node = draft.methods[_some_method_name(draft)]
    return each


def _some_member(draft: Draft, *, request: bool = False) -> tuple[Node, str | None]:
    """The members of a method or struct, and the name of one that was there before; None: there is none."""
    methods = [draft.methods[name] for name in draft.living(draft.methods)]
    maps = [each["args"] for each in methods if not _is_formed_now(draft, each)]
    names = ("ReqBox",) if request else ("ReqBox", "ResBox", "Box")
    maps += [draft.types[name]["fields"] for name in names]
    members: Node = draft.random.choice(maps)
    found = [
        name
        for name, each in members.items()
        if "until" not in each and "constant" not in each and draft.now not in each.get("since", "")
    ]
    return members, draft.random.choice(found) if found else None


STEPS: tuple[StepOf, ...] = (
    add_argument,
    add_argument,
    add_argument,
    add_field,
    add_field,
    add_method,
    add_enum_value,
    add_enum_value,
    add_union_member,
    open_type,
    rename_member,
    rename_member,
    rename_method,
    new_form,
    new_returns,
    convert_member,
    widen,
    widen,
    add_kind,
    new_topic,
    backport_argument,
)
