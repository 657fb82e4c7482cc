"""Payloads of nova's events: each has a version of its own, and travels under the keys that nova's consumers read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from rpcgen.runtime import BadResult
from rpcgen.runtime.core.codec import JSON
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.versions.answers import VersionedReader
from rpcgen.runtime.core.versions.results import VersionedWriter

from tests.examples.nova_values import nova

IT = UUID("5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

#: The version of each payload.
VERSIONS = {
    "ServiceStatusPayload": "1.1",
    "InstancePayload": "1.9",
    "InstanceActionPayload": "1.9",
    "InstanceActionVolumePayload": "1.7",
    "InstanceCreatePayload": "1.13",
    "AggregateCachePayload": "1.0",
    "VolumeUsagePayload": "1.0",
    "FlavorPayload": "1.4",
    "IpPayload": "1.0",
    "BlockDevicePayload": "1.0",
    "SharePayload": "1.0",
    "KeypairPayload": "1.0",
    "ExceptionPayload": "1.1",
}

#: Each event, and its payload and priority.
EVENTS = {
    "service.create": ("ServiceStatusPayload", "info"),
    "service.update": ("ServiceStatusPayload", "info"),
    "service.delete": ("ServiceStatusPayload", "info"),
    "instance.create.start": ("InstanceCreatePayload", "info"),
    "instance.create.end": ("InstanceCreatePayload", "info"),
    "instance.create.error": ("InstanceCreatePayload", "error"),
    "instance.volume_attach.start": ("InstanceActionVolumePayload", "info"),
    "instance.volume_attach.end": ("InstanceActionVolumePayload", "info"),
    "instance.volume_attach.error": ("InstanceActionVolumePayload", "error"),
    "aggregate.cache_images.progress": ("AggregateCachePayload", "info"),
    "volume.usage": ("VolumeUsagePayload", "info"),
}

#: What each field says is not what these tests are about.
SERVICE: dict[str, Any] = {
    "host": "host1",
    "binary": "nova-compute",
    "topic": "compute",
    "report_count": 7,
    "disabled": False,
    "disabled_reason": None,
    "availability_zone": None,
    "forced_down": False,
    "version": 68,
}


def write(payload: Any) -> Any:
    """A payload as it travels on JSON, in plain values."""
    writer = VersionedWriter(type(payload), nova.INTERFACE, OpaqueCodecs(), None)
    return JSON.untyped(writer.write(payload, JSON, nova.INTERFACE.version))


def read(cls: type, plain: Any) -> Any:
    """A payload that arrived."""
    reader = VersionedReader(cls, nova.INTERFACE, nova.INTERFACE.version, OpaqueCodecs(), None)
    return reader.read(JSON.encode(plain), JSON)


def envelope(name: str, version: str, data: Any) -> dict[str, Any]:
    """The four keys of nova's versioned objects."""
    return {
        "nova_object.name": name,
        "nova_object.namespace": "nova",
        "nova_object.version": version,
        "nova_object.data": data,
    }


def test_versions() -> None:
    """Every payload has nova's name and version, and nova's keys."""
    clocks = nova.INTERFACE.clocks
    found = {cls.__name__: clock for cls, clock in clocks.items()}
    assert {name: "{}.{}".format(*clock.version) for name, clock in found.items()} == VERSIONS
    for name, clock in found.items():
        assert clock.type_name == name
        keys = (clock.name, clock.version_key, clock.data, clock.constants)
        assert keys == (
            "nova_object.name",
            "nova_object.version",
            "nova_object.data",
            {"nova_object.namespace": "nova"},
        )


def test_events() -> None:
    """Every event has nova's name, payload and priority."""
    found = {e.name: (e.payload.__name__, e.priority) for e in nova.INTERFACE.events}
    assert found == EVENTS


def test_envelope() -> None:
    """A payload says what it is; times are UTC."""
    payload = nova.ServiceStatusPayload(**SERVICE, last_seen_up=NOON, uuid=IT)
    plain = write(payload)
    data = SERVICE | {"last_seen_up": "2026-03-01T12:00:00Z", "uuid": str(IT)}
    assert plain == envelope("ServiceStatusPayload", "1.1", data)
    assert read(nova.ServiceStatusPayload, plain) == payload


def test_other_versions() -> None:
    """What an older payload lacks is None, what a newer one adds is ignored; another major is not understood."""
    cls, old = nova.ServiceStatusPayload, SERVICE | {"last_seen_up": None}
    assert read(cls, envelope("ServiceStatusPayload", "1.0", old)) == cls(**old, uuid=None)
    newer = old | {"uuid": str(IT), "load": 0.5}
    assert read(cls, envelope("ServiceStatusPayload", "1.2", newer)) == cls(**old, uuid=IT)
    with pytest.raises(BadResult, match=r"'2\.0', this program reads 1\.1"):
        read(cls, envelope("ServiceStatusPayload", "2.0", newer))


def test_payloads_within() -> None:
    """Objects inside a payload carry the same keys, and versions of their own; unknown states are kept."""
    flavor: dict[str, Any] = dict.fromkeys(
        ["flavorid", "memory_mb", "vcpus", "root_gb", "ephemeral_gb", "rxtx_factor", "vcpu_weight"]
    )
    flavor |= {"name": "m1.small", "swap": 0, "disabled": False, "is_public": True}
    flavor |= {"extra_specs": {}, "projects": None, "description": None}
    address: dict[str, Any] = {"label": "private", "mac": "fa:16:3e:00:00:01", "meta": {}}
    address |= {"port_uuid": None, "version": 4, "address": "10.0.0.3", "device_name": None}
    fault = dict.fromkeys(("module_name", "function_name", "exception", "traceback"), "x")
    fault |= {"exception_message": "no room"}
    key = {"user_id": None, "name": "mine", "public_key": None, "fingerprint": None, "type": "ssh"}
    fields: dict[str, Any] = dict.fromkeys(nova.InstanceCreatePayload.__struct_fields__)
    fields |= {"uuid": IT, "metadata": {}, "locked": False, "tags": [], "created_at": NOON}
    payload = nova.InstanceCreatePayload(
        **fields
        | {
            "state": nova.InstanceState.BUILDING,
            "task_state": "dreaming",
            "auto_disk_config": nova.DiskConfig.MANUAL,
            "flavor": nova.FlavorPayload(**flavor),
            "ip_addresses": [nova.IpPayload(**address)],
            "keypairs": [nova.KeypairPayload(**key)],
            "fault": nova.ExceptionPayload(**fault),
        }
    )
    plain = write(payload)
    assert read(nova.InstanceCreatePayload, plain) == payload
    assert plain == envelope("InstanceCreatePayload", "1.13", plain["nova_object.data"])
    data = plain["nova_object.data"]
    assert data["flavor"] == envelope("FlavorPayload", "1.4", flavor)
    assert data["ip_addresses"] == [envelope("IpPayload", "1.0", address)]
    assert data["keypairs"] == [envelope("KeypairPayload", "1.0", key)]
    assert data["fault"] == envelope("ExceptionPayload", "1.1", fault)
    assert (data["state"], data["task_state"]) == ("building", "dreaming")
    assert data["created_at"] == "2026-03-01T12:00:00Z"
