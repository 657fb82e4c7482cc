"""Signals, wherever they come: those that stop a server, and those whose handlers raise out of a call (Ctrl-C, an alarm)."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
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

#: Stops servers by a signal before each line that `wait` runs, and by two where it is past the first.
STOPPED = """
import signal, sys
sys.path.insert(0, {directory!r})
from {package} import SideEndpoint
from rpcgen.runtime import Server
from rpcgen.runtime.blocking import server as module

class Side(SideEndpoint):
    def ping(self, ctx, *, text):
        return text

    def add(self, ctx, *, a, b):
        return a + b

def step(frame, event, argument):
    global steps
    if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        steps += 1
        if steps in (last % {waiting}, last):
            signal.raise_signal(signal.SIGTERM)
    return step

module._LOOK, module.GRACE = 0.001, 0.0
for last in range(1, {all}):
    server, steps = Server("memory://", server="s1", endpoints=[Side()]), 0
    server.start()
    sys.settrace(step)
    server.wait()
    sys.settrace(None)
    assert steps >= last, "it ended before the signal"
    print(last, flush=True)
"""
#: Lines until it has looked twice whether it is to stop, and until the server has.
WAITING, ALL = 95, 210


def test_a_signal_stops_a_server_wherever_it_comes(side: ModuleType) -> None:
    """Also where the thread that waits holds a lock: what its handler does needs none."""
    directory = str(Path(side.__path__[0]).parent)
    program = STOPPED.format(directory=directory, package=side.__name__, waiting=WAITING, all=ALL)
    running = subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with suppress(subprocess.TimeoutExpired):
        running.wait(30.0)
    running.kill()
    said, _ = running.communicate()
    assert said.split() == [str(line) for line in range(1, ALL)]
    assert running.returncode == 0


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
