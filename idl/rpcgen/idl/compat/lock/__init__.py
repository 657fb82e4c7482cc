"""A released interface as a text that is kept: one JSON file a release, with a digest of what it says."""

from __future__ import annotations

from rpcgen.idl.compat.lock.read import Locked, Parts, Unreadable, read_lock
from rpcgen.idl.compat.lock.write import digest_of, lock_text

__all__ = ["Locked", "Parts", "Unreadable", "digest_of", "lock_text", "read_lock"]
