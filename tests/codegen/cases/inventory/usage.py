from __future__ import annotations

from typing import assert_type

from rpcgen.runtime import Context, Sent
from shop_inventory import (
    AsyncInventoryClient,
    AsyncInventoryEndpoint,
    Condition,
    InventoryClient,
    InventoryEndpoint,
    Item,
    OutOfStock,
    Sku,
)


class Shop(InventoryEndpoint):
    def take(self, ctx: Context, *, sku: Sku, count: int, note: str | None) -> Item:
        if count > 3:
            raise OutOfStock("only three", sku=sku, left=3)
        return Item(sku=sku, count=3 - count, labels={"note": note or ""})

    def stop(self, ctx: Context, *, item: Item, labels: dict[str, str], from_: str | None) -> None:
        assert_type(item.condition, Condition)

    def reload(self, ctx: Context) -> None: ...


class AsyncShop(AsyncInventoryEndpoint):
    async def take(self, ctx: Context, *, sku: Sku, count: int, note: str | None) -> Item:
        return Item(sku=sku, count=count)

    async def stop(
        self, ctx: Context, *, item: Item, labels: dict[str, str], from_: str | None
    ) -> None: ...

    async def reload(self, ctx: Context) -> None: ...


def use(client: InventoryClient) -> int:
    item = client.take(sku="ABC-1234")
    assert_type(item, Item)
    assert_type(client.prepare(server="one", timeout=3).take(sku="ABC-1234", count=2), Item)
    assert_type(client.stop(item=item), Sent)
    client.stop_call(item=item, labels={"a": "b"}, from_="here")
    assert_type(item.shelf, str | None)
    try:
        client.take(sku="ABC-1234", note="now")
    except OutOfStock as error:
        return error.left
    return item.count


async def use_async(client: AsyncInventoryClient) -> None:
    item = await client.take(sku="ABC-1234")
    assert_type(item, Item)
    assert_type(await client.stop(item=item), Sent)


def mistakes(client: InventoryClient, item: Item) -> None:
    client.take()  # wrong
    client.take("ABC-1234")  # wrong
    client.take(sku="ABC-1234", count="1")  # wrong
    client.take(sku="ABC-1234", number=1)  # wrong
    client.missing()  # wrong
    item.count = 3  # wrong
    Shop().take(Item, sku="ABC-1234", count=1, note=None)  # wrong


class Incomplete(InventoryEndpoint):
    def take(self, ctx: Context, *, sku: int, count: int, note: str | None) -> Item:  # wrong
        raise AssertionError

    def reload(self, ctx: Context) -> None: ...


Incomplete()  # wrong
