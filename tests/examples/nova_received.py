"""What nova's workers make of messages of both majors: what the handler gets, or why the message is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.examples.cases import Arguments
from tests.examples.nova_changed import (
    ACCELERATORS,
    BUILD,
    OFFLOAD,
    REBUILD,
    SHELVE,
    UNSHELVE,
)
from tests.examples.nova_moved import (
    BOTH,
    CHECK,
    CLAIM,
    FINISH,
    PRE_LIVE,
    PREP,
    RESIZE,
    SNAPSHOT,
    VOLUME,
)
from tests.examples.nova_values import FLAVOR, INSTANCE, LEGACY_SPEC, LIMITS, SHARE, SPEC, nova


@dataclass(frozen=True, slots=True)
class Heard:
    """A message of each of these versions, and what the handler gets of it."""

    method: str
    versions: str
    message: Arguments
    arguments: Arguments


@dataclass(frozen=True, slots=True)
class Unheard:
    """A message that is refused, with the code of the refusal and the path in it."""

    method: str
    version: str
    message: Arguments
    code: str
    path: str | None = None


NO_ACCELERATORS: dict[str, Any] = {"accel_uuids": None}
SOME_ACCELERATORS: dict[str, Any] = {"accel_uuids": ACCELERATORS}
NO_SPEC: dict[str, Any] = {"request_spec": None}
SOME_SPEC: dict[str, Any] = {"request_spec": SPEC}
SHARED: dict[str, Any] = {"data": {"filename": "x"}}
SOFT: dict[str, Any] = {"instance": INSTANCE, "block_device_info": None, "reboot_type": "SOFT"}
OLD_DISK: dict[str, Any] = {"reimage_boot_volume": False}
NO_STATE: dict[str, Any] = {"target_state": None}

HEARD = [
    # What did not change
    Heard("start_instance", "5.0 5.13 6.0 6.5", {"instance": INSTANCE}, {"instance": INSTANCE}),
    Heard(
        "stop_instance",
        "5.0 6.0",
        {"instance": INSTANCE},
        {"instance": INSTANCE, "clean_shutdown": True},
    ),
    Heard("reboot_instance", "5.0 6.0", SOFT, SOFT | {"reboot_type": nova.RebootType.SOFT}),
    # accel_uuids
    Heard("build_and_run_instance", "5.0 5.10", BUILD, BUILD | NO_ACCELERATORS),
    Heard(
        "build_and_run_instance",
        "5.11 5.13 6.0 6.5",
        BUILD | SOME_ACCELERATORS,
        BUILD | SOME_ACCELERATORS,
    ),
    Heard("build_and_run_instance", "6.0", BUILD, BUILD | NO_ACCELERATORS),
    Heard("shelve_instance", "5.0 5.12", SHELVE, SHELVE | NO_ACCELERATORS),
    Heard("shelve_instance", "5.13 6.0", SHELVE | SOME_ACCELERATORS, SHELVE | SOME_ACCELERATORS),
    Heard("shelve_offload_instance", "5.0 5.12", OFFLOAD, OFFLOAD | NO_ACCELERATORS),
    Heard(
        "shelve_offload_instance",
        "5.13 6.0",
        OFFLOAD | SOME_ACCELERATORS,
        OFFLOAD | SOME_ACCELERATORS,
    ),
    Heard("unshelve_instance", "5.0 5.1", UNSHELVE, UNSHELVE | NO_SPEC | NO_ACCELERATORS),
    Heard(
        "unshelve_instance",
        "5.2 5.12",
        UNSHELVE | SOME_SPEC,
        UNSHELVE | SOME_SPEC | NO_ACCELERATORS,
    ),
    Heard(
        "unshelve_instance",
        "5.13 6.0",
        UNSHELVE | SOME_SPEC | SOME_ACCELERATORS,
        UNSHELVE | SOME_SPEC | SOME_ACCELERATORS,
    ),
    # rebuild_instance
    Heard("rebuild_instance", "5.0 5.11", REBUILD, REBUILD | NO_ACCELERATORS | OLD_DISK | NO_STATE),
    Heard(
        "rebuild_instance",
        "5.12 5.13 6.0",
        REBUILD | SOME_ACCELERATORS,
        REBUILD | SOME_ACCELERATORS | OLD_DISK | NO_STATE,
    ),
    Heard(
        "rebuild_instance",
        "6.1",
        REBUILD | SOME_ACCELERATORS | {"reimage_boot_volume": True},
        REBUILD | SOME_ACCELERATORS | {"reimage_boot_volume": True} | NO_STATE,
    ),
    Heard(
        "rebuild_instance",
        "6.2 6.5",
        REBUILD | SOME_ACCELERATORS | OLD_DISK | {"target_state": "stopped"},
        REBUILD | SOME_ACCELERATORS | OLD_DISK | {"target_state": "stopped"},
    ),
    # instance_type became flavor; request_spec became an object
    Heard(
        "prep_resize",
        "5.0",
        PREP | {"instance_type": FLAVOR, "request_spec": LEGACY_SPEC},
        PREP | {"flavor": FLAVOR} | SOME_SPEC,
    ),
    Heard(
        "prep_resize",
        "5.1 5.13",
        PREP | {"instance_type": FLAVOR} | SOME_SPEC,
        PREP | {"flavor": FLAVOR} | SOME_SPEC,
    ),
    Heard(
        "prep_resize",
        "6.0 6.5",
        PREP | {"flavor": FLAVOR} | SOME_SPEC,
        PREP | {"flavor": FLAVOR} | SOME_SPEC,
    ),
    Heard(
        "resize_instance",
        "5.0 5.1",
        RESIZE | {"instance_type": FLAVOR},
        RESIZE | {"flavor": FLAVOR} | NO_SPEC,
    ),
    Heard(
        "resize_instance",
        "5.2 5.13",
        RESIZE | {"instance_type": FLAVOR} | SOME_SPEC,
        RESIZE | {"flavor": FLAVOR} | SOME_SPEC,
    ),
    Heard(
        "resize_instance",
        "6.0",
        RESIZE | {"flavor": FLAVOR} | SOME_SPEC,
        RESIZE | {"flavor": FLAVOR} | SOME_SPEC,
    ),
    Heard("finish_resize", "5.0 5.1", FINISH, FINISH | NO_SPEC),
    Heard("finish_resize", "5.2 6.0", FINISH | SOME_SPEC, FINISH | SOME_SPEC),
    Heard("revert_resize", "5.0 5.1", BOTH, BOTH | NO_SPEC),
    Heard("revert_resize", "5.2 6.0", BOTH | SOME_SPEC, BOTH | SOME_SPEC),
    Heard("finish_revert_resize", "5.0 5.1", BOTH, BOTH | NO_SPEC),
    Heard("finish_revert_resize", "5.2 6.0", BOTH | SOME_SPEC, BOTH | SOME_SPEC),
    # live migration
    Heard(
        "check_can_live_migrate_destination",
        "5.0 5.2",
        CHECK,
        CHECK | {"migration": None, "limits": None},
    ),
    Heard(
        "check_can_live_migrate_destination",
        "5.3 6.0",
        CHECK | BOTH | {"limits": LIMITS},
        CHECK | BOTH | {"limits": LIMITS},
    ),
    Heard("pre_live_migration", "5.0 5.1 5.13", PRE_LIVE | {"block_migration": None}, PRE_LIVE),
    # a constant may be absent, and nobody looks at it
    Heard("pre_live_migration", "5.0", PRE_LIVE, PRE_LIVE),
    Heard("pre_live_migration", "5.0", PRE_LIVE | {"block_migration": True}, PRE_LIVE),
    Heard("pre_live_migration", "6.0 6.5", PRE_LIVE, PRE_LIVE),
    # arguments that 6.0 dropped
    Heard("check_instance_shared_storage", "5.0", SHARED | {"instance": INSTANCE}, SHARED),
    Heard("check_instance_shared_storage", "5.13", SHARED | {"instance": None}, SHARED),
    Heard("check_instance_shared_storage", "6.0 6.5", SHARED, SHARED),
    Heard("prep_snapshot_based_resize_at_dest", "5.5 5.13", CLAIM | SOME_SPEC, CLAIM),
    Heard("prep_snapshot_based_resize_at_dest", "6.0 6.5", CLAIM, CLAIM),
    Heard("finish_snapshot_based_resize_at_dest", "5.7 5.13", SNAPSHOT | SOME_SPEC, SNAPSHOT),
    Heard("finish_snapshot_based_resize_at_dest", "6.0 6.5", SNAPSHOT, SNAPSHOT),
    # a default that older messages read as
    Heard("remove_volume_connection", "5.0 6.2", VOLUME, VOLUME | {"delete_attachment": False}),
    Heard(
        "remove_volume_connection",
        "6.3",
        VOLUME | {"delete_attachment": True},
        VOLUME | {"delete_attachment": True},
    ),
]

UNHEARD = [
    # versions that nobody serves
    Unheard("get_host_uptime", "4.22", {}, "unsupported_major"),
    Unheard("get_host_uptime", "7.0", {}, "unsupported_major"),
    Unheard("get_host_uptime", "5.14", {}, "minor_too_new"),
    Unheard("get_host_uptime", "6.6", {}, "minor_too_new"),
    # methods that their versions do not have
    Unheard("refresh_instance_security_rules", "5.13", {}, "unknown_method"),
    Unheard("cache_images", "5.3", {"image_ids": []}, "method_not_in_version"),
    Unheard("drop_move_claim_at_destination", "5.2", {}, "method_not_in_version"),
    Unheard("prep_snapshot_based_resize_at_dest", "5.4", CLAIM, "method_not_in_version"),
    Unheard("prep_snapshot_based_resize_at_source", "5.5", SNAPSHOT, "method_not_in_version"),
    Unheard("finish_snapshot_based_resize_at_dest", "5.6", SNAPSHOT, "method_not_in_version"),
    Unheard("confirm_snapshot_based_resize_at_source", "5.7", BOTH, "method_not_in_version"),
    Unheard("revert_snapshot_based_resize_at_dest", "5.8", BOTH, "method_not_in_version"),
    Unheard("finish_revert_snapshot_based_resize_at_source", "5.9", BOTH, "method_not_in_version"),
    Unheard("allow_share", "5.13", {"share_mapping": SHARE}, "method_not_in_version"),
    Unheard("deny_share", "6.3", {"share_mapping": SHARE}, "method_not_in_version"),
    # arguments that their versions do not have
    Unheard(
        "build_and_run_instance",
        "5.10",
        BUILD | NO_ACCELERATORS,
        "argument_not_in_version",
        "accel_uuids",
    ),
    Unheard(
        "shelve_instance",
        "5.12",
        SHELVE | SOME_ACCELERATORS,
        "argument_not_in_version",
        "accel_uuids",
    ),
    Unheard(
        "rebuild_instance",
        "5.13",
        REBUILD | OLD_DISK,
        "argument_not_in_version",
        "reimage_boot_volume",
    ),
    Unheard(
        "rebuild_instance", "6.1", REBUILD | NO_STATE, "argument_not_in_version", "target_state"
    ),
    Unheard("revert_resize", "5.1", BOTH | SOME_SPEC, "argument_not_in_version", "request_spec"),
    Unheard(
        "check_can_live_migrate_destination",
        "5.2",
        CHECK | BOTH,
        "argument_not_in_version",
        "migration",
    ),
    Unheard(
        "remove_volume_connection",
        "6.2",
        VOLUME | {"delete_attachment": False},
        "argument_not_in_version",
        "delete_attachment",
    ),
    # each name at its own versions only
    Unheard(
        "prep_resize",
        "5.13",
        PREP | {"flavor": FLAVOR} | SOME_SPEC,
        "argument_not_in_version",
        "flavor",
    ),
    Unheard(
        "prep_resize",
        "6.0",
        PREP | {"instance_type": FLAVOR} | SOME_SPEC,
        "unknown_argument",
        "instance_type",
    ),
    Unheard(
        "prep_resize",
        "6.0",
        PREP | {"instance_type": FLAVOR, "flavor": FLAVOR} | SOME_SPEC,
        "unknown_argument",
        "instance_type",
    ),
    # each form at its own versions only; what a converter cannot read is refused, too
    Unheard(
        "prep_resize",
        "5.0",
        PREP | {"instance_type": FLAVOR} | SOME_SPEC,
        "mistyped_argument",
        "request_spec",
    ),
    Unheard(
        "prep_resize",
        "5.1",
        PREP | {"instance_type": FLAVOR, "request_spec": LEGACY_SPEC},
        "mistyped_argument",
        "request_spec",
    ),
    # what 6.0 dropped: 5.x messages have it, 6.x messages do not
    Unheard("prep_snapshot_based_resize_at_dest", "5.5", CLAIM, "missing_argument", "request_spec"),
    Unheard(
        "prep_snapshot_based_resize_at_dest",
        "6.0",
        CLAIM | SOME_SPEC,
        "unknown_argument",
        "request_spec",
    ),
    Unheard(
        "pre_live_migration",
        "6.0",
        PRE_LIVE | {"block_migration": None},
        "unknown_argument",
        "block_migration",
    ),
    Unheard(
        "check_instance_shared_storage",
        "6.0",
        SHARED | {"instance": INSTANCE},
        "unknown_argument",
        "instance",
    ),
]
