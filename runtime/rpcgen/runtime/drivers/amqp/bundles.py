"""Answers that leave for one client at the same time, as one message (PROTOCOL.md 6.2, Bundles). Knows no channel.

A broker routes, keeps and writes each message by itself, and RabbitMQ writes one of more than 1.4 KB by a system call of
its own, so a bundle costs it hardly more than one answer. Requests do not share: each goes to whoever is free.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from rpcgen.runtime import bundles
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.errors import RpcgenError


def bundled(parcels: Sequence[Parcel], most: int) -> list[Parcel]:
    """The same in fewer parcels: those that may share a message do, where the first of them was.

    Args:
        most: bytes of frames in one bundle.
    """
    alike: dict[Hashable, list[Parcel]] = {}
    for parcel in parcels:
        if parcel.shared is None:
            alike[id(parcel)] = [parcel]
        else:
            alike.setdefault((parcel.key, parcel.shared), []).append(parcel)
    return [joined for group in alike.values() for joined in _joined(group, most)]


def _joined(group: list[Parcel], most: int) -> list[Parcel]:
    if len(group) == 1:
        return group
    joined: list[Parcel] = []
    at = 0
    for body, count in bundles.pack([parcel.frame for parcel in group], most):
        parcels = group[at : at + count]
        joined.append(parcels[0] if count == 1 else _bundle(body, parcels))
        at += count
    return joined


def _bundle(body: bytes, parcels: list[Parcel]) -> Parcel:
    """One message that stands for several: what becomes of it becomes of each."""
    first = parcels[0]
    assert first.shared is not None

    def settled(error: RpcgenError | None) -> None:
        for parcel in parcels:
            parcel.settled(error)

    return Parcel(first.exchange, first.key, body, first.shared, settled, again=first.again)
