"""Handlers of signals that raise out of a call, wherever that is: Ctrl-C, `sys.exit` on SIGTERM, an alarm."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rpcgen.runtime import Context, Server

from tests.ports import free_port

#: How often a program is struck.
STRIKES = 300

#: A program whose handler raises out of its calls, between any two steps; another thread calls meanwhile.
PROGRAM = """
import random, signal, sys, threading, time
sys.path.insert(0, {directory!r})
from {package} import SideClient
from rpcgen.runtime import DeadlineExceeded

class Struck(BaseException):
    pass

def strike(*_):
    if armed:
        raise Struck

def strike_often():
    while not over.is_set():
        time.sleep(random.uniform(0.0003, 0.002))  # the moment is random
        signal.pthread_kill(threading.main_thread().ident, signal.SIGUSR1)

def call_on():
    global late, made
    while not over.is_set():
        try:
            client.prepare(timeout=0.5).ping(text="b")
        except DeadlineExceeded:  # the thread that was struck had its answer in hand
            late += 1
        made += 1

armed, over, struck, made, late, others = False, threading.Event(), 0, 0, 0, {others}
signal.signal(signal.SIGUSR1, strike)
with SideClient({url!r}) as client:
    assert client.ping(text="a") == "a"
    threads = [threading.Thread(target=each, daemon=True) for each in (strike_often, *others)]
    for thread in threads:
        thread.start()
    while struck < {strikes}:
        try:
            armed = True
            while True:
                client.ping(text="b")
        except Struck:
            armed = False
            struck += 1
        goal = made + 3 * len(others)
        while made < goal:  # nor do they need us
            time.sleep(0.001)
        assert client.prepare(timeout=3.0).ping(text="c") == "c"
    over.set()
    for thread in threads:
        thread.join()
    assert client.prepare(timeout=3.0).ping(text="d") == "d"
assert late <= {strikes} / 50, late
print(struck)
"""


@pytest.mark.parametrize("others", ["[]", "[call_on, call_on]"])
def test_what_a_signal_handler_raises_out_of_a_call_harms_no_other(
    side: ModuleType, others: str
) -> None:
    """The next call works, those of other threads go on, and the client closes."""

    class Side(side.SideEndpoint):  # type: ignore[misc, name-defined]
        def ping(self, ctx: Context, *, text: str) -> str:
            return text

        def add(self, ctx: Context, *, a: str, b: str) -> str:
            return a + b

    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    program = PROGRAM.format(
        directory=str(Path(side.__path__[0]).parent),
        package=side.__name__,
        url=url,
        others=others,
        strikes=STRIKES,
    )
    with Server(url, server="s1", endpoints=[Side()]):
        ended = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=40.0,
            check=False,
        )
    assert (ended.stdout, ended.stderr, ended.returncode) == (f"{STRIKES}\n", "", 0)
