from __future__ import annotations

from decimal import Decimal
from typing import Any, assert_type

from case_majors import (
    AsyncMajorsClient,
    Level,
    MajorsClient,
    MajorsClientConverters,
    Piece,
    Plan,
    Thing,
)
from rpcgen.runtime import Sent


class Converters(MajorsClientConverters):
    def down_thing_parts_until_2_8(self, value: list[str]) -> dict[str, int]:
        return dict.fromkeys(value, 1)

    def up_thing_parts_until_2_8(self, value: dict[str, int]) -> list[str]:
        return list(value)

    def down_thing_parts_until_3_3(self, value: list[Piece]) -> list[str]:
        return [piece.name for piece in value]

    def up_thing_parts_until_3_3(self, value: list[str]) -> list[Piece]:
        return [Piece(name=name) for name in value]

    def down_box_size_until_3_1(self, value: int) -> int:
        return value

    def up_box_size_until_3_1(self, value: int) -> int:
        return max(value, 1)

    def up_answer_sum_until_3_0(self, value: str) -> Decimal:
        return Decimal(value)

    def up_answer_lists_until_2_2(self, value: dict[str, Piece]) -> list[Piece]:
        return list(value.values())

    def up_failed_reason_until_3_1(self, value: int) -> str:
        return str(value)

    def down_store_plan_until_2_4(self, value: Plan | None) -> dict[str, Any] | None:
        return None if value is None else {"host": value.host}


class Incomplete(MajorsClientConverters):
    def up_answer_sum_until_3_0(self, value: str) -> Decimal:
        return Decimal(value)


def convert() -> None:
    Converters()
    Incomplete()  # wrong


def use(client: MajorsClient, thing: Thing) -> None:
    sent = client.store(thing=thing, name="a", maker="me", number=3, level=Level.HIGH)
    assert_type(sent, Sent)
    client.store(thing=thing, name="a", nothing=None)  # wrong
    client.store(thing=thing, name="a", kind="plain")  # wrong
    assert_type(client.gone(thing=thing, less="little"), list[Level])
    assert_type(client.supports.store("hurry", "since_two"), bool)
    assert_type(client.supports.bare(), bool)
    client.supports.store("maker")  # wrong
    client.supports.bare("hurry")  # wrong


async def use_async(client: AsyncMajorsClient, thing: Thing) -> None:
    assert_type(await client.supports.newer("extra"), bool)
    await client.store(thing=thing, name="a", words=["b"])
