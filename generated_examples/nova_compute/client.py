"""Drive the instances of one host, one step after the other: python client.py [URL]."""

from __future__ import annotations

import sys
from typing import cast

from baseapi import BaseapiClient
from converters import OlderWorkers
from nova_compute import ComputeClient, InstanceNotFound, RebootType
from objects import (
    CODECS,
    BlockDeviceMapping,
    BlockDeviceMappingList,
    Flavor,
    Instance,
    LiveMigrateData,
    Migration,
    RequestSpec,
)

URL = "zmq+ipc:///tmp/rpcgen-nova"
UUID = "5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10"


def main(url: str) -> None:
    """Build, use and destroy one instance on host1."""
    instance = Instance(uuid=UUID, host="host1", display_name="web")
    migration = Migration(source_compute="host1", dest_compute="host1")

    with BaseapiClient(url) as base:
        print(base.prepare(server="host1").ping(arg="hello"))

    with ComputeClient(url, codecs=CODECS, converters=OlderWorkers()) as nova:
        # The scheduler chose the host, so the caller says where this goes.
        host1 = nova.prepare(server="host1")
        host1.build_and_run_instance(
            instance=instance,
            image={"id": "cirros"},
            request_spec=RequestSpec(flavor="m1.small"),
        )

        # The instance says where these go. A call after a cast: it waits until the instance has stopped.
        nova.stop_instance_call(instance=instance)
        nova.reboot_instance(instance=instance, reboot_type=RebootType.SOFT)

        check = host1.check_can_live_migrate_destination(instance=instance, migration=migration)
        print(
            f"live migration needs shared storage: {cast(LiveMigrateData, check).is_shared_storage}"
        )

        disk = nova.reserve_block_device_name(
            instance=instance,
            volume_id="vol-1",
            multiattach=False,
        )
        print(f"the volume becomes {cast(BlockDeviceMapping, disk).device_name}")

        # Since 6.5 follow-up steps have a topic of their own; the generated client knows which.
        host1.remove_volume_connection(instance=instance, volume_id="vol-1")

        host1.prep_resize(
            instance=instance,
            flavor=Flavor(name="m1.large", vcpus=4, memory_mb=8192),
            image={"id": "cirros"},
            request_spec=RequestSpec(flavor="m1.large"),
            clean_shutdown=True,
        )
        nova.confirm_resize_call(instance=instance, migration=migration)
        line = nova.get_console_output(instance=instance, tail_length=1)
        print(f"the console's last line: {line}")

        nova.terminate_instance(instance=instance, bdms=BlockDeviceMappingList(volume_ids=[]))
        try:
            nova.get_console_output(instance=Instance(uuid="no-such", host="host1"))
        except InstanceNotFound as error:
            print(f"not found: {error.instance_id}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else URL)
