"""Changes of arguments and fields: of methods, structs and errors."""

from __future__ import annotations

from collections.abc import Callable

from tests.verdicts.mutations.dates import form, recorded, when
from tests.verdicts.units import NEW, Unit, member
from tests.versions.histories.draft import Node, is_required, value_of


def _all_members(unit: Unit) -> list[Node]:
    maps: list[Node] = [each["args"] for each in unit.methods.values()] * 2
    maps += [each["fields"] for each in unit.types.values() if "fields" in each]
    return maps + [each["fields"] for each in unit.errors.values()]


def some_members(unit: Unit) -> Node:
    """The members of something."""
    return unit.random.choice(_all_members(unit))


def some_member(
    unit: Unit, fits: Callable[[Node], bool] = lambda node: True
) -> tuple[Node, str] | None:
    """One that can be changed, with all its neighbours; constants are left alone."""
    found = [
        (members, name)
        for members in _all_members(unit)
        for name, node in members.items()
        if "constant" not in node and fits(node)
    ]
    return unit.random.choice(found) if found else None


def _is_nullable(node: Node) -> bool:
    return bool(node["type"].endswith("?") or node["type"] == "any")


def _base(node: Node) -> str:
    """The first word of a type: `list` of `list[int]?`."""
    text: str = node["type"]
    return text.rstrip("?").partition("[")[0].rstrip("0123456789")


def add_optional(unit: Unit) -> bool:
    """One that may be null."""
    made = {"type": unit.type(words=("Kind", "Text")).rstrip("?") + "?"}
    when(unit, made)
    some_members(unit)[unit.name()] = made
    return made["type"] != "any?"


def add_default(unit: Unit) -> bool:
    """One with a default."""
    made: Node = {"type": unit.random.choice(["int", "string", "bool", "float?"])}
    made["default"] = value_of(unit, made["type"].rstrip("?"))
    when(unit, made)
    some_members(unit)[unit.name()] = made
    return True


def add_required(unit: Unit) -> bool:
    """One that has to be given."""
    made = {"type": unit.random.choice(["int", "string", unit.own("Kind"), unit.own("Box")])}
    when(unit, made)
    some_members(unit)[unit.name()] = made
    return True


def add_constant(unit: Unit) -> bool:
    """One that nobody passes."""
    made: Node = {"type": "int", "constant": 5}
    when(unit, made)
    some_members(unit)[unit.name()] = made
    return True


def remove_member(unit: Unit) -> bool:
    """One goes without a word."""
    if (found := some_member(unit)) is None:
        return False
    del found[0][found[1]]
    return True


def end_member(unit: Unit) -> bool:
    """One ends."""
    if (found := some_member(unit)) is None:
        return False
    found[0][found[1]]["until"] = str(NEW)
    return True


def rename_member(unit: Unit) -> bool:
    """One gets another name, and the file says so."""
    if (found := some_member(unit)) is None:
        return False
    members, name = found
    members[name].setdefault("was", {})[str(NEW)] = name
    _rename(members, name, unit.renamed(name))
    return True


def replace_member(unit: Unit) -> bool:
    """One gets another name, and nobody says so: it is another one."""
    if (found := some_member(unit)) is None:
        return False
    members, name = found
    # Its number would be that of what it says that it was called.
    members[name].pop("was", None)
    when(unit, members[name])
    _rename(members, name, unit.name())
    return True


def _rename(members: Node, name: str, later: str) -> None:
    renamed = {(later if key == name else key): each for key, each in members.items()}
    members.clear()
    members.update(renamed)


def redate_member(unit: Unit) -> bool:
    """One that was released is said to be new."""
    if (found := some_member(unit)) is None:
        return False
    found[0][found[1]]["since"] = str(NEW)
    return True


def reorder_members(unit: Unit) -> bool:
    """The first one becomes the last one."""
    members = some_members(unit)
    if len(members) < 2:
        return False
    name = next(iter(members))
    members[name] = members.pop(name)
    return True


