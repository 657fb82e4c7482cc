"""A folder: messages are files, and a file lists who hears the fanout.

kombu's own writes a message into the file in which its reader already finds it, so that half a message is read and lost, and
names files by milliseconds, so that those of one have no order. Here a file appears whole, by a name that sorts.
"""

from __future__ import annotations

# kombu has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic_ns, time
from typing import Any, Final

import msgspec
from kombu.transport import filesystem as _theirs
from kombu.utils import json as _json
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.private import exposure

theirs: Any = _theirs
json: Any = _json

#: Seconds after which a file that was never finished is nobody's.
ABANDONED: Final = 60.0


_TABLE: Final = msgspec.json.Decoder(list[tuple[Any, Any, str]])

log = logging.getLogger("rpcgen.kombu")


class Unfit(PermissionError):
    """A folder in which messages are not safe from others."""


class Channel(theirs.Channel):  # type: ignore[misc]
    """kombu's, but for how a message becomes a file, and the reverse."""

    def _put(self, queue: str, payload: object, **kwargs: Any) -> None:
        name = f"{monotonic_ns():020d}-{secrets.token_hex(4)}.{queue}.msg"
        folder: str = self.data_folder_out
        draft = os.path.join(folder, f".{name}")
        with open(draft, "wb") as file:
            file.write(json.dumps(payload).encode())
        os.rename(draft, os.path.join(folder, name))

    def _get(self, queue: str) -> object:
        end = f"{queue}.msg"
        folder: str = self.data_folder_in
        mine = [name for name in os.listdir(folder) if name.partition(".")[2] == end]
        for name in sorted(mine):
            path = os.path.join(folder, name)
            with suppress(FileNotFoundError):  # whoever emptied the queue was faster
                with open(path, "rb") as file:
                    payload = file.read()
                os.unlink(path)
                return json.loads(payload.decode())
        raise Empty


class Transport(theirs.Transport):  # type: ignore[misc]
    """kombu's, with that channel."""

    Channel = Channel


class Kind(Carrier):
    """`kombu+filesystem:///folder`. The folder belongs to the user of the programs, and is closed to all others."""

    def check(self) -> None:
        """A path, and nothing but that."""
        if self.url.hosts or self.url.username is not None:
            raise BadUrl(f"{self.text}: expected kombu+filesystem:///folder, without a host")
        if len(self.url.path) < 2:
            raise BadUrl(f"{self.text}: expected the path of a folder")
        self._folder = Path(self.url.path)
        self._messages = self._folder / "messages"
        self._control = self._folder / "control"

    def connection(self) -> Any:
        """See `Carrier.connection`. Raises OSError for a folder that cannot be used."""
        self._prepare()
        return super().connection()

    def transport(self) -> Any:
        """Ours."""
        return Transport

    def transport_options(self) -> dict[str, Any]:
        """Where."""
        return super().transport_options() | {
            "data_folder_in": str(self._messages),
            "data_folder_out": str(self._messages),
            "control_folder": str(self._control),
        }

    def refused(self, error: Exception) -> bool:
        """It does not become fit by trying again."""
        return isinstance(error, Unfit)

    def _prepare(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        problem = exposure(str(self._folder), self._folder.lstat(), folder=True)
        if problem:
            raise Unfit(f"{self._folder} {problem}")
        for folder in (self._messages, self._control):
            folder.mkdir(mode=0o700, exist_ok=True)
        tables = [
            self._control / f"{self.options.prefix}.{exchange}.exchange"
            for exchange in ("directory", "events")
        ]
        for table in tables:
            self._begin_table(table)
        self._mend(tables[0])
        self._clear_drafts()

    def _begin_table(self, table: Path) -> None:
        """kombu empties the file of whoever makes it at the same moment, so it is there, and whole, before anybody binds."""
        if table.exists():
            return
        draft = table.with_name(f".{secrets.token_hex(8)}")
        try:
            draft.write_text("[]")
            with suppress(FileExistsError):
                os.link(draft, table)
        finally:
            draft.unlink(missing_ok=True)

    def _mend(self, table: Path) -> None:
        """kombu writes over it, so a full disk may leave half of it, which nobody can read. Servers bind again all the time.

        Groups of subscribers do not: what says which there are is not to be forgotten.
        """
        with suppress(FileNotFoundError), open(table, "rb+", buffering=0) as file:
            theirs.lock(file, theirs.LOCK_EX)  # until it is closed
            if not _is_table(file.read()):
                log.warning("%s: %s cannot be read, and is begun anew", self.text, table.name)
                file.seek(0)
                file.write(b"[]")
                file.truncate(2)

    def _clear_drafts(self) -> None:
        """What a killed program has left."""
        for draft in self._messages.glob(".*.msg"):
            with suppress(FileNotFoundError):
                if time() - draft.stat().st_mtime > ABANDONED:
                    draft.unlink()


def _is_table(text: bytes) -> bool:
    try:
        _TABLE.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
