"""The messages of the benchmark as msgspec structs, for the adapter that has types but no dispatch."""

from __future__ import annotations

import enum

import msgspec


class PowerState(enum.Enum):
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    mac: str
    ip: str
    prefix: int
    device: str
    up: bool


class Flavor(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    vcpus: int
    memory_mb: int
    disk_gb: int
    extra: dict[str, str]


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    size_gb: int
    device: str
    bootable: bool


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    uuid: str
    name: str
    display_name: str
    description: str | None = None
    project_id: str
    user_id: str
    host: str | None = None
    node: str | None = None
    zone: str
    image_ref: str
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    state: PowerState
    vm_state: str
    task_state: str | None = None
    memory_mb: int
    vcpus: int
    root_gb: int
    ephemeral_gb: int
    locked: bool
    progress: float
    created_at: int
    updated_at: int | None = None
    tags: list[str]
    metadata: dict[str, str]
    flavor: Flavor
    addresses: list[Address]
    volumes: list[Volume]


class Add(msgspec.Struct, frozen=True, tag="add"):
    id: int
    a: int
    b: int


class Echo(msgspec.Struct, frozen=True, tag="echo"):
    id: int
    instance: Instance


class Note(msgspec.Struct, frozen=True, tag="note"):
    number: int
    word: str


class Handled(msgspec.Struct, frozen=True, tag="handled"):
    id: int


class Reply(msgspec.Struct, frozen=True):
    id: int
    result: int | Instance


Request = Add | Echo | Note | Handled
