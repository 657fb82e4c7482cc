"""Objects of the program's own, and how they travel: a stand-in for nova.objects."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import nova_compute
from rpcgen.runtime import OpaqueCodec


class VersionedObject:
    """An object whose attributes are its data. Its format has a version of its own, apart from the interface's."""

    VERSION = "1.0"


Object = TypeVar("Object", bound=VersionedObject)


class Instance(VersionedObject):
    """One virtual machine."""

    VERSION = "2.8"

    def __init__(self, *, uuid: str, host: str | None, display_name: str = "") -> None:
        self.uuid = uuid
        self.host = host
        self.display_name = display_name


class Migration(VersionedObject):
    """One move of an instance."""

    VERSION = "1.7"

    def __init__(self, *, source_compute: str | None, dest_compute: str | None) -> None:
        self.source_compute = source_compute
        self.dest_compute = dest_compute


class MigrationContext(VersionedObject):
    """What an instance claims where it moves to."""

    VERSION = "1.2"

    def __init__(self, *, new_numa_topology: str | None) -> None:
        self.new_numa_topology = new_numa_topology


class Flavor(VersionedObject):
    """How large an instance is."""

    VERSION = "1.2"

    def __init__(self, *, name: str, vcpus: int, memory_mb: int) -> None:
        self.name = name
        self.vcpus = vcpus
        self.memory_mb = memory_mb


class RequestSpec(VersionedObject):
    """What the user asked for."""

    VERSION = "1.14"

    def __init__(self, *, flavor: str, num_instances: int = 1) -> None:
        self.flavor = flavor
        self.num_instances = num_instances


class BlockDeviceMapping(VersionedObject):
    """One disk."""

    VERSION = "1.21"

    def __init__(self, *, volume_id: str, device_name: str) -> None:
        self.volume_id = volume_id
        self.device_name = device_name


class BlockDeviceMappingList(VersionedObject):
    """The disks of an instance."""

    VERSION = "1.18"

    def __init__(self, *, volume_ids: list[str]) -> None:
        self.volume_ids = volume_ids


class LiveMigrateData(VersionedObject):
    """What two hypervisors tell each other."""

    VERSION = "1.10"

    def __init__(self, *, is_shared_storage: bool) -> None:
        self.is_shared_storage = is_shared_storage


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
    nova_compute.BlockDeviceMapping: ObjectCodec(BlockDeviceMapping),
    nova_compute.BlockDeviceMappingList: ObjectCodec(BlockDeviceMappingList),
    nova_compute.Flavor: ObjectCodec(Flavor),
    nova_compute.Instance: ObjectCodec(Instance),
    nova_compute.LiveMigrateData: ObjectCodec(LiveMigrateData),
    nova_compute.Migration: ObjectCodec(Migration),
    nova_compute.MigrationContext: ObjectCodec(MigrationContext),
    nova_compute.RequestSpec: ObjectCodec(RequestSpec),
}
