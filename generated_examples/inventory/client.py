"""Use a small shop, one call after the other: python client.py [URL]."""

import sys

from rpcgen.runtime import BadArguments
from shop_inventory import InventoryClient, OutOfStock

URL = "zmq+ipc:///tmp/rpcgen-inventory"


def main(url: str) -> None:
    """Call, cast, fanout, a declared error, and a mistake that never leaves this process."""
    with InventoryClient(url) as shop:
        item = shop.take(sku="SCR-0001", count=3)
        print(f"took 3 of {item.sku}, {item.count} left")

        shop.put(sku="SCR-0001", count=3)
        shop.recount()

        try:
            shop.take(sku="DRL-0002", count=2)
        except OutOfStock as error:
            print(f"out of stock: {error.sku}, {error.left} left")

        try:
            shop.take(sku="screw", count=1)
        except BadArguments as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else URL)