def make_nullable(unit: Unit) -> bool:
    """One may be null from now on."""
    if (found := some_member(unit, lambda node: not _is_nullable(node))) is None:
        return False
    node = found[0][found[1]]
    recorded(unit, node, "was_type", form(node))
    node["type"] += "?"
    return True


def make_required(unit: Unit) -> bool:
    """One may no longer be null, or loses its default."""
    if (found := some_member(unit, lambda node: not is_required(node))) is None:
        return False
    node = found[0][found[1]]
    before = form(node)
    node["type"] = node["type"].rstrip("?")
    node.pop("default", None)
    if node["type"] in ("int", "string"):
        recorded(unit, node, "was_type", before, 0.3)
    return bool(node["type"] != "any")


def change_default(unit: Unit) -> bool:
    """A default is another one, or a new one, or gone from what may be null."""
    simple = ("int", "string", "bool", "float")
    if (found := some_member(unit, lambda node: _base(node) in simple)) is None:
        return False
    node = found[0][found[1]]
    before, value = form(node), value_of(unit, node["type"].rstrip("?"))
    if node["type"].endswith("?") and "default" in node and unit.chance(0.5):
        del node["default"]
    elif value is not None and value != node.get("default"):
        node["default"] = value
    else:
        return False
    recorded(unit, node, "was_type", before)
    return True


def change_bounds(unit: Unit) -> bool:
    """Bounds become wider, narrower, other ones or none."""
    if (found := some_member(unit, lambda node: _base(node) in BOUNDS)) is None:
        return False
    node = found[0][found[1]]
    before, chosen = form(node), unit.random.choice(BOUNDS[_base(node)])
    for key in ("min", "max", "size", "pattern", "unique"):
        node.pop(key, None)
    node.update(chosen)
    if form(node) == before:
        return False
    if not node.get("size", "").startswith("1"):  # which converters of ours know nothing of
        recorded(unit, node, "was_type", before, 0.4)
    return True


BOUNDS: dict[str, list[Node]] = {
    "int": [{}, {"max": 5}, {"max": 40}, {"min": 1}, {"min": -1, "max": 20}],
    "float": [{}, {"max": 1.5}, {"min": 0.25}],
    "string": [
        {},
        {"size": "1..3"},
        {"size": "0..9"},
        {"size": "1..5"},
        {"pattern": "^[a-z]*$"},
        {"pattern": "^[a-z0-9]*$"},
    ],
    "list": [{}, {"size": "1..2"}, {"size": "0..1"}, {"unique": True}],
    "map": [{}, {"size": "0..1"}],
}


def widen(unit: Unit) -> bool:
    """A type takes more than before."""
    return _retype(unit, {"int": ["float", "any"], "string": ["any"], "Kind": ["string"]}, 0.5)


def narrow(unit: Unit) -> bool:
    """A type takes less than before."""
    return _retype(unit, {"float": ["int"], "any": ["string", "int"], "string": ["Kind"]}, 0.0)


def convert(unit: Unit) -> bool:
    """A type is another one, and the program converts."""
    return _retype(unit, {"int": ["string"], "string": ["int"]}, 1.0)


def change_type(unit: Unit) -> bool:
    """A type is another one."""
    if (found := some_member(unit)) is None:
        return False
    node = found[0][found[1]]
    before = node["type"]
    for key in tuple(node):
        if key not in ("type", "since"):
            del node[key]
    inner = before.rstrip("?")
    node["type"] = unit.random.choice(
        [
            f"list[{inner}]",
            f"map[string, {inner}]",
            inner.replace("map[string", "map[int"),
            "uuid" if inner == "string" else "string",
            "datetime" if inner == "string" else "bool",
            unit.type(words=("Box", "Kind", "Pick")).rstrip("?"),
        ]
    )
    if before.endswith("?") and node["type"] != "any":
        node["type"] += "?"
    return bool(node["type"] != before)


