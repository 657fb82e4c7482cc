"""Making sockets as the options say, and asking them what they know; contexts, and how they end.

The only module that sets socket options. Knows nothing of connecting or of messages, nor where keys come from.
"""

from __future__ import annotations

import _thread
import math
import os
import warnings
from collections.abc import Callable
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final
from weakref import finalize

import zmq
from rpcgen.runtime import forks
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import ConfigurationError

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.curve import ClientCurve
    from rpcgen.runtime.drivers.zeromq.keyfiles import Secret

Socket = zmq.Socket[bytes]
Context = zmq.Context[Socket]

#: No limit of an option allows less than this for a message, so that control frames always pass.
CONTROL_LIMIT: Final = 64 * 1024

#: Connections that wait to be accepted.
BACKLOG: Final = 1024

#: Questions of the system's, to a client that is silent, that go without an answer before it counts as gone.
_PROBES: Final = 3

#: Sockets that one context may hold: a client has three for each server that it talks to (libzmq's default is 1023).
MAX_SOCKETS: Final = 16_384

#: Descriptors that libzmq needs to start: a mailbox for each of 3 threads and the first socket, 2 epoll objects, some
#: to spare.
_DESCRIPTORS: Final = 10


def new_context() -> Context:
    """A context of the caller's own, with its threads running; nothing is shared between drivers.

    Raises:
        ConfigurationError: too few descriptors are free.
    """
    _check_descriptors()
    context: Context = zmq.Context(1)
    context.set(zmq.MAX_SOCKETS, MAX_SOCKETS)
    # The first socket starts the threads: here, so that it is now or never that descriptors are missing.
    context.socket(zmq.PAIR).close()
    return context


def outlives(context: Context, owner: object, what: str, *endings: Callable[[], object]) -> None:
    """Let a context outlive an owner that nobody closes, and end then.

    Left to the garbage collector both would end together, and a context waits for its sockets: whoever collects would wait
    for ever.

    Args:
        what: the owner, for people.
        endings: what else is to be done then, in a thread of its own. None of them may hold the owner.
    """
    finalize(owner, _forgotten, context, forks.generation(), what, endings).atexit = False


#: Contexts that outlived their owners and have not ended.
_FORGOTTEN: Final[set[Context]] = set()


def _forgotten(
    context: Context, born: int, what: str, endings: tuple[Callable[[], object], ...]
) -> None:
    """Called in the midst of whatever made garbage of the owner: no place to wait."""
    if context.closed:
        return
    _FORGOTTEN.add(context)
    if forks.is_child(born):
        return
    with suppress(RuntimeError):  # the system gives no thread: then the context stays
        _thread.start_new_thread(_end, (context, endings))
    warnings.warn(f"{what} was never closed", ResourceWarning, stacklevel=3)


def _end(context: Context, endings: tuple[Callable[[], object], ...]) -> None:
    """Do what is to be done, from the first ending to the last, whatever one of them raises."""
    with ExitStack() as last_first:
        last_first.callback(_FORGOTTEN.discard, context)
        last_first.callback(context.term)
        for ending in reversed(endings):
            last_first.callback(ending)


def _check_descriptors() -> None:
    """Raise unless libzmq can start: without descriptors for its threads it aborts the process."""
    opened: list[int] = []
    try:
        for _ in range(_DESCRIPTORS):
            opened.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        raise ConfigurationError(
            f"cannot start ZeroMQ: {error.strerror}; this process may open no more (ulimit -n)"
        ) from error
    finally:
        for fd in opened:
            os.close(fd)


def configure(socket: Socket, options: ZmqOptions, address: str) -> None:
    """Set what both sides have in common.

    libzmq (4.3.5) ends the process (`Assertion failed: !_io_error`) if it has a PING or a PONG to send on a connection
    that has stopped reading for want of room (RCVHWM), and was reset meanwhile. So a server, where anybody may bring that
    about, sends no PING; and a client, which has to, always has room.
    """
    settings = {
        # Whoever closes a socket says how long what was sent may take to leave.
        zmq.LINGER: 0,
        zmq.SNDHWM: options.hwm,
        # The peer sees only a broken connection if it sends more, so senders check before (TooLarge).
        zmq.MAXMSGSIZE: max(options.max_message, CONTROL_LIMIT),
        zmq.HANDSHAKE_IVL: _milliseconds(options.handshake_timeout),
        # Names mean IPv4 addresses, so that both sides of one name agree; an IPv6 address is written as such.
        zmq.IPV6: int("[" in address),
    }
    for option, value in settings.items():
        socket.setsockopt(option, value)


