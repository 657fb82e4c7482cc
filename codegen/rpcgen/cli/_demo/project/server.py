"""Serve the stock of a shop: python server.py URL NAME."""

import sys
import threading
import time

from rpcgen.runtime import Context, Server
from shop_stock import OutOfStock, Receipt, Sku, StockEndpoint


class Stock(StockEndpoint):
    """One shelf."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._left = 100_000
        self._recounts = 0
        self._lock = threading.Lock()

    def take(self, ctx: Context, *, sku: Sku, count: int) -> Receipt:
        """Take all of them, or none."""
        with self._lock:
            if count > self._left:
                raise OutOfStock(f"only {self._left} left", sku=sku, left=self._left)
            self._left -= count
            return Receipt(sku=sku, left=self._left, served_by=self._name)

    def look(self, ctx: Context, *, sku: Sku) -> Receipt:
        """Take nothing."""
        return Receipt(sku=sku, left=self._left, served_by=self._name)

    def recount(self, ctx: Context) -> None:
        """Count again."""
        with self._lock:
            self._recounts += 1

    def recounts(self, ctx: Context) -> int:
        """How often it was asked to."""
        return self._recounts

    def audit(self, ctx: Context, *, seconds: float) -> None:
        """Take that long, unless the caller gives up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not ctx.cancelled:
            time.sleep(0.01)


if __name__ == "__main__":
    url, name = sys.argv[1:]
    with Server(url, server=name, endpoints=[Stock(name)], drain_timeout=2) as server:
        server.wait()
