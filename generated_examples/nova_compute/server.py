"""Serve one hypervisor host, and nova's base API beside it: python server.py [URL] [HOST]."""

from __future__ import annotations

import sys
from typing import Any

from baseapi import BaseapiEndpoint
from converters import OlderClients
from lifecycle import Hypervisor
from moves import Moves
from nova_compute import (
    ConsoleTypeInvalid,
    ConsoleTypeUnavailable,
    Instance,
    InstanceExternalEvent,
)
from objects import CODECS, BlockDeviceMapping
from rpcgen.runtime import Context, Server

URL = "zmq+ipc:///tmp/rpcgen-nova"


class Compute(Moves):
    """All of the interface; the handlers of an instance's life and moves are inherited."""

    def attach_volume(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Connect a volume."""

    def detach_volume(self, ctx: Context, *, instance: Instance, volume_id: str, **_: Any) -> None:
        """Disconnect a volume."""

    def reserve_block_device_name(
        self, ctx: Context, *, instance: Instance, device: str | None, volume_id: str, **_: Any
    ) -> BlockDeviceMapping:
        """The device asked for, or the second disk."""
        return BlockDeviceMapping(volume_id=volume_id, device_name=device or "/dev/vdb")

    def remove_volume_connection(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Forget a volume."""

    def attach_interface(self, ctx: Context, *, instance: Instance, **_: Any) -> dict[str, Any]:
        """A new port."""
        return {"address": "fa:16:3e:00:00:01"}

    def get_console_output(
        self, ctx: Context, *, instance: Instance, tail_length: int | None
    ) -> str:
        """What became of the instance, a line each."""
        lines = self.hypervisor.console(instance)
        return "\n".join(lines if tail_length is None else lines[-tail_length:])

    def get_vnc_console(
        self, ctx: Context, *, instance: Instance, console_type: str
    ) -> dict[str, Any]:
        """Only noVNC is offered."""
        if console_type == "xvpvnc":
            raise ConsoleTypeUnavailable(console_type=console_type)
        if console_type != "novnc":
            raise ConsoleTypeInvalid(f"no console {console_type!r}", console_type=console_type)
        return {"host": self.hypervisor.host, "port": 5900}

    def set_host_enabled(self, ctx: Context, *, enabled: bool) -> str:
        """What the host is now."""
        return "enabled" if enabled else "disabled"

    def get_host_uptime(self, ctx: Context) -> str:
        """A fresh host."""
        return "up 1 day, load average: 0.00"

    def cache_images(self, ctx: Context, *, image_ids: list[str]) -> dict[str, str]:
        """All of them, at once."""
        return dict.fromkeys(image_ids, "cached")

    def allow_share(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Mount."""

    def deny_share(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Unmount."""

    def external_instance_event(
        self, ctx: Context, *, instances: list[Instance], events: list[InstanceExternalEvent]
    ) -> None:
        """Take note."""


class Base(BaseapiEndpoint):
    """What every service answers."""

    def ping(self, ctx: Context, *, arg: str) -> dict[str, Any]:
        """Still here."""
        return {"service": "compute", "arg": arg}

    def get_backdoor_port(self, ctx: Context) -> int | None:
        """There is none."""
        return None


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else URL
    host = sys.argv[2] if len(sys.argv) > 2 else "host1"
    compute = Compute(Hypervisor(host))
    # One handler at a time: what one client sends runs in the order in which it was sent.
    with Server(
        url,
        server=host,
        endpoints=[compute, Base()],
        codecs=CODECS,
        converters=[OlderClients()],
        concurrency=1,
    ) as server:
        print(f"{host} serves at {url}", flush=True)
        server.wait()
