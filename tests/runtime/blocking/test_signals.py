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

#: What programs that stop servers begin with.
SERVING = """
import signal, sys, threading, time
sys.path.insert(0, {directory!r})
from {package} import SideEndpoint
from rpcgen.runtime import Server
from rpcgen.runtime.blocking import server as module

class Side(SideEndpoint):
    def ping(self, ctx, *, text):
        return text

    def add(self, ctx, *, a, b):
        return a + b

def started():
    server = Server("memory://", server="s1", endpoints=[Side()])
    server.start()
    return server
"""

#: Stops servers by a signal before each line that `wait` runs while it waits, and then by another one before each later line.
AT_EACH_LINE = """
module._LOOK, module.GRACE = 0.001, 0.0

def lines_of_wait(*signals):
    lines = 0

    def step(frame, event, argument):
        nonlocal lines
        if signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
            lines += 1
            if lines in signals:
                signal.raise_signal(signal.SIGTERM)
        return step

    server = started()
    sys.settrace(step)
    server.wait()
    sys.settrace(None)
    return lines

for last in range(1, {waiting}):
    assert lines_of_wait(last) >= last
    print(last, flush=True)
while lines_of_wait(1, last) >= last:
    last += 1
    print(last, flush=True)
"""
#: More lines than it takes `wait` to look a few times.
WAITING = 90

#: Stops a server by a signal to another thread, after one whose handler takes longer than `wait` waits at once.
AFTER_ANOTHER = """
signal.signal(signal.SIGHUP, lambda *_: time.sleep(2 * module._LOOK))

def strike():
    time.sleep(module._LOOK / 2)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGHUP)
    time.sleep(3 * module._LOOK)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=strike, daemon=True).start()
started().wait()
print("ended")
"""

#: Ends a drain by a second signal, while several threads wait for the server.
BY_TWO = """
class Slow(Side):
    def ping(self, ctx, *, text):
        running.set()
        threading.Event().wait(60.0)

from contextlib import suppress
from {package} import SideClient
from rpcgen.runtime import RpcgenError

def call():
    with suppress(RpcgenError), SideClient("memory://") as client:
        client.ping(text="a")

def strike():
    time.sleep(0.1)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)
    while not server._asked:  # else the system makes one of both
        time.sleep(0.001)
    signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)

running = threading.Event()
server = Server("memory://", server="s1", endpoints=[Slow()], drain_timeout=60.0)
server.start()
threading.Thread(target=call, daemon=True).start()
running.wait()
for target in (*(server.wait,) * 5, strike):
    threading.Thread(target=target, daemon=True).start()
server.wait()
print("ended")
"""


def run_program(side: ModuleType, program: str) -> list[str]:
    """Run a program that serves; what it printed until it ended, or for half a minute."""
    directory = str(Path(side.__path__[0]).parent)
    text = (SERVING + program).format(directory=directory, package=side.__name__, waiting=WAITING)
    running = subprocess.Popen(
        [sys.executable, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with suppress(subprocess.TimeoutExpired):
        running.wait(30.0)
    running.kill()
    said, _ = running.communicate()
    assert running.returncode == 0, said[-2000:]
    return said.split()


def test_a_signal_stops_a_server_wherever_it_comes(side: ModuleType) -> None:
    """Also where the thread that waits holds a lock: what its handler does needs none."""
    lines = list(map(int, run_program(side, AT_EACH_LINE)))
    assert lines == list(range(1, len(lines) + 1))
    assert len(lines) > WAITING + 30


@pytest.mark.parametrize("program", [AFTER_ANOTHER, BY_TWO], ids=["after another", "by two"])
def test_a_server_that_is_waited_for_is_stopped(side: ModuleType, program: str) -> None:
    """By a signal behind one with a slow handler, though another thread gets it; and by two, whoever else waits."""
    assert "ended" in run_program(side, program)


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
