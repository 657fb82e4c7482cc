"""Speak to workers of an older release while they are being upgraded: python pinned_client.py [URL] [RELEASE]."""

from __future__ import annotations

import sys

from converters import OlderWorkers
from nova_compute import ComputeClient, UnsupportedRPCVersion
from objects import CODECS, BlockDeviceMappingList, Flavor, Instance, RequestSpec

URL = "zmq+ipc:///tmp/rpcgen-nova"
UUID = "0b6c7b52-3f0a-4a4e-8a43-9f3e0c1d8e55"


def main(url: str, release: str) -> None:
    """The same program as ever; what the release does not know is written otherwise, left out or refused."""
    instance = Instance(uuid=UUID, host="host1", display_name="web")
    no_disks = BlockDeviceMappingList(volume_ids=[])
    with ComputeClient(url, pin=release, codecs=CODECS, converters=OlderWorkers()) as nova:
        print(f"{release} is {'.'.join(map(str, nova.version or ()))}")

        # Whoever wants to know beforehand asks; the questions are typed.
        print(f"images can be cached: {nova.supports.cache_images()}")
        print(f"a state can be chosen: {nova.supports.rebuild_instance('target_state')}")

        # Before 6.0 `flavor` was called `instance_type`; before 5.1 the request spec was a dictionary.
        nova.prepare(server="host1").prep_resize(
            instance=instance,
            flavor=Flavor(name="m1.large", vcpus=4, memory_mb=8192),
            image={"id": "cirros"},
            request_spec=RequestSpec(flavor="m1.large"),
            clean_shutdown=True,
        )

        # Accelerators are left out where a worker does not know of them. A state that was asked for is not.
        for state in (None, "stopped"):
            try:
                nova.rebuild_instance(
                    instance=instance,
                    image_ref="cirros",
                    orig_image_ref="cirros",
                    orig_sys_metadata={},
                    bdms=no_disks,
                    recreate=False,
                    preserve_ephemeral=False,
                    accel_uuids=["5c0a5b0e-0a57-4a52-9a5c-6c4e8e9a7d11"],
                    target_state=state,
                )
            except UnsupportedRPCVersion as error:
                print(f"refused: {error.argument} needs {error.needed}")
        nova.terminate_instance(instance=instance, bdms=no_disks)


if __name__ == "__main__":
    main(
        sys.argv[1] if len(sys.argv) > 1 else URL,
        sys.argv[2] if len(sys.argv) > 2 else "queens",
    )
