"""Changes of methods: how they are sent, what they answer, what they promise."""

from __future__ import annotations

from tests.verdicts.mutations.dates import recorded, when
from tests.verdicts.units import NEW, Unit, keys_of, members
from tests.versions.histories.draft import Node, copy


def _some(unit: Unit) -> tuple[str, Node]:
    name = unit.random.choice(list(unit.methods))
    return name, unit.methods[name]


def add_method(unit: Unit) -> bool:
    """One more."""
    made: Node = {"call": "any", "args": members(unit, 1, ("Box",)), "returns": unit.type()}
    when(unit, made)
    unit.methods[unit.name()] = made
    return True


def remove_method(unit: Unit) -> bool:
    """One less."""
    del unit.methods[_some(unit)[0]]
    return bool(unit.methods)


def end_method(unit: Unit) -> bool:
    """One ends."""
    _some(unit)[1]["until"] = str(NEW)
    return True


def redate_method(unit: Unit) -> bool:
    """One that was released is said to be new."""
    _some(unit)[1]["since"] = str(NEW)
    return True


def rename_method(unit: Unit) -> bool:
    """One gets another name, and the file says so."""
    name, each = _some(unit)
    each.setdefault("was", {})[str(NEW)] = {"name": name}
    return _rename(unit, name, unit.renamed(name))


def replace_method(unit: Unit) -> bool:
    """One gets another name, and nobody says so."""
    name, each = _some(unit)
    when(unit, each)
    return _rename(unit, name, unit.name())


def _rename(unit: Unit, name: str, later: str) -> bool:
    unit.document["methods"] = {
        (later if key == name else key): each for key, each in unit.methods.items()
    }
    return True


def swap_kind(unit: Unit) -> bool:
    """A call becomes a cast, or the other way round."""
    _, each = _some(unit)
    if "cast" in each:
        each["call"] = each.pop("cast")
    else:
        each["cast"] = each.pop("call")
        each.pop("returns", None)
        each.pop("raises", None)
    return True


def add_kind(unit: Unit) -> bool:
    """It can be sent the other way, too."""
    _, each = _some(unit)
    other = "cast" if "call" in each else "call"
    if "raises" in each or "returns" in each:
        return False
    each[other] = unit.random.choice(["any", f"any since {NEW}", "any since 1.2"])
    return True


def change_routes(unit: Unit) -> bool:
    """It can be sent to one server, too, or no longer, or by default."""
    _, each = _some(unit)
    kind = "call" if "call" in each else "cast"
    if each[kind] == ["any", "server"]:
        each[kind] = unit.random.choice(["any", ["server", "any"]])
    else:
        each[kind] = ["any", unit.random.choice(["server", f"server since {NEW}"])]
    return True


def change_returns(unit: Unit) -> bool:
    """It answers something else, or nothing, or something at last."""
    _, each = _some(unit)
    if "call" not in each:
        return False
    before = each.get("returns")
    later = unit.random.choice([None, "int", "string", "float", unit.own("Box"), f"{before}?"])
    if later == before or (before or "").endswith("?") or (before == "any" and later == "any?"):
        return False
    each["returns"] = later or "null"
    if later is None:
        del each["returns"]
    if before in ("int", "string") and later in ("int", "string"):
        recorded(unit, each, "was", {"returns": before}, 0.6)
    return not (before is None and later == "None?")


def new_form(unit: Unit) -> bool:
    """It takes other arguments, and the program converts."""
    _, each = _some(unit)
    bounds = {"since", "max", "size", "pattern"}  # which converters of ours know nothing of
    if any(bounds & set(arg) or "Text" in arg["type"] for arg in each["args"].values()):
        return False
    each.setdefault("was", {})[str(NEW)] = {"args": copy(each["args"])}
    each["args"] = {unit.name(): {"type": "string"}}
    return True


def change_raises(unit: Unit) -> bool:
    """It raises an error more, or one less."""
    _, each = _some(unit)
    if "call" not in each:
        return False
    base = unit.own("Base")
    if "raises" in each:
        del each["raises"]
    else:
        each["raises"] = [unit.random.choice([base, f"{base} since {NEW}"])]
    return True


def change_promise(unit: Unit) -> bool:
    """It may be repeated, or waits otherwise."""
    _, each = _some(unit)
    if "call" not in each:
        return False
    if each.pop("idempotent", None) is None:
        promises: list[Node] = [{"idempotent": True}, {"timeout": "5s"}, {"timeout": "long"}]
        each.update(unit.random.choice(promises))
    return True


def change_waiting(unit: Unit) -> bool:
    """Its casts may wait longer, or less long; or its messages keep another order."""
    _, each = _some(unit)
    if "cast" in each:
        times = [time for time in ("30s", "5m", None) if time != each.get("ttl")]
        return _set(each, "ttl", unit.random.choice(times))
    keys = [key for key in [*keys_of(each), None] if key != each.get("ordering_key")]
    return bool(keys) and _set(each, "ordering_key", unit.random.choice(keys))


def _set(each: Node, word: str, value: str | None) -> bool:
    each.pop(word, None)
    if value is not None:
        each[word] = value
    return True


METHODS = (
    add_method,
    remove_method,
    end_method,
    redate_method,
    rename_method,
    replace_method,
    swap_kind,
    add_kind,
    change_routes,
    change_returns,
    new_form,
    change_raises,
    change_promise,
    change_waiting,
)
