"""What nova's compute client sends for methods that changed since 5.0, at every pin: life cycle, volumes and the host."""

from __future__ import annotations

from typing import Any

from tests.examples.cases import Arguments, Case, Refused, Sent
from tests.examples.nova_values import DISKS, INSTANCE, MIGRATION, NETWORKS, SELECTION, SHARE, SPEC

IT: dict[str, Any] = {"instance": INSTANCE}
ACCELERATORS = ["acc-1"]

BUILD: dict[str, Any] = {
    "instance": INSTANCE,
    "image": {"id": "cirros"},
    "request_spec": SPEC,
    "filter_properties": {"retry": 1},
    "admin_password": "secret",
    "injected_files": [["/etc/motd", "hi"]],
    "requested_networks": NETWORKS,
    "security_groups": ["default"],
    "block_device_mapping": DISKS,
    "node": "node-1",
    "limits": {"vcpus": 8},
    "host_list": [SELECTION],
}


def build_and_run(given: Arguments, arguments: Arguments, accelerators: list[str] | None) -> Case:
    """`accel_uuids` since 5.11, else left out."""
    newer = {**arguments, "accel_uuids": accelerators}
    return Case(
        "build_and_run_instance",
        given,
        {
            "5.0..5.10": Sent("5.0", "compute/chosen", arguments),
            "5.11..5.13": Sent("5.11", "compute/chosen", newer),
            "6.0..6.5 none": Sent("6.0", "compute/chosen", newer),
        },
        server="chosen",
    )


#: What goes out for the arguments of `BUILD` that a program leaves out.
NOTHING_MORE = dict.fromkeys(
    [
        "filter_properties",
        "admin_password",
        "injected_files",
        "requested_networks",
        "security_groups",
        "block_device_mapping",
        "node",
        "limits",
        "host_list",
    ]
)
BUILD_LEAST = {key: BUILD[key] for key in ("instance", "image", "request_spec")}

SHELVE: dict[str, Any] = {"instance": INSTANCE, "image_id": "image", "clean_shutdown": True}
OFFLOAD: dict[str, Any] = {"instance": INSTANCE, "clean_shutdown": True}
UNSHELVE: dict[str, Any] = {
    "instance": INSTANCE,
    "image": {"id": "cirros"},
    "filter_properties": None,
    "node": "node-1",
}

REBUILD: dict[str, Any] = {
    "instance": INSTANCE,
    "new_pass": "secret",
    "injected_files": [],
    "image_ref": "cirros",
    "orig_image_ref": "debian",
    "orig_sys_metadata": {"os": "linux"},
    "bdms": DISKS,
    "recreate": False,
    "on_shared_storage": None,
    "preserve_ephemeral": False,
    "migration": MIGRATION,
    "scheduled_node": "node-1",
    "limits": {"vcpus": 8},
    "request_spec": SPEC,
}
REBUILD_6_0 = REBUILD | {"accel_uuids": ACCELERATORS}
REBUILD_6_1 = REBUILD_6_0 | {"reimage_boot_volume": False}
REBUILD_6_2 = REBUILD_6_1 | {"target_state": None}

