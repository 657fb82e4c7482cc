"""Ask any scheduler, and tell all of them: python client.py [URL]."""

from __future__ import annotations

import sys
from uuid import UUID

from converters import OlderSchedulers
from nova_scheduler import NoValidHost, SchedulerClient
from objects import CODECS, Aggregate, InstanceList, RequestSpec
from rpcgen.runtime import VersionPinned

URL = "zmq+ipc:///tmp/rpcgen-scheduler"


def main(url: str) -> None:
    """One call to any scheduler, four casts to every scheduler."""
    rack = Aggregate(name="rack-7", hosts=["host1", "host2"])
    with SchedulerClient(url, codecs=CODECS, converters=OlderSchedulers()) as scheduler:
        sent = scheduler.update_aggregates(aggregates=[rack])
        print(f"told {', '.join(sorted(sent.peers))}")
        scheduler.update_instance_info(
            host_name="host1",
            instance_info=InstanceList(memory_mb={"a": 2048, "b": 512}),
        )
        scheduler.delete_instance_info(
            host_name="host1",
            instance_uuid=UUID("5f3c1a52-9c1b-4ab3-9d9c-0f4b6f0f3f10"),
        )
        scheduler.delete_aggregate(aggregate=rack)

        print(scheduler.select_destinations(spec_obj=RequestSpec(num_instances=1, memory_mb=1024)))
        try:
            scheduler.select_destinations(spec_obj=RequestSpec(num_instances=1, memory_mb=65536))
        except NoValidHost as error:
            print(f"no valid host: {error.reason}")

        # To schedulers of liberty the same question is put in two dictionaries; they can name no alternates.
        liberty = scheduler.prepare(pin="liberty")
        spec = RequestSpec(num_instances=1, memory_mb=512, ignore_hosts=["host1"])
        print(liberty.select_destinations(spec_obj=spec))
        try:
            liberty.select_destinations(spec_obj=spec, return_alternates=True)
        except VersionPinned as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else URL)
