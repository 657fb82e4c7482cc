"""Changes of enums and unions."""

from __future__ import annotations

from tests.verdicts.mutations.dates import when
from tests.verdicts.units import NEW, Unit
from tests.versions.histories.draft import Node


def add_value(unit: Unit) -> bool:
    """A value more."""
    enum = unit.called("Kind")
    value: Node = {"value": "v9"}
    when(unit, value)
    enum["enum"]["v9"] = value
    if unit.chance(0.3):
        enum["fallback"] = {"v9": "v0"}
    return True


def remove_value(unit: Unit) -> bool:
    """A value less."""
    del unit.called("Kind")["enum"][unit.random.choice(["v0", "v1", "v2"])]
    return True


def end_value(unit: Unit) -> bool:
    """A value ends."""
    unit.called("Kind")["enum"]["v1"]["until"] = str(NEW)
    return True


def redate_value(unit: Unit) -> bool:
    """A value that was released is said to be new."""
    unit.called("Kind")["enum"]["v2"]["since"] = str(NEW)
    return True


def rename_value(unit: Unit) -> bool:
    """A value is called something else, and travels as before."""
    values = unit.called("Kind")["enum"]
    unit.called("Kind")["enum"] = {
        ("OTHER" if name == "v1" else name): value for name, value in values.items()
    }
    return True


def reorder_values(unit: Unit) -> bool:
    """The first value becomes the last one."""
    values = unit.called("Kind")["enum"]
    values["v0"] = values.pop("v0")
    return True


def change_fallback(unit: Unit) -> bool:
    """Older readers are told something else."""
    enum = unit.called("Kind")
    if "fallback" not in enum:
        return False
    enum["fallback"] = {"v2": "v1"}
    return True


def open_or_close(unit: Unit) -> bool:
    """An enum or union opens or closes."""
    type_ = unit.called(unit.random.choice(["Kind", "Pick"]))
    if type_.pop("open", None) is None:
        type_["open"] = {"since": str(NEW)} if unit.chance(0.6) else True
    return True


def add_tag(unit: Unit) -> bool:
    """A member more."""
    member: Node = {"type": unit.random.choice(["string", unit.own("Box"), "list[int]"])}
    when(unit, member)
    unit.called("Pick")["union"]["more"] = member
    return True


def remove_tag(unit: Unit) -> bool:
    """A member less."""
    union, tag = unit.called("Pick")["union"], unit.random.choice(["box", "num", "kind"])
    if not _leaves_some(union, tag):
        return False
    del union[tag]
    return True


def end_tag(unit: Unit) -> bool:
    """A member ends."""
    union = unit.called("Pick")["union"]
    if not _leaves_some(union, "num"):
        return False
    union["num"]["until"] = str(NEW)
    return True


def _leaves_some(union: Node, tag: str) -> bool:
    """Whether there are values of a union without one of its members: what has none is in no message."""
    return any("until" not in member for name, member in union.items() if name != tag)


def redate_tag(unit: Unit) -> bool:
    """A member that was released is said to be new."""
    unit.called("Pick")["union"]["num"]["since"] = str(NEW)
    return True


def rename_tag(unit: Unit) -> bool:
    """A member gets another name."""
    union = unit.called("Pick")["union"]
    union["other"] = union.pop("num")
    when(unit, union["other"])
    return True


def change_tag(unit: Unit) -> bool:
    """A member is another type."""
    unit.called("Pick")["union"]["num"]["type"] = unit.random.choice(["float", "string", "int?"])
    return True


ENUMS = (
    add_value,
    remove_value,
    end_value,
    redate_value,
    rename_value,
    reorder_values,
    change_fallback,
    open_or_close,
    add_tag,
    remove_tag,
    end_tag,
    redate_tag,
    rename_tag,
    change_tag,
)
