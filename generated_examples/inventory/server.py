"""Serve a small shop: python server.py [URL] [NAME]."""

import sys
import threading

import msgspec
from rpcgen.runtime import Context, Server
from shop_inventory import Condition, InventoryEndpoint, Item, NoSuchItem, OutOfStock, Sku

URL = "zmq+ipc:///tmp/rpcgen-inventory"


class Inventory(InventoryEndpoint):
    """A shop with two things on its shelves. Handlers run in threads, so the shelf has a lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shelf = {
            "SCR-0001": Item(sku="SCR-0001", count=100, labels={"size": "M4"}),
            "DRL-0002": Item(sku="DRL-0002", count=1, condition=Condition.USED),
        }

    def show(self, ctx: Context, *, sku: Sku) -> Item:
        """Look, without taking."""
        with self._lock:
            return self._find(sku)

    def take(self, ctx: Context, *, sku: Sku, count: int, note: str | None) -> Item:
        """Take all of them, or none."""
        with self._lock:
            item = self._find(sku)
            if item.count < count:
                raise OutOfStock(f"only {item.count} left", sku=sku, left=item.count)
            return self._change(item, -count)

    def put(self, ctx: Context, *, sku: Sku, count: int) -> None:
        """Put more on the shelf."""
        with self._lock:
            self._change(self._shelf.get(sku, Item(sku=sku, count=0)), count)

    def recount(self, ctx: Context) -> None:
        """Count again."""
        with self._lock:
            print(f"counted {sum(item.count for item in self._shelf.values())} pieces", flush=True)

    def _find(self, sku: str) -> Item:
        try:
            return self._shelf[sku]
        except KeyError:
            raise NoSuchItem(f"nobody has heard of {sku}", sku=sku) from None

    def _change(self, item: Item, by: int) -> Item:
        changed = msgspec.structs.replace(item, count=item.count + by)
        self._shelf[item.sku] = changed
        return changed


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else URL
    name = sys.argv[2] if len(sys.argv) > 2 else "shop-1"
    with Server(url, server=name, endpoints=[Inventory()]) as server:
        print(f"{name} serves at {url}", flush=True)
        server.wait()