CHANGED = [
    build_and_run(BUILD_LEAST, BUILD_LEAST | NOTHING_MORE, None),
    build_and_run(BUILD | {"accel_uuids": []}, BUILD, []),
    build_and_run(BUILD | {"accel_uuids": ACCELERATORS}, BUILD, ACCELERATORS),
    # accel_uuids since 5.13: an empty list is left out, and one that is not empty is refused
    Case(
        "shelve_instance",
        SHELVE,
        {
            "5.0..5.12": Sent("5.0", "compute/home", SHELVE),
            "5.13": Sent("5.13", "compute/home", SHELVE | {"accel_uuids": None}),
            "6.0..6.5 none": Sent("6.0", "compute/home", SHELVE | {"accel_uuids": None}),
        },
    ),
    Case(
        "shelve_instance",
        SHELVE | {"accel_uuids": []},
        {
            "5.0..5.12": Sent("5.0", "compute/home", SHELVE),
            "5.13": Sent("5.13", "compute/home", SHELVE | {"accel_uuids": []}),
            "6.0..6.5 none": Sent("6.0", "compute/home", SHELVE | {"accel_uuids": []}),
        },
    ),
    Case(
        "shelve_instance",
        SHELVE | {"accel_uuids": ACCELERATORS},
        {
            "5.0..5.12": Refused("5.13", "accel_uuids"),
            "5.13": Sent("5.13", "compute/home", SHELVE | {"accel_uuids": ACCELERATORS}),
            "6.0..6.5 none": Sent("6.0", "compute/home", SHELVE | {"accel_uuids": ACCELERATORS}),
        },
    ),
    # accel_uuids since 5.13, else left out, whatever is in it
    Case(
        "shelve_offload_instance",
        OFFLOAD,
        {
            "5.0..5.12": Sent("5.0", "compute/home", OFFLOAD),
            "5.13": Sent("5.13", "compute/home", OFFLOAD | {"accel_uuids": None}),
            "6.0..6.5 none": Sent("6.0", "compute/home", OFFLOAD | {"accel_uuids": None}),
        },
    ),
    Case(
        "shelve_offload_instance",
        OFFLOAD | {"accel_uuids": ACCELERATORS},
        {
            "5.0..5.12": Sent("5.0", "compute/home", OFFLOAD),
            "5.13": Sent("5.13", "compute/home", OFFLOAD | {"accel_uuids": ACCELERATORS}),
            "6.0..6.5 none": Sent("6.0", "compute/home", OFFLOAD | {"accel_uuids": ACCELERATORS}),
        },
    ),
    # request_spec since 5.2, accel_uuids since 5.13, else left out
    Case(
        "unshelve_instance",
        UNSHELVE | {"request_spec": SPEC, "accel_uuids": ACCELERATORS},
        {
            "5.0 5.1": Sent("5.0", "compute/chosen", UNSHELVE),
            "5.2..5.12": Sent("5.2", "compute/chosen", UNSHELVE | {"request_spec": SPEC}),
            "5.13": Sent(
                "5.13",
                "compute/chosen",
                UNSHELVE | {"request_spec": SPEC, "accel_uuids": ACCELERATORS},
            ),
            "6.0..6.5 none": Sent(
                "6.0",
                "compute/chosen",
                UNSHELVE | {"request_spec": SPEC, "accel_uuids": ACCELERATORS},
            ),
        },
        server="chosen",
    ),
    # accel_uuids since 5.12, else left out; reimage_boot_volume since 6.1 and target_state since 6.2, refused if set
    Case(
        "rebuild_instance",
        REBUILD_6_0,
        {
            "5.0..5.11": Sent("5.0", "compute/home", REBUILD),
            "5.12 5.13": Sent("5.12", "compute/home", REBUILD_6_0),
            "6.0": Sent("6.0", "compute/home", REBUILD_6_0),
            "6.1": Sent("6.1", "compute/home", REBUILD_6_1),
            "6.2..6.5 none": Sent("6.2", "compute/home", REBUILD_6_2),
        },
    ),
    Case(
        "rebuild_instance",
        REBUILD | {"reimage_boot_volume": False, "target_state": ""},
        {
            "5.0..5.11": Sent("5.0", "compute/named", REBUILD),
            "5.12 5.13": Sent("5.12", "compute/named", REBUILD | {"accel_uuids": None}),
            "6.0": Sent("6.0", "compute/named", REBUILD | {"accel_uuids": None}),
            "6.1": Sent(
                "6.1",
                "compute/named",
                REBUILD | {"accel_uuids": None, "reimage_boot_volume": False},
            ),
            "6.2..6.5 none": Sent(
                "6.2",
                "compute/named",
                REBUILD | {"accel_uuids": None, "reimage_boot_volume": False, "target_state": ""},
            ),
        },
        server="named",
    ),
    Case(
        "rebuild_instance",
        REBUILD_6_0 | {"reimage_boot_volume": True},
        {
            "5.0..5.13 6.0": Refused("6.1", "reimage_boot_volume"),
            "6.1": Sent("6.1", "compute/home", REBUILD_6_0 | {"reimage_boot_volume": True}),
            "6.2..6.5 none": Sent(
                "6.2", "compute/home", REBUILD_6_2 | {"reimage_boot_volume": True}
            ),
        },
    ),
    Case(
        "rebuild_instance",
        REBUILD_6_0 | {"target_state": "stopped"},
        {
            "5.0..5.13 6.0 6.1": Refused("6.2", "target_state"),
            "6.2..6.5 none": Sent("6.2", "compute/home", REBUILD_6_2 | {"target_state": "stopped"}),
        },
    ),
    # since 5.4
    Case(
        "cache_images",
        {"image_ids": ["cirros"]},
        {
            "5.0..5.3": Refused("5.4"),
            "5.4..5.13": Sent("5.4", "compute/named", {"image_ids": ["cirros"]}),
            "6.0..6.5 none": Sent("6.0", "compute/named", {"image_ids": ["cirros"]}),
        },
        server="named",
        kind="call",
    ),
    # since 6.4
    Case(
        "allow_share",
        IT | {"share_mapping": SHARE},
        {
            "5.0..5.13 6.0..6.3": Refused("6.4"),
            "6.4 6.5 none": Sent("6.4", "compute/home", IT | {"share_mapping": SHARE}),
        },
    ),
    Case(
        "deny_share",
        IT | {"share_mapping": SHARE},
        {
            "5.0..5.13 6.0..6.3": Refused("6.4"),
            "6.4 6.5 none": Sent("6.4", "compute/home", IT | {"share_mapping": SHARE}),
        },
    ),
]
