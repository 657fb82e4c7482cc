"""Ask several questions at a time: python async_client.py [URL]."""

from __future__ import annotations

import asyncio
import sys

from converters import OlderSchedulers
from nova_scheduler import AsyncSchedulerClient
from objects import CODECS, RequestSpec

URL = "zmq+ipc:///tmp/rpcgen-scheduler"


async def main(url: str) -> None:
    """Whichever scheduler is free answers each."""
    async with AsyncSchedulerClient(url, codecs=CODECS, converters=OlderSchedulers()) as scheduler:
        spec = RequestSpec(num_instances=1, memory_mb=256)
        answers = await asyncio.gather(
            *(scheduler.select_destinations(spec_obj=spec) for _ in range(4))
        )
        print(f"{len(answers)} answers, {sum(map(len, answers))} hosts")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else URL))
