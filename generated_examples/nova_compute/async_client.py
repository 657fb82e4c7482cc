"""Ask many things of one host at a time: python async_client.py [URL]."""

from __future__ import annotations

import asyncio
import sys

from converters import OlderWorkers
from nova_compute import AsyncComputeClient, ConsoleTypeInvalid
from objects import CODECS, Instance

URL = "zmq+ipc:///tmp/rpcgen-nova"


async def main(url: str) -> None:
    """Calls that wait for each other nowhere."""
    instance = Instance(uuid="7d0a7c2e-6a3b-4f0e-8f77-3a8a5d1f2c11", host="host1")
    async with AsyncComputeClient(url, codecs=CODECS, converters=OlderWorkers()) as nova:
        host1 = nova.prepare(server="host1", timeout=10)
        uptime, enabled, images, console = await asyncio.gather(
            host1.get_host_uptime(),
            host1.set_host_enabled(enabled=True),
            host1.cache_images(image_ids=["cirros", "debian"]),
            nova.get_vnc_console(instance=instance, console_type="novnc"),
        )
        for answer in (uptime, enabled, images, console):
            print(answer)
        try:
            await nova.get_vnc_console(instance=instance, console_type="vt100")
        except ConsoleTypeInvalid as error:
            print(f"invalid console: {error.console_type}")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else URL))
