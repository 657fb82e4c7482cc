"""The one object that every adapter echoes, as plain data: 28 fields, 10 sub-objects, 2 to 3 KB as msgpack.

Knows no library: each adapter turns it into its own type, once, before anything is measured.
"""

from __future__ import annotations

from typing import Any

#: The arguments of the small cast.
NOTE_NUMBER, NOTE_WORD = 7, "instance-00000007"


def instance() -> dict[str, Any]:
    """The field values of one `Instance`; enum values are lower-case names."""
    return {
        "uuid": "6f70656e-7374-4163-8b2d-766d30303031",
        "name": "instance-00000001",
        "display_name": "web-frontend-01.prod.example.org",
        "description": "Serves the shop's front page; rebuilt nightly from the golden image",
        "project_id": "b4a6d2f0c3e84c6f9f0f6d1f5b7f2c11",
        "user_id": "0d9e7f3b1c6a4ef38a3a1b0b7d2e9c55",
        "host": "compute-0017.rack3.example.org",
        "node": "compute-0017.rack3.example.org",
        "zone": "eu-central-1b",
        "image_ref": "2c6f1a52-93b5-4f3e-8f77-5a0b8f1f9e21",
        "kernel_id": None,
        "ramdisk_id": None,
        "state": "running",
        "vm_state": "active",
        "task_state": None,
        "memory_mb": 8192,
        "vcpus": 4,
        "root_gb": 40,
        "ephemeral_gb": 20,
        "locked": False,
        "progress": 99.5,
        "created_at": 1_760_000_000,
        "updated_at": 1_760_086_400,
        "tags": ["web", "frontend", "production", "pci-scope"],
        "metadata": {f"shop.example.org/label-{n}": f"value-of-label-{n}" for n in range(16)},
        "flavor": {
            "name": "m1.large",
            "vcpus": 4,
            "memory_mb": 8192,
            "disk_gb": 60,
            "extra": {"hw:cpu_policy": "dedicated", "hw:mem_page_size": "large"},
        },
        "addresses": [
            {
                "mac": f"fa:16:3e:00:00:{n:02x}",
                "ip": f"10.20.30.{n}",
                "prefix": 24,
                "device": f"tap{n:08x}",
                "up": True,
            }
            for n in range(5)
        ],
        "volumes": [
            {
                "id": f"9a1de644-815e-46d1-bb8f-aa1837f8a8{n:02x}",
                "size_gb": 100,
                "device": f"/dev/vd{'bcdefgh'[n]}",
                "bootable": n == 0,
            }
            for n in range(4)
        ],
    }


#: The other arguments of the echo in the interfaces with and without a past.
REASON = "asked by the operator"
HINTS = {"rack": "r3", "force_host": "compute-0017"}


def full_instance() -> dict[str, Any]:
    """The same with nothing left unset, for the interfaces with and without a past."""
    return {
        **instance(),
        "kernel_id": "0c1d7a3e-2f86-4b0e-8d4f-5a52b1a4c7de",
        "ramdisk_id": "f7f1a8f2-94be-4cf6-a9b3-1f0b6a9f20a1",
        "task_state": "resizing",
    }
