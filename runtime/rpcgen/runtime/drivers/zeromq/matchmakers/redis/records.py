"""What a server writes about itself into redis, and what a reader believes of it. Pure; knows no redis.

Anybody who may write to the database could have written a record, so only what is certainly one passes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import Final

import msgspec
from rpcgen.runtime.drivers.zeromq.addresses import address_of, read_address
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import check_name

MAX_BYTES: Final = 256 * 1024
_MAX_TOPICS: Final = 4096

_ID: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)


class BadRecord(ValueError):
    """A record that a server of ours would not have written."""


class Record(msgspec.Struct, frozen=True):
    """One server; fields that are not known are passed over."""

    address: str
    server: str
    pid: int
    serves: list[Topic]


_decoder: Final = msgspec.json.Decoder(Record)


def new_id() -> str:
    """The name of one registration, never used again."""
    return os.urandom(6).hex()


def is_id(text: str) -> bool:
    """Whether it is like those of `new_id`."""
    return _ID.fullmatch(text) is not None


def encode(address: str, server: str, serves: Sequence[Topic]) -> bytes:
    """The record of a server of this process."""
    return msgspec.json.encode(Record(address, server, os.getpid(), list(serves)))


def decode(content: bytes) -> Endpoint:
    """Read a record. An endpoint's key is its address: whoever is there now is the one that was found there.

    Raises:
        BadRecord: it is not ours, too large, or says what cannot be.
    """
    if len(content) > MAX_BYTES:
        raise BadRecord(f"is larger than {MAX_BYTES} bytes")
    try:
        record = _decoder.decode(content)
        address = address_of(read_address(record.address))
        check_name("server", record.server)
        for exchange, topic in record.serves[:_MAX_TOPICS]:
            check_name("exchange", exchange)
            check_name("topic", topic)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRecord("is no registration") from error
    except (InvalidTarget, ValueError) as error:
        raise BadRecord(f"says what cannot be: {error}") from error
    if len(record.serves) > _MAX_TOPICS:
        raise BadRecord(f"has more than {_MAX_TOPICS} topics")
    return Endpoint(address, address, record.server, frozenset(record.serves))
