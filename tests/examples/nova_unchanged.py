"""What nova's compute client sends for methods that are as they were in 5.0, at every pin."""

from __future__ import annotations

from typing import Any

from tests.examples.cases import Arguments, Case, Sent
from tests.examples.nova_values import (
    DISK,
    DISKS,
    EVENT,
    INSTANCE,
    LIVE,
    MIGRATION,
    nova,
)

IT: dict[str, Any] = {"instance": INSTANCE}
BOTH: dict[str, Any] = {"instance": INSTANCE, "migration": MIGRATION}


def steady(
    method: str,
    given: Arguments,
    arguments: Arguments,
    to: str = "home",
    *,
    server: str | None = None,
    kind: str = "cast",
) -> Case:
    """One message in both majors, on the first topic."""
    said = {
        "5.0..5.13": Sent("5.0", f"compute/{to}", arguments),
        "6.0..6.5 none": Sent("6.0", f"compute/{to}", arguments),
    }
    return Case(method, given, said, server, kind)


def follow_up(
    method: str, given: Arguments, arguments: Arguments, to: str, server: str | None
) -> Case:
    """One message in both majors, on the second topic since 6.5."""
    said = {
        "5.0..5.13": Sent("5.0", f"compute/{to}", arguments),
        "6.0..6.4": Sent("6.0", f"compute/{to}", arguments),
        "6.5 none": Sent("6.0", f"compute-alt/{to}", arguments),
    }
    return Case(method, given, said, server)


UNCHANGED = [
    # Life cycle
    steady("terminate_instance", IT | {"bdms": DISKS}, IT | {"bdms": DISKS}),
    steady("start_instance", IT, IT),
    steady("stop_instance", IT, IT | {"clean_shutdown": True}),
    steady("stop_instance", IT | {"clean_shutdown": False}, IT | {"clean_shutdown": False}),
    steady("stop_instance", IT, IT | {"clean_shutdown": True}, kind="call"),
    steady(
        "reboot_instance",
        IT | {"reboot_type": nova.RebootType.SOFT},
        IT | {"block_device_info": None, "reboot_type": "SOFT"},
    ),
    steady("pause_instance", IT, IT),
    steady("unpause_instance", IT, IT),
    steady("suspend_instance", IT, IT),
    steady("resume_instance", IT, IT),
    steady(
        "rescue_instance",
        IT | {"rescue_password": "secret", "clean_shutdown": True},
        IT | {"rescue_password": "secret", "rescue_image_ref": None, "clean_shutdown": True},
    ),
    # Resize and migration
    steady("confirm_resize", BOTH, BOTH),
    steady("confirm_resize", BOTH, BOTH, "named", server="named"),
    steady("confirm_resize", BOTH, BOTH, kind="call"),
    follow_up(
        "live_migration",
        BOTH | {"dest": "there", "migrate_data": LIVE},
        BOTH | {"dest": "there", "block_migration": None, "migrate_data": LIVE},
        "named",
        "named",
    ),
    # Volumes, network, console, host
    steady("attach_volume", IT | {"bdm": DISK}, IT | {"bdm": DISK}),
    steady(
        "detach_volume", IT | {"volume_id": "vol"}, IT | {"volume_id": "vol", "attachment_id": None}
    ),
    steady(
        "reserve_block_device_name",
        IT | {"volume_id": "vol", "multiattach": True},
        IT
        | {
            "device": None,
            "volume_id": "vol",
            "disk_bus": None,
            "device_type": None,
            "tag": None,
            "multiattach": True,
        },
        kind="call",
    ),
    steady(
        "attach_interface",
        IT | {"network_id": "net"},
        IT | {"network_id": "net", "port_id": None, "requested_ip": None, "tag": None},
        kind="call",
    ),
    steady("get_console_output", IT, IT | {"tail_length": None}, kind="call"),
    steady(
        "get_vnc_console",
        IT | {"console_type": "novnc"},
        IT | {"console_type": "novnc"},
        kind="call",
    ),
    steady(
        "set_host_enabled",
        {"enabled": True},
        {"enabled": True},
        "named",
        server="named",
        kind="call",
    ),
    steady("get_host_uptime", {}, {}, "named", server="named", kind="call"),
    follow_up(
        "external_instance_event",
        {"instances": [INSTANCE], "events": [EVENT]},
        {"instances": [INSTANCE], "events": [EVENT]},
        "home",
        None,
    ),
    follow_up(
        "external_instance_event",
        {"instances": [INSTANCE], "events": [EVENT]},
        {"instances": [INSTANCE], "events": [EVENT]},
        "named",
        "named",
    ),
]
