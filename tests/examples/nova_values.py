"""nova's compute interface, and values for its arguments."""

from __future__ import annotations

from typing import Any

from tests.examples.packages import generated, opaque

nova = generated("nova_compute", "nova_compute")

INSTANCE = opaque("Instance", uuid="6f70", host="home")
MIGRATION = opaque("Migration", source_compute="source", dest_compute="dest")
FLAVOR = opaque("Flavor", name="m1.large")
SPEC = opaque("RequestSpec", flavor="m1.large")
LIMITS = opaque("SchedulerLimits", vcpus=8)
SELECTION = opaque("Selection", host="spare")
NETWORKS = opaque("NetworkRequestList", networks=["net"])
DISK = opaque("BlockDeviceMapping", volume_id="vol")
DISKS = opaque("BlockDeviceMappingList", volumes=["vol"])
LIVE = opaque("LiveMigrateData", shared=False)
CONTEXT = opaque("MigrationContext", numa=None)
SHARE = opaque("ShareMapping", share_id="share")
EVENT = opaque("InstanceExternalEvent", name="network-changed")

#: What `SPEC` is in messages of 5.0.
LEGACY_SPEC: dict[str, Any] = {"instance_type": {"name": "m1.large"}}

#: What workers answer; the others answer nothing.
ANSWERS: dict[str, Any] = {
    "check_can_live_migrate_destination": LIVE,
    "check_instance_shared_storage": True,
    "pre_live_migration": LIVE,
    "prep_snapshot_based_resize_at_dest": CONTEXT,
    "reserve_block_device_name": DISK,
    "attach_interface": {"address": "fa:16:3e:00:00:01"},
    "get_console_output": "login:",
    "get_vnc_console": {"port": 5900},
    "set_host_enabled": "enabled",
    "get_host_uptime": "up 1 day",
    "cache_images": {"image": "cached"},
}


# The package is found at run time, so type checkers see no more of its classes than `Any`.
ClientConverters: Any = nova.ComputeClientConverters
ServerConverters: Any = nova.ComputeServerConverters


class OlderWorkers(ClientConverters):  # type: ignore[misc]
    """What the client needs for pins below 5.1."""

    def down_prep_resize_request_spec_until_5_1(self, value: Any) -> dict[str, Any]:
        return {"instance_type": {"name": value.flavor}}


class OlderClients(ServerConverters):  # type: ignore[misc]
    """What the server needs for messages of 5.0."""

    def up_prep_resize_request_spec_until_5_1(self, value: dict[str, Any]) -> Any:
        return opaque("RequestSpec", flavor=value["instance_type"]["name"])
