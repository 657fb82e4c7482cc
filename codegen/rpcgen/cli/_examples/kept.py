"""Messages that once showed a break, kept as files: later versions are tried with them again.

A kept message passes if it is read as it was meant, or if its writer never writes it any more.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rpcgen.cli._baseline.listing import entries
from rpcgen.cli._examples.find import Example, fails
from rpcgen.cli._examples.sides import both
from rpcgen.cli._exit import Exit, Failure, reason
from rpcgen.idl import Interface, Position, Version, parse_version
from rpcgen.idl.compat import Finding
from rpcgen.idl.compat.change import Change, Root
from rpcgen.idl.compat.finding import judged

#: Rises when older files could no longer be read.
FORMAT = 1
_READERS = ("request", "result", "error", "event")


@dataclass(frozen=True, slots=True)
class Kept:
    """A message in a file.

    Attributes:
        file: where it is kept.
        interface, release: what it was found between: this, and the file of then.
        change: what it showed.
        writer: `old` or `new`.
        message: the payload.
    """

    file: Path
    interface: str
    release: Version
    change: Change
    writer: str
    message: Any


def make_folder(folder: Path) -> None:
    """Make the folder of messages, unless it is there; raises Failure."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Failure(f"{folder} cannot be written: {reason(error)}") from error


def keep(
    folder: Path, interface: Interface, shown: Iterable[tuple[Finding, Example]]
) -> list[Path]:
    """Write a file for each example that is not kept already; returns those that were written."""
    written: list[Path] = []
    for finding, example in shown:
        change = finding.change
        assert change is not None
        file = folder / f"{interface.name}-{finding.rule}-{finding.fingerprint}.json"
        whole = {
            "format": FORMAT,
            "interface": interface.name,
            "release": str(finding.against),
            "rule": finding.rule,
            "subject": change.subject,
            "action": change.action,
            "before": change.before,
            "reader": change.root.reader,
            "name": change.root.name,
            "path": change.path,
            "way": change.way,
            "writer": example.writer,
            "message": example.message,
            "failure": str(example.failure),
        }
        if not file.exists():
            try:
                text = json.dumps(whole, indent=1, ensure_ascii=False)
                file.write_text(f"{text}\n", encoding="utf-8")
            except OSError as error:
                raise Failure(f"{file} cannot be written: {reason(error)}") from error
            written.append(file)
    return written


def kept(folder: Path) -> list[Kept]:
    """Read all messages of a folder; raises Failure."""
    if not os.path.lexists(folder):
        raise Failure(f"{folder}: there is no such folder")
    return [_read(file) for file in entries(folder, Exit.BAD_INPUT) if file.suffix == ".json"]


def _read(file: Path) -> Kept:
    try:
        whole: object = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(whole, dict):
            raise TypeError("it is no object")
        said = cast("dict[str, Any]", whole)
        if said["format"] != FORMAT:
            raise ValueError(f"its format is {said['format']!r}, expected {FORMAT}")
        for key, words in (("writer", ("old", "new")), ("reader", _READERS)):
            if said[key] not in words:
                raise ValueError(f"its {key} is {said[key]!r}, expected {' or '.join(words)}")
        release = parse_version(said["release"])
        if release is None:
            raise ValueError(f"{said['release']!r} is no version")
        change = Change(
            said["subject"],
            said["action"],
            Root(said["reader"], said["name"]),
            said["path"],
            Position(file.as_posix(), 1, 1),
            way=tuple(said["way"]),
            before=said["before"],
        )
        return Kept(file, said["interface"], release, change, said["writer"], said["message"])
    except OSError as error:
        raise Failure(f"{file} cannot be read: {reason(error)}") from error
    except KeyError as error:
        raise _strange(file, f"it lacks {error}") from error
    except (ValueError, TypeError) as error:
        raise _strange(file, str(error)) from error
    except RecursionError as error:
        raise _strange(file, "what it holds is nested too deeply") from error


def _strange(file: Path, why: str) -> Failure:
    return Failure(f"{file} is no message that --write-cases kept: {why}")


def broken(
    messages: Iterable[Kept], interface: Interface, releases: Mapping[Version, Interface]
) -> Iterator[Finding]:
    """Yield the kept messages of an interface that still fail; raises Failure where their release is not there.

    What a message was of may be gone, which is a finding of its own; then nobody writes it, or nobody waits for it.
    """
    for message in messages:
        if message.interface != interface.name:
            continue
        release = releases.get(message.release)
        if release is None:
            raise Failure(f"{message.file}: {message.interface} {message.release} is not kept")
        root = message.change.root
        with both(release, interface, [root]) as sides:
            if not all(side.has(root) for side in sides):
                continue
            failure = fails(message.change, message.writer, message.message, *sides)
        if failure is not None:
            yield _finding(message, interface, str(failure))


def _finding(message: Kept, interface: Interface, failure: str) -> Finding:
    change = Change(
        "kept-message",
        "broken",
        Root(),
        message.file.stem,
        message.change.place,
        told=str(message.release),
        after=failure,
        name=json.dumps(message.message, ensure_ascii=False),
    )
    return judged(change, interface.name, message.release)
