"""Use a small shop, many calls at a time: python async_client.py [URL]."""

import asyncio
import sys

from shop_inventory import AsyncInventoryClient, OutOfStock

URL = "zmq+ipc:///tmp/rpcgen-inventory"


async def main(url: str) -> None:
    """Ten customers at once, then one who comes too late."""
    async with AsyncInventoryClient(url) as shop:
        items = await asyncio.gather(*(shop.take(sku="SCR-0001") for _ in range(10)))
        print(f"ten took one each, {min(item.count for item in items)} left")

        try:
            await shop.prepare(timeout=2).take(sku="DRL-0002", count=5, note="for the cellar")
        except OutOfStock as error:
            print(f"out of stock: {error.sku}, {error.left} left")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else URL))
