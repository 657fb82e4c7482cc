"""What nova's compute client sends for methods that changed since 5.0, at every pin: resize and migration."""

from __future__ import annotations

from typing import Any

from tests.examples.cases import Arguments, Case, Refused, Sent
from tests.examples.nova_values import (
    FLAVOR,
    INSTANCE,
    LEGACY_SPEC,
    LIMITS,
    LIVE,
    MIGRATION,
    SELECTION,
    SPEC,
)

IT: dict[str, Any] = {"instance": INSTANCE}
BOTH: dict[str, Any] = {"instance": INSTANCE, "migration": MIGRATION}
SNAPSHOT = BOTH | {"snapshot_id": "image"}

PREP: dict[str, Any] = {
    "instance": INSTANCE,
    "image": {"id": "cirros"},
    "filter_properties": {"retry": 1},
    "node": "node-1",
    "migration": MIGRATION,
    "clean_shutdown": True,
    "host_list": [SELECTION],
}
RESIZE: dict[str, Any] = BOTH | {"image": {"id": "cirros"}, "clean_shutdown": True}
FINISH: dict[str, Any] = BOTH | {"image": {"id": "cirros"}, "disk_info": "{}"}
CHECK: dict[str, Any] = IT | {"block_migration": None, "disk_over_commit": True}
CLAIM = BOTH | {"flavor": FLAVOR, "nodename": "node-1", "limits": LIMITS}
PRE_LIVE: dict[str, Any] = IT | {"disk": "{}", "migrate_data": LIVE}
VOLUME: dict[str, Any] = IT | {"volume_id": "vol"}


def since_5_2(
    method: str, older: Arguments, spec: Any, to: str, server: str | None, newest_topic: str
) -> Case:
    """`request_spec` since 5.2, else left out."""
    newer = {**older, "request_spec": spec}
    return Case(
        method,
        newer,
        {
            "5.0 5.1": Sent("5.0", f"compute/{to}", older),
            "5.2..5.13": Sent("5.2", f"compute/{to}", newer),
            "6.0..6.4": Sent("6.0", f"compute/{to}", newer),
            "6.5 none": Sent("6.0", f"{newest_topic}/{to}", newer),
        },
        server=server,
    )


def remove_volume(delete: bool) -> Case:
    """`delete_attachment` since 6.3, else left out, also when it is true."""
    newest = VOLUME | {"delete_attachment": delete}
    return Case(
        "remove_volume_connection",
        newest,
        {
            "5.0..5.13": Sent("5.0", "compute/named", VOLUME),
            "6.0..6.2": Sent("6.0", "compute/named", VOLUME),
            "6.3 6.4": Sent("6.3", "compute/named", newest),
            "6.5 none": Sent("6.3", "compute-alt/named", newest),
        },
        server="named",
        kind="call",
    )


