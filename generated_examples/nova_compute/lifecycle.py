"""The handlers that build, start, stop and destroy instances: a hypervisor that only keeps a record."""

from __future__ import annotations

import threading
from typing import Any

from nova_compute import ComputeEndpoint, Instance, InstanceNotFound, RebootType
from rpcgen.runtime import Context


class Hypervisor:
    """What runs on one host. Handlers run in threads, so it has a lock."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._console: dict[str, list[str]] = {}

    def become(self, instance: Instance, state: str) -> None:
        """The instance is now in that state."""
        with self._lock:
            self._states[instance.uuid] = state
            self._console.setdefault(instance.uuid, []).append(state)
        print(f"{self.host}: {instance.uuid} is {state}", flush=True)

    def forget(self, instance: Instance) -> None:
        """The instance is no longer here."""
        with self._lock:
            self._states.pop(instance.uuid, None)
            self._console.pop(instance.uuid, None)
        print(f"{self.host}: {instance.uuid} is gone", flush=True)

    def console(self, instance: Instance) -> list[str]:
        """The lines of its console; raises InstanceNotFound."""
        with self._lock:
            if instance.uuid not in self._states:
                raise InstanceNotFound(
                    f"no {instance.uuid} on {self.host}", instance_id=instance.uuid
                )
            return list(self._console[instance.uuid])


class LifeCycle(ComputeEndpoint):
    """Arguments that this hypervisor has no use for are taken as `_`."""

    def __init__(self, hypervisor: Hypervisor) -> None:
        self.hypervisor = hypervisor

    def build_and_run_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Build and start."""
        self.hypervisor.become(instance, "active")

    def terminate_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Destroy."""
        self.hypervisor.forget(instance)

    def start_instance(self, ctx: Context, *, instance: Instance) -> None:
        """Power on."""
        self.hypervisor.become(instance, "active")

    def stop_instance(self, ctx: Context, *, instance: Instance, clean_shutdown: bool) -> None:
        """Power off."""
        self.hypervisor.become(instance, "stopped" if clean_shutdown else "stopped hard")

    def reboot_instance(
        self, ctx: Context, *, instance: Instance, reboot_type: RebootType, **_: Any
    ) -> None:
        """Restart."""
        self.hypervisor.become(instance, f"rebooted {reboot_type.value.lower()}")

    def pause_instance(self, ctx: Context, *, instance: Instance) -> None:
        """Freeze."""
        self.hypervisor.become(instance, "paused")

    def unpause_instance(self, ctx: Context, *, instance: Instance) -> None:
        """Go on."""
        self.hypervisor.become(instance, "active")

    def suspend_instance(self, ctx: Context, *, instance: Instance) -> None:
        """Save to disk."""
        self.hypervisor.become(instance, "suspended")

    def resume_instance(self, ctx: Context, *, instance: Instance) -> None:
        """Go on from disk."""
        self.hypervisor.become(instance, "active")

    def shelve_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Keep as an image."""
        self.hypervisor.become(instance, "shelved")

    def shelve_offload_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Free what is left."""
        self.hypervisor.forget(instance)

    def unshelve_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Build again from the image."""
        self.hypervisor.become(instance, "active")

    def rebuild_instance(
        self, ctx: Context, *, instance: Instance, image_ref: str, **_: Any
    ) -> None:
        """Replace the disk. What an older client did not say is None, or what the interface file says."""
        self.hypervisor.become(instance, f"rebuilt from {image_ref}")

    def rescue_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Start from a rescue image."""
        self.hypervisor.become(instance, "rescued")
