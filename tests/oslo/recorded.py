"""What oslo.messaging sends, recorded: `python -m tests.oslo.recorded` runs it and writes recorded.json again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
FILE = HERE / "recorded.json"

#: Stands for every id that is made at random.
ID = "0123456789abcdef0123456789abcdef"
REPLY_QUEUE = f"reply_{ID}"
_IDS = {"_msg_id": ID, "_reply_q": REPLY_QUEUE, "_unique_id": ID}

Message = dict[str, Any]


def record() -> dict[str, list[Message]]:
    """Every message of every step, as the peer that is installed sends them now."""
    command = [sys.executable, "-W", "ignore", PROGRAMS / "record.py"]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, cwd=PROGRAMS
    )
    assert done.returncode == 0, done.stderr
    raw: dict[str, list[Message]] = json.loads(done.stdout)
    return {step: [plain(message) for message in messages] for step, messages in raw.items()}


def recorded() -> dict[str, list[Message]]:
    """The same, as it was written down."""
    steps: dict[str, list[Message]] = json.loads(FILE.read_text())
    return steps


def plain(message: Message) -> Message:
    """A message with its body opened, and without what differs each time."""
    body = json.loads(message["body"])
    assert set(body) == {"oslo.version", "oslo.message"}
    told = {name: value for name, value in message.items() if name != "body"}
    if told["key"].startswith("reply_"):
        told["key"] = REPLY_QUEUE
    return told | {
        "envelope": body["oslo.version"],
        "payload": plain_payload(json.loads(body["oslo.message"])),
    }


def plain_payload(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload without what differs each time; a failure opened."""
    payload = payload | {name: ID for name in payload if name in _IDS}
    payload |= {"_reply_q": REPLY_QUEUE} if "_reply_q" in payload else {}
    if payload.get("failure"):
        failure = json.loads(payload["failure"])
        payload["failure"] = failure | {"tb": []}
    return payload


def body(message: Message, **changes: Any) -> bytes:
    """The body of a recorded message, as it was but for some members of its payload."""
    payload = message["payload"] | changes
    if payload.get("failure"):
        payload["failure"] = json.dumps(payload["failure"])
    return json.dumps(
        {"oslo.version": message["envelope"], "oslo.message": json.dumps(payload)}
    ).encode()


if __name__ == "__main__":
    FILE.write_text(json.dumps(record(), indent=1) + "\n")