def configure_dealer(
    socket: Socket,
    options: ZmqOptions,
    address: str,
    routing_id: bytes,
    curve: ClientCurve | None = None,
) -> None:
    """Make a client's socket."""
    configure(socket, options, address)
    settings: dict[int, int | bytes] = {
        zmq.ROUTING_ID: routing_id,
        # What comes is what was asked for, and of that there is a limit at the other side. See `configure`.
        zmq.RCVHWM: 0,
        zmq.HEARTBEAT_IVL: _milliseconds(options.heartbeat),
        zmq.HEARTBEAT_TIMEOUT: _milliseconds(options.heartbeat_timeout),
        zmq.HEARTBEAT_TTL: _milliseconds(options.heartbeat_timeout),
        # Not 1, though it is often advised: with IMMEDIATE, and also with RECONNECT_IVL=-1, libzmq (4.3.5) throws away
        # what had arrived and was not yet read when the peer disconnects, so that the last answers of a server that
        # stops would be lost. That nothing but HELLO is queued for a connection that is not there, the engine sees to by
        # the link's state.
        zmq.IMMEDIATE: 0,
        zmq.CONNECT_TIMEOUT: _milliseconds(options.connect_timeout),
        # A socket connects once: the engine connects anew with a fresh socket and routing id, because a server
        # ignores a known id until it has noticed that the old connection is dead. An hour is as good as never.
        zmq.RECONNECT_IVL: 3_600_000,
        zmq.RECONNECT_IVL_MAX: 0,
    }
    if curve is not None:
        settings |= {
            zmq.CURVE_SECRETKEY: curve.secret.reveal(),
            zmq.CURVE_PUBLICKEY: curve.secret.public,
            zmq.CURVE_SERVERKEY: curve.server,
        }
    for option, value in settings.items():
        socket.setsockopt(option, value)


def configure_router(
    socket: Socket, options: ZmqOptions, address: str, secret: Secret | None = None
) -> None:
    """Make a server's socket.

    ROUTER_HANDOVER stays off: it would let anyone who knows an id take its replies.
    """
    configure(socket, options, address)
    silence = options.heartbeat + options.heartbeat_timeout
    settings = {
        zmq.ROUTER_MANDATORY: 1,
        zmq.BACKLOG: BACKLOG,
        zmq.RCVHWM: options.hwm,
        # Clients send the PINGs. Those that vanish without a word, the system notices.
        zmq.TCP_KEEPALIVE: 1,
        zmq.TCP_KEEPALIVE_IDLE: _seconds(options.heartbeat),
        zmq.TCP_KEEPALIVE_INTVL: _seconds(options.heartbeat_timeout / _PROBES),
        zmq.TCP_KEEPALIVE_CNT: _PROBES,
        zmq.TCP_MAXRT: _milliseconds(silence),
    }
    for option, value in settings.items():
        socket.setsockopt(option, value)
    if secret is not None:
        socket.setsockopt(zmq.CURVE_SERVER, 1)
        # Without these libzmq lets everybody in while nobody answers its question whom to admit.
        socket.setsockopt(zmq.ZAP_DOMAIN, b"rpcgen")
        socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        set_secret(socket, secret)


def set_secret(socket: Socket, secret: Secret) -> None:
    """Give a server's socket its key, for the addresses that are bound from now on."""
    socket.setsockopt(zmq.CURVE_SECRETKEY, secret.reveal())


def set_descriptor(socket: Socket, fd: int) -> None:
    """Let the next `bind` take over this descriptor, which listens already."""
    socket.setsockopt(zmq.USE_FD, fd)


def configure_monitor(socket: Socket) -> None:
    """Make the socket that reads what a monitor tells.

    It has room for any number of events: libzmq's I/O thread would wait for room, and others for a lock that it holds.
    """
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.RCVHWM, 0)


def configure_gate(socket: Socket) -> None:
    """Make the socket that says who may connect."""
    socket.setsockopt(zmq.LINGER, 0)


def _seconds(seconds: float) -> int:
    return max(1, math.ceil(seconds))


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def is_readable(socket: Socket) -> bool:
    """Whether a frame waits. Unlike the FD this is always right, and it makes libzmq do its housekeeping."""
    return bool(int(socket.get(zmq.EVENTS)) & int(zmq.POLLIN))


def bound_address(socket: Socket) -> str:
    """Where the last `bind` ended up; the port 0 became a real one."""
    address = socket.get(zmq.LAST_ENDPOINT)
    return address.rstrip(b"\0").decode() if isinstance(address, bytes) else str(address)