MOVED = [
    # flavor was instance_type until 6.0; request_spec was a dictionary until 5.1
    Case(
        "prep_resize",
        PREP | {"flavor": FLAVOR, "request_spec": SPEC},
        {
            "5.0": Sent(
                "5.0",
                "compute/chosen",
                PREP | {"instance_type": FLAVOR, "request_spec": LEGACY_SPEC},
            ),
            "5.1..5.13": Sent(
                "5.1", "compute/chosen", PREP | {"instance_type": FLAVOR, "request_spec": SPEC}
            ),
            "6.0..6.5 none": Sent(
                "6.0", "compute/chosen", PREP | {"flavor": FLAVOR, "request_spec": SPEC}
            ),
        },
        server="chosen",
    ),
    # the same rename; request_spec since 5.2, else left out
    Case(
        "resize_instance",
        RESIZE | {"flavor": FLAVOR, "request_spec": SPEC},
        {
            "5.0 5.1": Sent("5.0", "compute/home", RESIZE | {"instance_type": FLAVOR}),
            "5.2..5.13": Sent(
                "5.2", "compute/home", RESIZE | {"instance_type": FLAVOR, "request_spec": SPEC}
            ),
            "6.0..6.4": Sent(
                "6.0", "compute/home", RESIZE | {"flavor": FLAVOR, "request_spec": SPEC}
            ),
            "6.5 none": Sent(
                "6.0", "compute-alt/home", RESIZE | {"flavor": FLAVOR, "request_spec": SPEC}
            ),
        },
    ),
    since_5_2("finish_resize", FINISH, SPEC, "named", "named", "compute-alt"),
    since_5_2("finish_resize", FINISH, None, "named", "named", "compute-alt"),
    since_5_2("revert_resize", BOTH, SPEC, "home", None, "compute"),
    since_5_2("revert_resize", BOTH, SPEC, "named", "named", "compute"),
    since_5_2("finish_revert_resize", BOTH, SPEC, "named", "named", "compute-alt"),
    # since 5.3
    Case(
        "drop_move_claim_at_destination",
        IT,
        {
            "5.0..5.2": Refused("5.3"),
            "5.3..5.13": Sent("5.3", "compute/named", IT),
            "6.0..6.4": Sent("6.0", "compute/named", IT),
            "6.5 none": Sent("6.0", "compute-alt/named", IT),
        },
        server="named",
        kind="call",
    ),
    # migration and limits since 5.3, else left out
    Case(
        "check_can_live_migrate_destination",
        CHECK | {"migration": MIGRATION, "limits": LIMITS},
        {
            "5.0..5.2": Sent("5.0", "compute/named", CHECK),
            "5.3..5.13": Sent(
                "5.3", "compute/named", CHECK | {"migration": MIGRATION, "limits": LIMITS}
            ),
            "6.0..6.5 none": Sent(
                "6.0", "compute/named", CHECK | {"migration": MIGRATION, "limits": LIMITS}
            ),
        },
        server="named",
        kind="call",
    ),
    # instance until 6.0
    Case(
        "check_instance_shared_storage",
        {"data": {"filename": "x"}, "instance": INSTANCE},
        {
            "5.0..5.13": Sent(
                "5.0", "compute/named", {"data": {"filename": "x"}, "instance": INSTANCE}
            ),
            "6.0..6.4": Sent("6.0", "compute/named", {"data": {"filename": "x"}}),
            "6.5 none": Sent("6.0", "compute-alt/named", {"data": {"filename": "x"}}),
        },
        server="named",
        kind="call",
    ),
    Case(
        "check_instance_shared_storage",
        {"data": {"filename": "x"}},
        {
            "5.0..5.13": Sent(
                "5.0", "compute/named", {"data": {"filename": "x"}, "instance": None}
            ),
            "6.0..6.4": Sent("6.0", "compute/named", {"data": {"filename": "x"}}),
            "6.5 none": Sent("6.0", "compute-alt/named", {"data": {"filename": "x"}}),
        },
        server="named",
        kind="call",
    ),
    # block_migration until 6.0, always null
    Case(
        "pre_live_migration",
        PRE_LIVE,
        {
            "5.0..5.13": Sent("5.0", "compute/named", PRE_LIVE | {"block_migration": None}),
            "6.0..6.4": Sent("6.0", "compute/named", PRE_LIVE),
            "6.5 none": Sent("6.0", "compute-alt/named", PRE_LIVE),
        },
        server="named",
        kind="call",
    ),
    # moves from cell to cell: one method per version; request_spec until 6.0
    Case(
        "prep_snapshot_based_resize_at_dest",
        CLAIM | {"request_spec": SPEC},
        {
            "5.0..5.4": Refused("5.5"),
            "5.5..5.13": Sent("5.5", "compute/named", CLAIM | {"request_spec": SPEC}),
            "6.0..6.5 none": Sent("6.0", "compute/named", CLAIM),
        },
        server="named",
        kind="call",
    ),
    Case(
        "prep_snapshot_based_resize_at_source",
        SNAPSHOT,
        {
            "5.0..5.5": Refused("5.6"),
            "5.6..5.13": Sent("5.6", "compute/home", SNAPSHOT),
            "6.0..6.4": Sent("6.0", "compute/home", SNAPSHOT),
            "6.5 none": Sent("6.0", "compute-alt/home", SNAPSHOT),
        },
        kind="call",
    ),
    Case(
        "finish_snapshot_based_resize_at_dest",
        SNAPSHOT | {"request_spec": SPEC},
        {
            "5.0..5.6": Refused("5.7"),
            "5.7..5.13": Sent("5.7", "compute/dest", SNAPSHOT | {"request_spec": SPEC}),
            "6.0..6.4": Sent("6.0", "compute/dest", SNAPSHOT),
            "6.5 none": Sent("6.0", "compute-alt/dest", SNAPSHOT),
        },
        kind="call",
    ),
    Case(
        "confirm_snapshot_based_resize_at_source",
        BOTH,
        {
            "5.0..5.7": Refused("5.8"),
            "5.8..5.13": Sent("5.8", "compute/source", BOTH),
            "6.0..6.5 none": Sent("6.0", "compute/source", BOTH),
        },
        kind="call",
    ),
    Case(
        "revert_snapshot_based_resize_at_dest",
        BOTH,
        {
            "5.0..5.8": Refused("5.9"),
            "5.9..5.13": Sent("5.9", "compute/dest", BOTH),
            "6.0..6.5 none": Sent("6.0", "compute/dest", BOTH),
        },
        kind="call",
    ),
    Case(
        "finish_revert_snapshot_based_resize_at_source",
        BOTH,
        {
            "5.0..5.9": Refused("5.10"),
            "5.10..5.13": Sent("5.10", "compute/source", BOTH),
            "6.0..6.4": Sent("6.0", "compute/source", BOTH),
            "6.5 none": Sent("6.0", "compute-alt/source", BOTH),
        },
        kind="call",
    ),
    remove_volume(delete=False),
    remove_volume(delete=True),
]
