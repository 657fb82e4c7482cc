"""Objects of the program's own, and how they travel: a stand-in for nova.objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Generic, TypeVar

import nova_compute

T = TypeVar("T")


@dataclass
class Instance:
    """One virtual machine."""

    uuid: str
    host: str | None = None
    display_name: str = ""


@dataclass
class Migration:
    """One move of an instance."""

    id: int
    source_compute: str | None
    dest_compute: str | None


@dataclass
class Flavor:
    """How large an instance is."""

    name: str
    vcpus: int
    memory_mb: int


@dataclass
class RequestSpec:
    """What the user asked for."""

    flavor: str


@dataclass
class BlockDeviceMapping:
    """One disk."""

    volume_id: str
    device_name: str


@dataclass
class BlockDeviceMappingList:
    """The disks of an instance."""

    objects: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class LiveMigrateData:
    """What two hypervisors tell each other."""

    is_shared_storage: bool


@dataclass
class MigrationContext:
    """What an instance claims where it moves to."""

    migration_id: int


class DataclassCodec(Generic[T]):
    """Moves a dataclass as {name, version, data}; reads the same major version."""

    def __init__(self, cls: type[T], version: str) -> None:
        self.type = cls
        self._version = version

    def encode(self, value: T, /) -> tuple[str, Any]:
        """The version of the class's own format, and its fields."""
        return self._version, asdict(value)  # type: ignore[call-overload]

    def decode(self, version: str, data: Any, /) -> T:
        """The object again."""
        if version.partition(".")[0] != self._version.partition(".")[0]:
            raise ValueError(
                f"{self.type.__name__} {version} cannot be read, expected {self._version}"
            )
        return self.type(**data)


#: What clients and servers are given: the generated type, and how the program's class for it travels.
CODECS = {
    nova_compute.BlockDeviceMapping: DataclassCodec(BlockDeviceMapping, "1.21"),
    nova_compute.BlockDeviceMappingList: DataclassCodec(BlockDeviceMappingList, "1.18"),
    nova_compute.Flavor: DataclassCodec(Flavor, "1.2"),
    nova_compute.Instance: DataclassCodec(Instance, "2.8"),
    nova_compute.LiveMigrateData: DataclassCodec(LiveMigrateData, "1.10"),
    nova_compute.Migration: DataclassCodec(Migration, "1.7"),
    nova_compute.MigrationContext: DataclassCodec(MigrationContext, "1.2"),
    nova_compute.RequestSpec: DataclassCodec(RequestSpec, "1.14"),
}
