"""The handlers that move instances from host to host."""

from __future__ import annotations

from typing import Any, cast

import objects
from lifecycle import LifeCycle
from nova_compute import Flavor, Instance, Migration, RequestSpec
from objects import LiveMigrateData, MigrationContext
from rpcgen.runtime import Context


class Moves(LifeCycle):
    """Claims are always granted here."""

    def prep_resize(
        self,
        ctx: Context,
        *,
        instance: Instance,
        flavor: Flavor,
        request_spec: RequestSpec,
        **_: Any,
    ) -> None:
        """Claim room. What older clients call `instance_type`, and the dictionary that they send, arrive like this."""
        size, spec = cast("objects.Flavor", flavor), cast("objects.RequestSpec", request_spec)
        major, minor = ctx.needs
        print(
            f"{self.hypervisor.host}: a message of {major}.{minor} asks for {spec.num_instances} {size.name}",
            flush=True,
        )
        self.hypervisor.become(instance, "expected")

    def resize_instance(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Stop, and copy the disks away."""
        self.hypervisor.become(instance, "resizing")

    def finish_resize(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Start with the new size."""
        self.hypervisor.become(instance, "resized")

    def confirm_resize(self, ctx: Context, *, instance: Instance, migration: Migration) -> None:
        """Remove what was left behind."""
        self.hypervisor.become(instance, "active")

    def revert_resize(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Stop here."""
        self.hypervisor.forget(instance)

    def finish_revert_resize(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Start here again."""
        self.hypervisor.become(instance, "active")

    def drop_move_claim_at_destination(self, ctx: Context, *, instance: Instance) -> None:
        """Free the room."""
        self.hypervisor.forget(instance)

    def check_can_live_migrate_destination(
        self, ctx: Context, *, instance: Instance, **_: Any
    ) -> LiveMigrateData:
        """Yes, without shared storage."""
        return LiveMigrateData(is_shared_storage=False)

    def check_instance_shared_storage(self, ctx: Context, *, data: dict[str, Any]) -> bool:
        """No."""
        return False

    def pre_live_migration(self, ctx: Context, *, instance: Instance, **_: Any) -> LiveMigrateData:
        """Prepare disks and networks."""
        self.hypervisor.become(instance, "expected")
        return LiveMigrateData(is_shared_storage=False)

    def live_migration(self, ctx: Context, *, instance: Instance, **_: Any) -> None:
        """Move away."""
        self.hypervisor.forget(instance)

    def prep_snapshot_based_resize_at_dest(
        self, ctx: Context, *, instance: Instance, migration: Migration, **_: Any
    ) -> MigrationContext:
        """Claim room in this cell."""
        self.hypervisor.become(instance, "expected")
        return MigrationContext(new_numa_topology=None)

    def prep_snapshot_based_resize_at_source(
        self, ctx: Context, *, instance: Instance, **_: Any
    ) -> None:
        """Stop, and make the image."""
        self.hypervisor.become(instance, "resizing")

    def finish_snapshot_based_resize_at_dest(
        self, ctx: Context, *, instance: Instance, **_: Any
    ) -> None:
        """Start from the image."""
        self.hypervisor.become(instance, "resized")

    def confirm_snapshot_based_resize_at_source(
        self, ctx: Context, *, instance: Instance, migration: Migration
    ) -> None:
        """Remove what was left behind."""
        self.hypervisor.forget(instance)

    def revert_snapshot_based_resize_at_dest(
        self, ctx: Context, *, instance: Instance, migration: Migration
    ) -> None:
        """Remove it from this cell."""
        self.hypervisor.forget(instance)

    def finish_revert_snapshot_based_resize_at_source(
        self, ctx: Context, *, instance: Instance, migration: Migration
    ) -> None:
        """Start in this cell again."""
        self.hypervisor.become(instance, "active")
