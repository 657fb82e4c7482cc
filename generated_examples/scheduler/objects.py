"""Objects of the program's own, and how they travel: a stand-in for nova.objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

import nova_scheduler

T = TypeVar("T")


@dataclass
class RequestSpec:
    """What the user asked for."""

    num_instances: int
    memory_mb: int


@dataclass
class Aggregate:
    """A named group of hosts."""

    name: str
    hosts: list[str]


@dataclass
class InstanceList:
    """The instances of one host, by uuid, and the memory of each."""

    memory_mb: dict[str, int]


class DataclassCodec(Generic[T]):
    """Moves a dataclass as {name, version, data}."""

    def __init__(self, cls: type[T], version: str) -> None:
        self.type = cls
        self._version = version

    def encode(self, value: T, /) -> tuple[str, Any]:
        """The version of the class's own format, and its fields."""
        return self._version, asdict(value)  # type: ignore[call-overload]

    def decode(self, version: str, data: Any, /) -> T:
        """The object again."""
        return self.type(**data)


#: What clients and servers are given: the generated type, and how the program's class for it travels.
CODECS = {
    nova_scheduler.Aggregate: DataclassCodec(Aggregate, "1.3"),
    nova_scheduler.InstanceList: DataclassCodec(InstanceList, "2.6"),
    nova_scheduler.RequestSpec: DataclassCodec(RequestSpec, "1.14"),
}
