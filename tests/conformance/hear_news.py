"""A program that hears events: `python -m tests.conformance.hear_news DIRECTORY URL GROUP JOURNAL`.

It writes a line for each job that it has done, and takes its time for each, so that it can be killed with some in its hands.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from rpcgen.runtime import EventServer

from tests.packages import import_from


def main(directory: str, url: str, group: str, journal: str) -> None:
    news = import_from(Path(directory), "test_news")
    lines = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def job_done(_: object, ctx: Any, payload: Any) -> None:
        os.write(lines, f"begun {payload.ticket} {ctx.attempt}\n".encode())
        time.sleep(payload.seconds)
        os.write(lines, f"done {payload.ticket} {ctx.attempt}\n".encode())

    subscriber = type("Hears", (news.NewsSubscriber,), {"job_done": job_done})()
    with EventServer(url, subscribers=[subscriber], group=group, concurrency=8) as server:
        print("ready", flush=True)
        server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
