"""What `select_destinations` took until 4.3 has to do with what it takes now, for both sides of the interface."""

from __future__ import annotations

from typing import cast

from nova_scheduler import (
    SchedulerClientConverters,
    SchedulerServerConverters,
    SelectDestinationsArgs,
    SelectDestinationsUntil4x3Args,
)
from objects import RequestSpec


class OlderSchedulers(SchedulerClientConverters):
    """For clients that are pinned to less than 4.3."""

    def down_select_destinations_until_4_3(
        self, args: SelectDestinationsArgs
    ) -> SelectDestinationsUntil4x3Args:
        """The two dictionaries that schedulers expected then."""
        spec = cast(RequestSpec, args.spec_obj)
        return SelectDestinationsUntil4x3Args(
            request_spec={
                "num_instances": spec.num_instances,
                "instance_type": {"memory_mb": spec.memory_mb},
            },
            filter_properties={"ignore_hosts": spec.ignore_hosts},
        )


class OlderClients(SchedulerServerConverters):
    """For schedulers, as long as there may be clients that are."""

    def up_select_destinations_until_4_3(
        self, args: SelectDestinationsUntil4x3Args
    ) -> SelectDestinationsArgs:
        """What handlers expect today; what is younger than 4.3 keeps its default."""
        return SelectDestinationsArgs(
            spec_obj=RequestSpec(
                num_instances=args.request_spec["num_instances"],
                memory_mb=args.request_spec["instance_type"]["memory_mb"],
                ignore_hosts=args.filter_properties.get("ignore_hosts", ()),
            )
        )
