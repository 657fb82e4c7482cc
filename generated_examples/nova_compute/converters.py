"""What an older form of an argument has to do with the newest, for both sides of the interface.

Before 5.1 `prep_resize` took its request spec as a dictionary. Only the program knows what was in it.
"""

from __future__ import annotations

from typing import Any, cast

import nova_compute
from nova_compute import ComputeClientConverters, ComputeServerConverters
from objects import RequestSpec


class OlderWorkers(ComputeClientConverters):
    """For clients that are pinned to less than 5.1."""

    def down_prep_resize_request_spec_until_5_1(
        self, value: nova_compute.RequestSpec
    ) -> dict[str, Any]:
        """The dictionary that workers expected then."""
        spec = cast(RequestSpec, value)
        return {"instance_type": {"name": spec.flavor}, "num_instances": spec.num_instances}


class OlderClients(ComputeServerConverters):
    """For workers, as long as there may be clients that are."""

    def up_prep_resize_request_spec_until_5_1(self, value: dict[str, Any]) -> RequestSpec:
        """What handlers expect today. An exception (no such key) refuses the message, as a wrong type does."""
        return RequestSpec(
            flavor=value["instance_type"]["name"], num_instances=value["num_instances"]
        )