def change_inside(unit: Unit) -> bool:
    """What a list or a map holds is another type, or may be null."""
    if (found := some_member(unit, lambda node: "[" in node["type"])) is None:
        return False
    node = found[0][found[1]]
    text: str = node["type"]
    head, bracket, rest = text.rpartition("[") if "list[" in text else text.rpartition(", ")
    inner, close, tail = rest.partition("]")
    if not bracket or not close:
        return False
    other = {"int": "float", "float": "int", "string": "any"}.get(inner, "string")
    later = unit.random.choice(
        [inner.rstrip("?") if inner.endswith("?") else f"{inner}?", other, other]
    )
    before = form(node)
    node["type"] = f"{head}{bracket}{later}{close}{tail}"
    node.pop("default", None)
    if (inner, later) in (("int", "float"), ("string", "any")) or later == f"{inner}?":
        recorded(unit, node, "was_type", before, 0.4)
    return inner != "any" and later != inner


def bound_keys(unit: Unit) -> bool:
    """A map's keys get bounds, or lose them."""
    if (found := some_member(unit, lambda node: "map[" in node["type"])) is None:
        return False
    node = found[0][found[1]]
    before, key = form(node), f"map[{unit.own('Key')},"
    plain = "map[string," in node["type"]
    node["type"] = node["type"].replace(*(("map[string,", key) if plain else (key, "map[string,")))
    recorded(unit, node, "was_type", before, 0.4)
    return form(node) != before


def _retype(unit: Unit, table: dict[str, list[str]], chance: float) -> bool:
    if (
        found := some_member(unit, lambda node: "[" not in node["type"] and _base(node) in table)
    ) is None:
        return False
    node = found[0][found[1]]
    base = node["type"].rstrip("?")
    before, chosen = form(node), unit.random.choice(table[_base(node)])
    for key in ("default", "min", "max", "size", "pattern"):
        node.pop(key, None)
    chosen = unit.own(chosen) if chosen[0].isupper() else chosen
    node["type"] = chosen if chosen == "any" else chosen + node["type"][len(base) :]
    recorded(unit, node, "was_type", before, chance)
    return True


def make_constant(unit: Unit) -> bool:
    """One becomes a constant, or a constant is another."""
    if (found := some_member(unit, lambda node: node["type"] in ("int", "string"))) is None:
        return False
    members, name = found
    value = {"int": 7, "string": "fixed"}[members[name]["type"]]
    members[name] = {"type": members[name]["type"], "constant": value}
    return True


def change_presence(unit: Unit) -> bool:
    """Absent begins or ceases to be something of its own."""
    if (
        found := some_member(unit, lambda node: "default" not in node and node["type"] != "any")
    ) is None:
        return False
    node = found[0][found[1]]
    node["presence"] = "explicit"
    return True


def change_policy(unit: Unit) -> bool:
    """What clients do about older servers is another thing."""
    if (found := some_member(unit, lambda node: "since" in node)) is None:
        return False
    node = found[0][found[1]]
    node["older"] = unit.random.choice(["drop", "refuse"])
    return True


def readd_member(unit: Unit) -> bool:
    """One that is gone comes back as something else."""
    if (found := some_member(unit)) is None:
        return False
    members, name = found
    if "was" in members[name]:
        return False  # its number is that of what it was called before, and this is another one
    members[name] = member(unit, ())
    when(unit, members[name])
    return True


MEMBERS = (
    add_optional,
    add_default,
    add_required,
    add_constant,
    remove_member,
    end_member,
    rename_member,
    replace_member,
    redate_member,
    reorder_members,
    make_nullable,
    make_required,
    change_default,
    change_bounds,
    widen,
    narrow,
    convert,
    change_type,
    change_inside,
    make_constant,
    change_presence,
    change_policy,
    readd_member,
    bound_keys,
)
