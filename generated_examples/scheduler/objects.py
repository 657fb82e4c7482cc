"""Objects of the program's own, and how they travel: a stand-in for nova.objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import nova_scheduler
from rpcgen.runtime import OpaqueCodec


class VersionedObject:
    """An object whose attributes are its data. Its format has a version of its own, apart from the interface's."""

    VERSION = "1.0"


Object = TypeVar("Object", bound=VersionedObject)


class RequestSpec(VersionedObject):
    """What the user asked for."""

    VERSION = "1.14"

    def __init__(
        self, *, num_instances: int, memory_mb: int, ignore_hosts: Sequence[str] = ()
    ) -> None:
        self.num_instances = num_instances
        self.memory_mb = memory_mb
        self.ignore_hosts = list(ignore_hosts)


class Aggregate(VersionedObject):
    """A named group of hosts."""

    VERSION = "1.3"

    def __init__(self, *, name: str, hosts: list[str]) -> None:
        self.name = name
        self.hosts = hosts


class InstanceList(VersionedObject):
    """The instances of one host: the memory of each, by uuid."""

    VERSION = "2.6"

    def __init__(self, *, memory_mb: dict[str, int]) -> None:
        self.memory_mb = memory_mb


class ObjectCodec(Generic[Object]):
    """Moves a versioned object as {name, version, data}; reads every minor of its major version."""

    def __init__(self, cls: type[Object]) -> None:
        self.type = cls

    def encode(self, value: Object, /) -> tuple[str, Any]:
        """The version of the object's own format, and its data."""
        return self.type.VERSION, vars(value)

    def decode(self, version: str, data: Any, /) -> Object:
        """The object again."""
        if version.partition(".")[0] != self.type.VERSION.partition(".")[0]:
            raise ValueError(f"{self.type.__name__} {version} is not {self.type.VERSION}")
        return self.type(**data)


#: What clients and servers are given: the generated type, and how the program's class for it travels.
CODECS: dict[type, OpaqueCodec] = {
    nova_scheduler.Aggregate: ObjectCodec(Aggregate),
    nova_scheduler.InstanceList: ObjectCodec(InstanceList),
    nova_scheduler.RequestSpec: ObjectCodec(RequestSpec),
}
