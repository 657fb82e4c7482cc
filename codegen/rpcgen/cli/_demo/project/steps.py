"""What a client can do, step by step. Each step says what came out of it, and fails if that is not as it should be."""

import asyncio
import time

from rpcgen.runtime import BadArguments, DeadlineExceeded
from shop_stock import AsyncStockClient, OutOfStock, Receipt, StockClient


def blocking_call(shop: StockClient) -> str:
    """Call any server, and wait."""
    receipt = shop.take(sku="SCR-0001", count=3)
    return f"{receipt.served_by} has {receipt.left} left"


async def asyncio_calls(url: str) -> str:
    """Call on asyncio, 100 calls at a time."""
    receipts: list[Receipt] = []
    async with AsyncStockClient(url) as shop:
        for _ in range(10):
            calls = (shop.take(sku="SCR-0001") for _ in range(100))
            receipts += await asyncio.gather(*calls)
    return f"{len(receipts)} receipts from {', '.join(sorted({r.served_by for r in receipts}))}"


def fanout(shop: StockClient) -> str:
    """Cast to every server."""
    sent = shop.recount()
    return f"sent to {', '.join(sorted(sent.peers))}"


def declared_error(shop: StockClient) -> str:
    """An error of the interface arrives as its own class, with typed fields."""
    try:
        shop.take(sku="SCR-0001", count=1_000_000)
    except OutOfStock as error:
        return f"OutOfStock: {error.sku}, {error.left} left"
    raise AssertionError("expected OutOfStock")


def bad_argument(shop: StockClient) -> str:
    """A mistake is found before anything is sent."""
    try:
        shop.take(sku="screws")
    except BadArguments as error:
        return f"{type(error).__name__}: {error}"
    raise AssertionError("expected BadArguments")


def deadline(shop: StockClient) -> str:
    """A call ends when its time is over, whatever the server does."""
    try:
        shop.prepare(timeout=0.3).audit(seconds=3)
    except DeadlineExceeded as error:
        return f"{type(error).__name__} (maybe_executed={error.maybe_executed})"
    raise AssertionError("expected DeadlineExceeded")


def failover(shop: StockClient, killed: str) -> str:
    """The other server takes over."""
    receipt = shop.look(sku="SCR-0001")
    if receipt.served_by == killed:
        raise AssertionError(f"unexpected answer from {killed}, which is dead")
    return f"{receipt.served_by} answered"


def heard(shop: StockClient, names: list[str]) -> str:
    """Ask each server until it has heard of the recount: a cast does not wait."""
    end = time.monotonic() + 5
    while not all(shop.prepare(server=name).recounts() for name in names):
        if time.monotonic() > end:
            raise AssertionError("the cast was not heard by every server")
    return f"heard by {', '.join(names)}"
